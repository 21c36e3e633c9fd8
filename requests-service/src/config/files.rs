//! The files for TLS of the public listener, and for calls of auth-service.

use clap::Args;
use client::tls::{CertificateFiles, ClientTlsFiles, ServerTlsFiles};
use contract::config::{Part, Problems};
use std::path::PathBuf;
use tonic::transport::Uri;

const PUBLIC_CERTIFICATE: &str = "REQUESTS_PUBLIC_TLS_CERTIFICATE_FILE";
const PUBLIC_KEY: &str = "REQUESTS_PUBLIC_TLS_KEY_FILE";
const SERVICE_TOKEN: &str = "SERVICE_TOKEN_FILE";
const AUTHORITY: &str = "AUTH_SERVICE_TLS_AUTHORITY_FILE";
const CERTIFICATE: &str = "AUTH_SERVICE_TLS_CERTIFICATE_FILE";
const KEY: &str = "AUTH_SERVICE_TLS_KEY_FILE";

/// Files that identify this service, and the services that it trusts.
#[derive(Args, Clone, Debug, Default)]
pub struct Files {
    /// File whose first line is the service token for auth-service. Required unless a client
    /// certificate is configured.
    #[arg(long, env = SERVICE_TOKEN)]
    pub service_token_file: Option<PathBuf>,
    /// Certificate chain of the public listener, PEM. If it is given, the listener accepts TLS
    /// only.
    #[arg(long, env = PUBLIC_CERTIFICATE)]
    pub public_tls_certificate_file: Option<PathBuf>,
    /// Private key of that certificate, PEM.
    #[arg(long, env = PUBLIC_KEY)]
    pub public_tls_key_file: Option<PathBuf>,
    /// Authority of auth-service's certificate, PEM. No other authority is trusted. Required with
    /// an https URL, and not allowed with another.
    #[arg(long, env = AUTHORITY)]
    pub auth_service_tls_authority_file: Option<PathBuf>,
    /// Certificate chain to present to auth-service, PEM.
    #[arg(long, env = CERTIFICATE)]
    pub auth_service_tls_certificate_file: Option<PathBuf>,
    /// Private key of that certificate, PEM.
    #[arg(long, env = KEY)]
    pub auth_service_tls_key_file: Option<PathBuf>,
}

impl Files {
    /// TLS of the public listener.
    #[must_use]
    pub fn public(&self) -> Option<ServerTlsFiles> {
        let certificate = self.public_tls_certificate_file.as_ref();
        Some(ServerTlsFiles {
            own: CertificateFiles::of(certificate, self.public_tls_key_file.as_ref())?,
            client_authority: None,
        })
    }

    /// TLS towards auth-service.
    #[must_use]
    pub fn auth_service(&self) -> Option<ClientTlsFiles> {
        let certificate = self.auth_service_tls_certificate_file.as_ref();
        Some(ClientTlsFiles {
            authority: self.auth_service_tls_authority_file.clone()?,
            own: CertificateFiles::of(certificate, self.auth_service_tls_key_file.as_ref()),
        })
    }
}

impl Part for Files {
    fn check(&self, problems: &mut Problems) {
        let Self {
            service_token_file,
            public_tls_certificate_file: public_certificate,
            public_tls_key_file: public_key,
            auth_service_tls_authority_file: authority,
            auth_service_tls_certificate_file: certificate,
            auth_service_tls_key_file: key,
        } = self;
        problems.need_each_other(
            (PUBLIC_CERTIFICATE, public_certificate.is_some()),
            (PUBLIC_KEY, public_key.is_some()),
        );
        let has_certificate = (CERTIFICATE, certificate.is_some());
        problems.need_each_other(has_certificate, (KEY, key.is_some()));
        problems.need(has_certificate, (AUTHORITY, authority.is_some()));
        // a client certificate replaces the token, and an authority does not
        if service_token_file.is_none() && certificate.is_none() {
            problems.note(SERVICE_TOKEN, "is required");
        }
    }
}

/// Takes a URL with a host and a port.
pub(super) fn url(text: &str) -> Result<Uri, &'static str> {
    let url = text.parse::<Uri>().ok();
    let url = url.filter(|url| url.authority().is_some());
    url.filter(|url| matches!(url.scheme_str(), Some("http" | "https")))
        .ok_or("must be http://host:port or https://host:port")
}

/// Notes an authority without https, and https without an authority.
pub(super) fn check_url(url: &Uri, has_authority: bool, problems: &mut Problems) {
    let problem = match (url.scheme_str(), has_authority) {
        (Some("https"), false) => "https needs AUTH_SERVICE_TLS_AUTHORITY_FILE",
        (Some("http"), true) => "must be https with AUTH_SERVICE_TLS_AUTHORITY_FILE",
        _ => return,
    };
    problems.note("AUTH_SERVICE_URL", problem);
}
