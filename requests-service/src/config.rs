//! Configuration, by flags and environment. `requests-service --help` lists
//! every variable with its default; README has the table.

use clap::Parser;
use shared::{
    config::Problems,
    database::{DatabaseUrl, PoolLimits},
    housekeeping,
    session_layer::Limits,
};
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
    /// auth-service's internal listener: http://host:port. Required.
    #[arg(
        long,
        env = "AUTH_SERVICE_URL",
        default_value = "",
        hide_default_value = true
    )]
    pub auth_service_url: String,
    /// File of the service token that is shown to auth-service; its first line.
    /// Required.
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
    /// The service token shown there.
    pub service_token_file: PathBuf,
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
        let auth = auth_service_url(&mut problems, &arguments.auth_service_url);
        let validation = problems.within(
            "REQUESTS_VALIDATION_TIMEOUT_MILLISECONDS",
            &arguments.validation_timeout_milliseconds,
            1,
            10_000,
        );
        if arguments.service_token_file.is_empty() {
            problems.note("SERVICE_TOKEN_FILE", "is required");
        }
        let values = (
            public,
            ops,
            url,
            connections,
            auth,
            validation,
            problems.is_empty(),
        );
        let (
            Some(public_listen),
            Some(ops_listen),
            Some(database_url),
            Some(connections),
            Some(auth_service_url),
            Some(validation),
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
            service_token_file: arguments.service_token_file.into(),
            limits: Limits {
                validation: Duration::from_millis(validation),
                ..Limits::default()
            },
            housekeeping: housekeeping::EVERY,
        })
    }
}

fn auth_service_url(problems: &mut Problems, text: &str) -> Option<Uri> {
    let url = text.parse::<Uri>().ok();
    let url = url.filter(|url| url.scheme_str() == Some("http") && url.authority().is_some());
    if url.is_none() {
        problems.note("AUTH_SERVICE_URL", "must be http://host:port");
    }
    url
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
}
