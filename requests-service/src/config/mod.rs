//! Configuration, by flags and environment. `requests-service --help` lists
//! every variable with its default; README has the table.

mod public;
mod tls;

pub use public::PublicArguments;
pub use tls::TlsArguments;

use clap::Parser;
use client::{
    channel::Resolver,
    tls::{ClientTlsFiles, ServerTlsFiles},
};
use contract::{config::Problems, deadline::Limits};
use database::{DatabaseUrl, PoolLimits};
use server::{housekeeping, serve::PublicAccess};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tonic::transport::Uri;

/// Partner request queries, behind the session layer.
#[derive(Clone, Debug, Parser)]
#[command(name = "requests-service", version, args_override_self = true)]
pub struct Arguments {
    /// Where clients reach PartnerRequestsService.
    #[arg(long, env = "REQUESTS_PUBLIC_LISTEN", default_value = "0.0.0.0:50061")]
    pub public_listen: String,
    /// Where the cluster reaches health and metrics.
    #[arg(long, env = "REQUESTS_OPS_LISTEN", default_value = "0.0.0.0:50063")]
    pub ops_listen: String,
    /// The database: postgres://… or sqlite://… Required.
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true
    )]
    pub database_url: String,
    /// Connections to the database at most.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value = "8")]
    pub database_connections: String,
    /// auth-service's internal listener: http://host:port, or https://host:port with
    /// the authority of its certificate. Required.
    #[arg(
        long,
        env = "AUTH_SERVICE_URL",
        default_value = "",
        hide_default_value = true
    )]
    pub auth_service_url: String,
    /// File of the service token that is shown to auth-service; its first line.
    /// Required, but with a client certificate.
    #[arg(
        long,
        env = "SERVICE_TOKEN_FILE",
        default_value = "",
        hide_default_value = true
    )]
    pub service_token_file: String,
    /// How long a validation may take, in milliseconds.
    #[arg(
        long,
        env = "REQUESTS_VALIDATION_TIMEOUT_MILLISECONDS",
        default_value = "2000"
    )]
    pub validation_timeout_milliseconds: String,
    /// The public listener.
    #[command(flatten)]
    pub public: PublicArguments,
    /// TLS.
    #[command(flatten)]
    pub tls: TlsArguments,
}

/// What the service is built from.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients reach it.
    pub public_listen: SocketAddr,
    /// Where the cluster reaches it.
    pub ops_listen: SocketAddr,
    /// The database.
    pub database_url: DatabaseUrl,
    /// Limits on its pool.
    pub pool: PoolLimits,
    /// auth-service's internal listener.
    pub auth_service_url: Uri,
    /// How the replicas behind that name are looked up.
    pub resolver: Resolver,
    /// TLS of the public listener.
    pub public_tls: Option<ServerTlsFiles>,
    /// TLS towards auth-service.
    pub auth_service_tls: Option<ClientTlsFiles>,
    /// The service token shown there.
    pub service_token_file: Option<PathBuf>,
    /// Whom the public listener serves, and how many at once.
    pub access: PublicAccess,
    /// Limits on a call's time.
    pub limits: Limits,
    /// How often rows past their retention are looked for.
    pub housekeeping: Duration,
}

impl TryFrom<Arguments> for Config {
    type Error = Problems;

    fn try_from(arguments: Arguments) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let public = problems.parse("REQUESTS_PUBLIC_LISTEN", &arguments.public_listen);
        let ops = problems.parse("REQUESTS_OPS_LISTEN", &arguments.ops_listen);
        let url = problems.parse("DATABASE_URL", &arguments.database_url);
        let connections = problems.within(
            "DATABASE_CONNECTIONS",
            &arguments.database_connections,
            1,
            1_000,
        );
        let access = public::read(&mut problems, &arguments.public);
        let public_tls = tls::read_public(&mut problems, &arguments.tls);
        let auth_tls = tls::read_client(&mut problems, &arguments.tls);
        let auth = auth_service_url(&mut problems, &arguments);
        let validation = problems.within(
            "REQUESTS_VALIDATION_TIMEOUT_MILLISECONDS",
            &arguments.validation_timeout_milliseconds,
            1,
            10_000,
        );
        let token_file = Some(arguments.service_token_file).filter(|file| !file.is_empty());
        if token_file.is_none() && auth_tls.as_ref().is_none_or(|tls| tls.own.is_none()) {
            problems.note("SERVICE_TOKEN_FILE", "is required");
        }
        let values = (
            public,
            ops,
            url,
            connections,
            auth,
            validation,
            access,
            problems.is_empty(),
        );
        let (
            Some(public_listen),
            Some(ops_listen),
            Some(database_url),
            Some(connections),
            Some(auth_service_url),
            Some(validation),
            Some(access),
            true,
        ) = values
        else {
            return Err(problems);
        };
        Ok(Self {
            public_listen,
            ops_listen,
            database_url,
            pool: PoolLimits {
                connections,
                ..PoolLimits::default()
            },
            auth_service_url,
            resolver: Resolver::system(),
            public_tls,
            auth_service_tls: auth_tls,
            service_token_file: token_file.map(PathBuf::from),
            access,
            limits: Limits {
                validation: Duration::from_millis(validation),
                ..Limits::default()
            },
            housekeeping: housekeeping::EVERY,
        })
    }
}

