//! Configuration, by flags and environment. README.md has the table that `--help` shows too.

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

/// A token is taken some seconds after its end, by clocks that differ; an hour covers
/// both. At most ten years.
const RETENTION_SECONDS: RangeInclusive<u64> = 3_600..=10 * 366 * 86_400;

/// Session authority: creates, refreshes, validates and ends sessions.
#[derive(Clone, Debug, Parser)]
#[command(name = "auth-service", version, args_override_self = true)]
pub struct Config {
    /// Where clients reach AuthService.
    #[arg(long, env = "AUTH_PUBLIC_LISTEN", default_value = "0.0.0.0:50051")]
    pub public_listen: SocketAddr,
    /// Where services reach SessionValidationService.
    #[arg(long, env = "AUTH_INTERNAL_LISTEN", default_value = "0.0.0.0:50052")]
    pub internal_listen: SocketAddr,
    /// Where the cluster reaches health and metrics.
    #[arg(long, env = "AUTH_OPS_LISTEN", default_value = "0.0.0.0:50053")]
    pub ops_listen: SocketAddr,
    /// The database: `postgres://…` or `sqlite://…?mode=rwc`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: DatabaseUrl,
    /// Connections to the database at most, not counting two more for ValidateSession.
    #[arg(
        long = "database-connections",
        env = "DATABASE_CONNECTIONS",
        default_value = "8",
        value_parser = PoolLimits::of_connections
    )]
    pub pool: PoolLimits,
    /// Directory of signing keys, one PEM file each, named after the time from which it signs.
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
    /// How long a session's row is kept after the session expired, in seconds; at least 3600.
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
    /// Calls at once, of the public and the internal listener. More are refused by
    /// RESOURCE_EXHAUSTED (OVERLOADED): validations last, refreshes and revocations before them,
    /// all others first, and of many callers those who have more than an equal share, by address
    /// and by user.
    #[arg(
        long,
        env = "AUTH_CALLS_IN_FLIGHT",
        default_value = "512",
        value_parser = within(CALLS_IN_FLIGHT)
    )]
    pub calls_in_flight: usize,
    /// Proxies before the public listener, 16 at most. Each of them appends the address that
    /// called it to `x-forwarded-for`, so the client's address is this many entries from the
    /// right, or else the peer's. With 0 the header is ignored.
    #[arg(
        long,
        env = "AUTH_TRUSTED_PROXIES",
        default_value = "0",
        value_parser = within(TRUSTED_PROXIES)
    )]
    pub trusted_proxies: usize,
    /// Origins whose pages may call the public listener by Connect and by gRPC-Web, health
    /// included, separated by commas (`https://host`). Pages of the listener's own origin may
    /// call by Connect without being named.
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
    /// How often rows past their retention are looked for.
    #[arg(skip = housekeeping::EVERY)]
    pub housekeeping: Duration,
    /// In which share of its time a call that ends many sessions begins further batches.
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
