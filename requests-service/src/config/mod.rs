//! The configuration, by flags and environment variables. The documents contain the same table as
//! `--help`.

mod files;

pub use files::Files;

use clap::Parser;
use client::channel::Resolver;
use contract::{
    config::{Configuration, Given, Problems, within},
    deadline::Limits,
};
use database::{DatabaseUrl, PoolLimits};
use server::{
    housekeeping,
    serve::{CALLS_IN_FLIGHT, TRUSTED_PROXIES, WebOrigins},
};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tonic::transport::Uri;

/// Partner request queries, behind the session layer.
#[derive(Clone, Debug, Parser)]
#[command(name = "requests-service", version, args_override_self = true)]
pub struct Config {
    /// Address of the public listener, for clients.
    #[arg(long, env = "REQUESTS_PUBLIC_LISTEN", default_value = "0.0.0.0:50061")]
    pub public_listen: SocketAddr,
    /// Address of the ops listener, for health and metrics.
    #[arg(long, env = "REQUESTS_OPS_LISTEN", default_value = "0.0.0.0:50063")]
    pub ops_listen: SocketAddr,
    /// The database: `postgres://…` or `sqlite://…?mode=rwc`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: DatabaseUrl,
    /// Largest number of connections to the database.
    #[arg(
        long = "database-connections",
        env = "DATABASE_CONNECTIONS",
        default_value = "8",
        value_parser = PoolLimits::of_connections
    )]
    pub pool: PoolLimits,
    /// URL of auth-service's internal listener: `http://host:port`, or `https://host:port` with the
    /// authority of its certificate. All addresses of the host are used.
    #[arg(long, env = "AUTH_SERVICE_URL", value_parser = files::url)]
    pub auth_service_url: Uri,
    /// Looks up the addresses of that host.
    #[arg(skip = Resolver::system())]
    pub resolver: Resolver,
    /// How long a validation may take, in milliseconds.
    #[arg(
        long = "validation-timeout-milliseconds",
        env = "REQUESTS_VALIDATION_TIMEOUT_MILLISECONDS",
        default_value = "2000",
        value_parser = validation_timeout
    )]
    pub limits: Limits,
    /// Largest number of calls in flight. Further calls are refused with RESOURCE_EXHAUSTED
    /// (OVERLOADED): lists first, changes last. Callers with more than an equal share, by address
    /// and by user, are refused before others.
    #[arg(
        long,
        env = "REQUESTS_CALLS_IN_FLIGHT",
        default_value = "512",
        value_parser = within(CALLS_IN_FLIGHT)
    )]
    pub calls_in_flight: usize,
    /// Number of proxies in front of the public listener, at most 16. Each of them appends the
    /// address of its caller to `x-forwarded-for`. So the client's address is this many entries
    /// from the right; if there is no such entry, it is the peer's. With 0, the header is ignored.
    #[arg(
        long,
        env = "REQUESTS_TRUSTED_PROXIES",
        default_value = "0",
        value_parser = within(TRUSTED_PROXIES)
    )]
    pub trusted_proxies: usize,
    /// Origins whose pages may call the public listener by Connect and by gRPC-Web, separated by
    /// commas (`https://host`). This includes health. Pages of the listener's own origin may call
    /// by Connect without being named.
    #[arg(
        long,
        env = "REQUESTS_WEB_ORIGINS",
        default_value = "",
        hide_default_value = true
    )]
    pub web_origins: WebOrigins,
    #[allow(missing_docs, reason = "the type says it")]
    #[command(flatten)]
    pub files: Files,
    /// How often housekeeping runs.
    #[arg(skip = housekeeping::EVERY)]
    pub housekeeping: Duration,
}

impl Configuration for Config {
    fn check(given: &Given, problems: &mut Problems) {
        given.check::<Files>(problems);
        if let Some(url) = given.get::<Uri>("auth_service_url") {
            let authority = given.get::<PathBuf>("auth_service_tls_authority_file");
            files::check_url(url, authority.is_some(), problems);
        }
    }
}

fn validation_timeout(text: &str) -> Result<Limits, String> {
    let milliseconds = within(1..=10_000)(text)?;
    Ok(Limits {
        validation: Duration::from_millis(milliseconds),
        ..Limits::default()
    })
}

#[cfg(test)]
mod tests;
