//! The configuration, by flags and environment variables. The documents contain the same table as
//! `--help`.

mod files;
mod passwords;

pub use files::{Files, ServiceAccess};
pub use passwords::PasswordSettings;

use crate::model::{Lifetimes, ThrottleLimits};
use clap::Parser;
use contract::{
    config::{Configuration, Given, Problems, not_empty, seconds, within},
    deadline::{Limits, SHARE_FOR_BATCHES},
};
use database::{DatabaseUrl, PoolLimits};
use server::{
    housekeeping,
    serve::{CALLS_IN_FLIGHT, TRUSTED_PROXIES, WebOrigins},
};
use std::{net::SocketAddr, ops::RangeInclusive, path::PathBuf, time::Duration};

/// Clocks differ, so a token is accepted for some seconds after its expiry; an hour covers both.
/// The upper bound is ten years.
const RETENTION_SECONDS: RangeInclusive<u64> = 3_600..=10 * 366 * 86_400;

/// Session authority: creates, refreshes, validates and ends sessions.
#[derive(Clone, Debug, Parser)]
#[command(name = "auth-service", version, args_override_self = true)]
pub struct Config {
    /// Address of the public listener, for clients.
    #[arg(long, env = "AUTH_PUBLIC_LISTEN", default_value = "0.0.0.0:50051")]
    pub public_listen: SocketAddr,
    /// Address of the internal listener, for services.
    #[arg(long, env = "AUTH_INTERNAL_LISTEN", default_value = "0.0.0.0:50052")]
    pub internal_listen: SocketAddr,
    /// Address of the ops listener, for health and metrics.
    #[arg(long, env = "AUTH_OPS_LISTEN", default_value = "0.0.0.0:50053")]
    pub ops_listen: SocketAddr,
    /// The database: `postgres://…` or `sqlite://…?mode=rwc`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: DatabaseUrl,
    /// Largest number of connections to the database, without the two additional ones for
    /// ValidateSession.
    #[arg(
        long = "database-connections",
        env = "DATABASE_CONNECTIONS",
        default_value = "8",
        value_parser = PoolLimits::of_connections
    )]
    pub pool: PoolLimits,
    /// Directory of signing keys. Each key is a PEM file, named after the time from which it signs.
    #[arg(long, env = "AUTH_KEYS_DIRECTORY")]
    pub keys_directory: PathBuf,
    /// The tokens' `iss`.
    #[arg(
        long,
        env = "AUTH_ISSUER",
        default_value = "ticketing-auth",
        value_parser = not_empty
    )]
    pub issuer: String,
    /// The tokens' `aud`.
    #[arg(
        long,
        env = "AUTH_AUDIENCE",
        default_value = "ticketing",
        value_parser = not_empty
    )]
    pub audience: String,
    #[allow(missing_docs, reason = "the type says it")]
    #[command(flatten)]
    pub lifetimes: Lifetimes,
    /// How long the row of a session is kept after the session has expired, in seconds; at least
    /// 3600.
    #[arg(
        long = "session-retention-seconds",
        env = "AUTH_SESSION_RETENTION_SECONDS",
        default_value = "2592000",
        value_parser = seconds(RETENTION_SECONDS)
    )]
    pub session_retention: Duration,
    #[allow(missing_docs, reason = "the type says it")]
    #[command(flatten)]
    pub passwords: PasswordSettings,
    /// Largest number of calls in flight on the public and the internal listener together. Further
    /// calls are refused with RESOURCE_EXHAUSTED (OVERLOADED): validations last, refreshes and
    /// revocations before them, all other calls first. Callers with more than an equal share, by
    /// address and by user, are refused before others.
    #[arg(
        long,
        env = "AUTH_CALLS_IN_FLIGHT",
        default_value = "512",
        value_parser = within(CALLS_IN_FLIGHT)
    )]
    pub calls_in_flight: usize,
    /// Number of proxies in front of the public listener, at most 16. Each of them appends the
    /// address of its caller to `x-forwarded-for`. So the client's address is this many entries
    /// from the right; if there is no such entry, it is the peer's. With 0, the header is ignored.
    #[arg(
        long,
        env = "AUTH_TRUSTED_PROXIES",
        default_value = "0",
        value_parser = within(TRUSTED_PROXIES)
    )]
    pub trusted_proxies: usize,
    /// Origins whose pages may call the public listener by Connect and by gRPC-Web, separated by
    /// commas (`https://host`). This includes health. Pages of the listener's own origin may call
    /// by Connect without being named.
    #[arg(
        long,
        env = "AUTH_WEB_ORIGINS",
        default_value = "",
        hide_default_value = true
    )]
    pub web_origins: WebOrigins,
    #[allow(missing_docs, reason = "the type says it")]
    #[command(flatten)]
    pub throttle: ThrottleLimits,
    #[allow(missing_docs, reason = "the type says it")]
    #[command(flatten)]
    pub files: Files,
    /// Limits on a call's time.
    #[arg(skip)]
    pub limits: Limits,
    /// How often housekeeping runs.
    #[arg(skip = housekeeping::EVERY)]
    pub housekeeping: Duration,
    /// The share of its time in which a call that ends many sessions begins further batches.
    #[arg(skip = SHARE_FOR_BATCHES)]
    pub ending_share: f64,
}

impl Configuration for Config {
    fn check(given: &Given, problems: &mut Problems) {
        given.check::<Lifetimes>(problems);
        given.check::<PasswordSettings>(problems);
        given.check::<Files>(problems);
    }
}

#[cfg(test)]
mod tests;
