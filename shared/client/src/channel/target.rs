//! The address of a service, and how it proves its identity.

use crate::tls::ClientTls;
use http::{Uri, uri::Authority};
use std::fmt;
use tokio_rustls::rustls::pki_types::ServerName;

/// The URL of a service: `http://host:port`, or `https://host:port` with the authority that issues
/// its certificate.
#[derive(Clone)]
pub struct Target {
    origin: Uri,
    host: String,
    port: u16,
    tls: Option<(ServerName<'static>, ClientTls)>,
}

impl Target {
    /// Takes a URL, and TLS if and only if its scheme is https. So a mistake in one of the two
    /// neither sends tokens in plain text nor ignores an authority.
    pub fn new(url: &Uri, tls: Option<ClientTls>) -> Result<Self, InvalidTarget> {
        let authority = url.authority().ok_or(InvalidTarget::Form)?;
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let (default_port, tls) = match (url.scheme_str(), tls) {
            (Some("http"), None) => (80, None),
            (Some("https"), Some(tls)) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| InvalidTarget::Form)?;
                (443, Some((name, tls)))
            }
            (Some("http"), Some(_)) => return Err(InvalidTarget::NotHttps),
            (Some("https"), None) => return Err(InvalidTarget::NoAuthority),
            _ => return Err(InvalidTarget::Form),
        };
        Ok(Self {
            origin: url.clone(),
            host,
            port: authority.port_u16().unwrap_or(default_port),
            tls,
        })
    }

    /// The scheme and authority of calls.
    pub(super) fn origin(&self) -> Uri {
        self.origin.clone()
    }

    /// The same address without TLS.
    pub(super) fn transport(&self) -> Uri {
        let authority = self.origin.authority().cloned();
        let authority = authority.unwrap_or_else(|| Authority::from_static("localhost"));
        Uri::builder()
            .scheme("http")
            .authority(authority)
            .path_and_query("/")
            .build()
            .unwrap_or_default()
    }

    pub(super) fn place(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    pub(super) fn tls(&self) -> Option<&(ServerName<'static>, ClientTls)> {
        self.tls.as_ref()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.origin).finish()
    }
}

/// Why a URL and TLS do not name a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// The URL does not have the form of a service's URL.
    #[error("must be http://host:port or https://host:port")]
    Form,
    /// The URL has https, and there is no authority to verify the certificate with.
    #[error("https needs the authority of the certificate")]
    NoAuthority,
    /// There is an authority, and the URL does not have https.
    #[error("must be https where an authority is given")]
    NotHttps,
}
