//! TLS of the public listener, and towards auth-service.

use clap::Args;
use client::tls::{CertificateFiles, ClientTlsFiles, ServerTlsFiles};
use contract::config::Problems;

const PUBLIC_CERTIFICATE: &str = "REQUESTS_PUBLIC_TLS_CERTIFICATE_FILE";
const PUBLIC_KEY: &str = "REQUESTS_PUBLIC_TLS_KEY_FILE";
const AUTHORITY: &str = "AUTH_SERVICE_TLS_AUTHORITY_FILE";
const CERTIFICATE: &str = "AUTH_SERVICE_TLS_CERTIFICATE_FILE";
const KEY: &str = "AUTH_SERVICE_TLS_KEY_FILE";

/// Flags about TLS.
#[derive(Clone, Debug, Args)]
pub struct TlsArguments {
    /// Certificate chain of the public listener, PEM; with it, the listener speaks
    /// TLS alone.
    #[arg(long, env = PUBLIC_CERTIFICATE)]
    pub public_tls_certificate_file: Option<String>,
    /// Private key of that certificate, PEM.
    #[arg(long, env = PUBLIC_KEY)]
    pub public_tls_key_file: Option<String>,
    /// Authority of auth-service's certificate, PEM; no other is trusted. Needed
    /// exactly with https.
    #[arg(long, env = AUTHORITY)]
    pub auth_service_tls_authority_file: Option<String>,
    /// Certificate chain to present to auth-service, PEM.
    #[arg(long, env = CERTIFICATE)]
    pub auth_service_tls_certificate_file: Option<String>,
    /// Private key of that certificate, PEM.
    #[arg(long, env = KEY)]
    pub auth_service_tls_key_file: Option<String>,
}

impl TlsArguments {
    pub(super) fn has_authority(&self) -> bool {
        let authority = self.auth_service_tls_authority_file.as_deref();
        authority.is_some_and(|file| !file.is_empty())
    }
}

pub(super) fn read_public(
    problems: &mut Problems,
    arguments: &TlsArguments,
) -> Option<ServerTlsFiles> {
    let own = CertificateFiles::read(
        problems,
        (
            PUBLIC_CERTIFICATE,
            arguments.public_tls_certificate_file.as_deref(),
        ),
        (PUBLIC_KEY, arguments.public_tls_key_file.as_deref()),
    );
    own.map(|own| ServerTlsFiles {
        own,
        client_authority: None,
    })
}

pub(super) fn read_client(
    problems: &mut Problems,
    arguments: &TlsArguments,
) -> Option<ClientTlsFiles> {
    ClientTlsFiles::read(
        problems,
        (
            AUTHORITY,
            arguments.auth_service_tls_authority_file.as_deref(),
        ),
        (
            CERTIFICATE,
            arguments.auth_service_tls_certificate_file.as_deref(),
        ),
        (KEY, arguments.auth_service_tls_key_file.as_deref()),
    )
}
