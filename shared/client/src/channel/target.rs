//! Where a service is, and how it proves that it is the one.

use crate::tls::ClientTls;
use http::{Uri, uri::Authority};
use std::fmt;
use tokio_rustls::rustls::pki_types::ServerName;

/// The URL of a service: `http://host:port`, or `https://host:port` with the authority
/// that its certificate must be of.
#[derive(Clone)]
pub struct Target {
    origin: Uri,
    host: String,
    port: u16,
    tls: Option<(ServerName<'static>, ClientTls)>,
}

impl Target {
    /// Takes a URL, and TLS exactly where its scheme is https: a mistake in one of
    /// them must not send tokens in the clear, nor leave an authority unasked.
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

    /// The same place without TLS.
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

/// There is no service there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// No URL of a service.
    #[error("must be http://host:port or https://host:port")]
    Form,
    /// TLS is asked for, and nothing to verify the certificate with is given.
    #[error("https needs the authority of the certificate")]
    NoAuthority,
    /// An authority is given, and TLS is not asked for.
    #[error("must be https where an authority is given")]
    NotHttps,
}
