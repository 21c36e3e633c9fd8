//! The files for TLS of both listeners, and the credentials of services.

use clap::Args;
use client::tls::{CertificateFiles, ClientIdentities, ServerTlsFiles};
use contract::config::{Part, Problems};
use std::path::PathBuf;

const PUBLIC_CERTIFICATE: &str = "AUTH_PUBLIC_TLS_CERTIFICATE_FILE";
const PUBLIC_KEY: &str = "AUTH_PUBLIC_TLS_KEY_FILE";
const SERVICE_TOKENS: &str = "SERVICE_TOKEN_FILE";
const INTERNAL_CERTIFICATE: &str = "AUTH_INTERNAL_TLS_CERTIFICATE_FILE";
const INTERNAL_KEY: &str = "AUTH_INTERNAL_TLS_KEY_FILE";
const CLIENT_AUTHORITY: &str = "AUTH_INTERNAL_TLS_CLIENT_AUTHORITY_FILE";
const IDENTITIES: &str = "AUTH_INTERNAL_CLIENT_IDENTITIES";

/// Files that identify this service, and the services that it accepts.
#[derive(Args, Clone, Debug, Default)]
pub struct Files {
    /// File with the service tokens that ValidateSession accepts, on one or two lines. Required,
    /// unless the internal listener has mutual TLS; then the file is not read.
    #[arg(long, env = SERVICE_TOKENS)]
    pub service_token_file: Option<PathBuf>,
    /// Certificate chain of the public listener, PEM. If it is given, the listener accepts TLS
    /// only.
    #[arg(long, env = PUBLIC_CERTIFICATE)]
    pub public_tls_certificate_file: Option<PathBuf>,
    /// Private key of that certificate, PEM.
    #[arg(long, env = PUBLIC_KEY)]
    pub public_tls_key_file: Option<PathBuf>,
    /// Certificate chain of the internal listener, PEM. If it is given, the listener accepts TLS
    /// only.
    #[arg(long, env = INTERNAL_CERTIFICATE)]
    pub internal_tls_certificate_file: Option<PathBuf>,
    /// Private key of that certificate, PEM.
    #[arg(long, env = INTERNAL_KEY)]
    pub internal_tls_key_file: Option<PathBuf>,
    /// Authority of the certificates that services present to the internal listener, PEM. If it is
    /// given, every client of that listener must present a certificate (mutual TLS), and service
    /// tokens are not used.
    #[arg(long, env = CLIENT_AUTHORITY)]
    pub internal_tls_client_authority_file: Option<PathBuf>,
    /// DNS names or URIs, separated by commas. The certificate of a service must have one of them.
    /// Required with mutual TLS.
    #[arg(long, env = IDENTITIES)]
    pub internal_client_identities: Option<ClientIdentities>,
}

/// How services identify themselves.
#[derive(Clone, Debug)]
pub enum ServiceAccess {
    /// With one of the service tokens in this file.
    TokenFile(PathBuf),
    /// With a client certificate that has one of these names, and that the internal listener
    /// verifies.
    Certificates(ClientIdentities),
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

    /// TLS of the internal listener.
    #[must_use]
    pub fn internal(&self) -> Option<ServerTlsFiles> {
        let certificate = self.internal_tls_certificate_file.as_ref();
        Some(ServerTlsFiles {
            own: CertificateFiles::of(certificate, self.internal_tls_key_file.as_ref())?,
            client_authority: self.internal_tls_client_authority_file.clone(),
        })
    }

    /// The credentials of services that are required.
    #[must_use]
    pub fn services(&self) -> ServiceAccess {
        match self.internal_client_identities.clone() {
            Some(names) => ServiceAccess::Certificates(names),
            // an empty path cannot be read, so the service does not start
            None => ServiceAccess::TokenFile(self.service_token_file.clone().unwrap_or_default()),
        }
    }
}

impl Part for Files {
    fn check(&self, problems: &mut Problems) {
        let Self {
            service_token_file,
            public_tls_certificate_file: public_certificate,
            public_tls_key_file: public_key,
            internal_tls_certificate_file: certificate,
            internal_tls_key_file: key,
            internal_tls_client_authority_file: authority,
            internal_client_identities: identities,
        } = self;
        problems.need_each_other(
            (PUBLIC_CERTIFICATE, public_certificate.is_some()),
            (PUBLIC_KEY, public_key.is_some()),
        );
        let certificate = (INTERNAL_CERTIFICATE, certificate.is_some());
        let (key, authority) = (
            (INTERNAL_KEY, key.is_some()),
            (CLIENT_AUTHORITY, authority.is_some()),
        );
        problems.need_each_other(certificate, key);
        problems.need_each_other(authority, (IDENTITIES, identities.is_some()));
        // if only one of the two files is given, this is already reported
        if !key.1 {
            problems.need(authority, certificate);
        }
        if service_token_file.is_none() && !authority.1 && identities.is_none() {
            problems.note(SERVICE_TOKENS, "is required");
        }
    }
}
