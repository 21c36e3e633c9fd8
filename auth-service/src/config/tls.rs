//! TLS of the two listeners, and how services show who they are.

use clap::Args;
use client::tls::{CertificateFiles, ClientIdentities, ServerTlsFiles};
use contract::config::Problems;
use std::path::PathBuf;

const PUBLIC_CERTIFICATE: &str = "AUTH_PUBLIC_TLS_CERTIFICATE_FILE";
const PUBLIC_KEY: &str = "AUTH_PUBLIC_TLS_KEY_FILE";
const INTERNAL_CERTIFICATE: &str = "AUTH_INTERNAL_TLS_CERTIFICATE_FILE";
const INTERNAL_KEY: &str = "AUTH_INTERNAL_TLS_KEY_FILE";
const CLIENT_AUTHORITY: &str = "AUTH_INTERNAL_TLS_CLIENT_AUTHORITY_FILE";
const IDENTITIES: &str = "AUTH_INTERNAL_CLIENT_IDENTITIES";

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
    /// Certificate chain of the internal listener, PEM; with it, the listener speaks
    /// TLS alone.
    #[arg(long, env = INTERNAL_CERTIFICATE)]
    pub internal_tls_certificate_file: Option<String>,
    /// Private key of that certificate, PEM.
    #[arg(long, env = INTERNAL_KEY)]
    pub internal_tls_key_file: Option<String>,
    /// Authority of the certificates that services present to the internal listener,
    /// PEM; with it, nobody is served there without one (mutual TLS), and no service
    /// token is asked for.
    #[arg(long, env = CLIENT_AUTHORITY)]
    pub internal_tls_client_authority_file: Option<String>,
    /// DNS names or URIs, with commas between, one of which the certificate of a
    /// service must have.
    #[arg(long, env = IDENTITIES)]
    pub internal_client_identities: Option<String>,
}

/// How a service shows who it is.
#[derive(Clone, Debug)]
pub enum ServiceAccess {
    /// By one of the service tokens in this file.
    TokenFile(PathBuf),
    /// By a client certificate with one of these names, which the internal listener
    /// verifies.
    Certificates(ClientIdentities),
}

/// What was read.
pub(super) struct TlsSettings {
    pub(super) public: Option<ServerTlsFiles>,
    pub(super) internal: Option<ServerTlsFiles>,
    pub(super) services: Option<ServiceAccess>,
}

/// Reads them, and which credential of services they leave in force; notes what does
/// not fit together.
pub(super) fn read(
    problems: &mut Problems,
    arguments: &TlsArguments,
    service_token_file: &str,
) -> TlsSettings {
    let public = CertificateFiles::read(
        problems,
        (
            PUBLIC_CERTIFICATE,
            arguments.public_tls_certificate_file.as_deref(),
        ),
        (PUBLIC_KEY, arguments.public_tls_key_file.as_deref()),
    );
    let internal = CertificateFiles::read(
        problems,
        (
            INTERNAL_CERTIFICATE,
            arguments.internal_tls_certificate_file.as_deref(),
        ),
        (INTERNAL_KEY, arguments.internal_tls_key_file.as_deref()),
    );
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let authority = given(&arguments.internal_tls_client_authority_file);
    let identities = given(&arguments.internal_client_identities);
    let services = match (&authority, identities) {
        (None, None) if service_token_file.is_empty() => {
            problems.note("SERVICE_TOKEN_FILE", "is required");
            None
        }
        (None, None) => Some(ServiceAccess::TokenFile(service_token_file.into())),
        (Some(_), Some(identities)) => problems
            .parse(IDENTITIES, &identities)
            .map(ServiceAccess::Certificates),
        (Some(_), None) => {
            problems.note(
                IDENTITIES,
                format_args!("is required with {CLIENT_AUTHORITY}"),
            );
            None
        }
        (None, Some(_)) => {
            problems.note(
                CLIENT_AUTHORITY,
                format_args!("is required with {IDENTITIES}"),
            );
            None
        }
    };
    // of a pair that is half given, that is said already
    let half =
        given(&arguments.internal_tls_certificate_file).or(given(&arguments.internal_tls_key_file));
    if authority.is_some() && internal.is_none() && half.is_none() {
        problems.note(
            INTERNAL_CERTIFICATE,
            format_args!("is required with {CLIENT_AUTHORITY}"),
        );
    }
    TlsSettings {
        public: public.map(|own| ServerTlsFiles {
            own,
            client_authority: None,
        }),
        internal: internal.map(|own| ServerTlsFiles {
            own,
            client_authority: authority.map(PathBuf::from),
        }),
        services,
    }
}