/// TLS is asked for by the scheme and by an authority, or by neither.
fn auth_service_url(problems: &mut Problems, arguments: &Arguments) -> Option<Uri> {
    let url = arguments.auth_service_url.parse::<Uri>().ok();
    let url = url.filter(|url| url.authority().is_some());
    let problem = match (
        url.as_ref().and_then(Uri::scheme_str),
        arguments.tls.has_authority(),
    ) {
        (Some("http"), false) | (Some("https"), true) => return url,
        (Some("http"), true) => "must be https with AUTH_SERVICE_TLS_AUTHORITY_FILE",
        (Some("https"), false) => "https needs AUTH_SERVICE_TLS_AUTHORITY_FILE",
        _ => "must be http://host:port or https://host:port",
    };
    problems.note("AUTH_SERVICE_URL", problem);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_value_is_named() {
        let arguments = Arguments::parse_from([
            "requests-service",
            "--public-listen=nowhere",
            "--database-url=postgres//user:secret@host",
            "--auth-service-url=auth:50052",
            "--validation-timeout-milliseconds=0",
        ]);
        let problems = Config::try_from(arguments).unwrap_err().to_string();
        for variable in [
            "REQUESTS_PUBLIC_LISTEN",
            "DATABASE_URL",
            "AUTH_SERVICE_URL",
            "SERVICE_TOKEN_FILE",
            "REQUESTS_VALIDATION_TIMEOUT_MILLISECONDS",
        ] {
            assert!(problems.contains(variable), "{variable} in {problems}");
        }
        assert!(!problems.contains("secret"), "{problems}");
    }

    fn configure(url: &str, more: &[&str]) -> Result<Config, String> {
        let url = format!("--auth-service-url={url}");
        let required = ["requests-service", "--database-url=sqlite://x?mode=rwc"];
        let url = [url.as_str()];
        let flags = required.iter().chain(&url).chain(more);
        Config::try_from(Arguments::parse_from(flags)).map_err(|problems| problems.to_string())
    }

    #[test]
    fn what_tls_needs_is_given_together() {
        const TOKEN: &str = "--service-token-file=t";
        const AUTHORITY: &str = "--auth-service-tls-authority-file=a";
        const CERTIFICATE: &str = "--auth-service-tls-certificate-file=c";
        const KEY: &str = "--auth-service-tls-key-file=k";
        for (url, more, problem) in [
            ("https://a:1", &[TOKEN][..], "AUTH_SERVICE_URL: https needs"),
            (
                "http://a:1",
                &[TOKEN, AUTHORITY],
                "AUTH_SERVICE_URL: must be https",
            ),
            ("ftp://a:1", &[TOKEN], "AUTH_SERVICE_URL: must be http"),
            (
                "https:",
                &[TOKEN, AUTHORITY],
                "AUTH_SERVICE_URL: must be http",
            ),
            (
                "https://a:1",
                &[TOKEN, AUTHORITY, KEY],
                "AUTH_SERVICE_TLS_CERTIFICATE_FILE: is required",
            ),
            (
                "https://a:1",
                &[TOKEN, AUTHORITY, CERTIFICATE],
                "AUTH_SERVICE_TLS_KEY_FILE: is required",
            ),
            (
                "http://a:1",
                &[CERTIFICATE, KEY],
                "AUTH_SERVICE_TLS_AUTHORITY_FILE: is required",
            ),
            (
                "http://a:1",
                &[TOKEN, "--public-tls-key-file=k"],
                "REQUESTS_PUBLIC_TLS_CERTIFICATE_FILE: is required",
            ),
            // a certificate stands in for the token, an authority does not
            (
                "https://a:1",
                &[AUTHORITY],
                "SERVICE_TOKEN_FILE: is required",
            ),
        ] {
            let problems = configure(url, more).unwrap_err();
            assert!(problems.contains(problem), "{problem} in {problems}");
        }
        configure("https://a:1", &[TOKEN, AUTHORITY]).expect("with a token");
        let config = configure("https://a:1", &[AUTHORITY, CERTIFICATE, KEY]).unwrap();
        assert_eq!(config.service_token_file, None);
    }
}
