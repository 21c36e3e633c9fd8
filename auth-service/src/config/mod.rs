//! Configuration, by flags and environment. `auth-service --help` lists every
//! variable with its default; README has the table.

mod lives;
mod passwords;
mod public;
mod throttle;
mod tls;

pub use passwords::{PasswordArguments, PasswordSettings};
pub use public::PublicArguments;
pub use throttle::ThrottleArguments;
pub use tls::{ServiceAccess, TlsArguments};

use crate::model::{Lives, ThrottleLimits};
use clap::Parser;
use client::tls::ServerTlsFiles;
use contract::{
    config::Problems,
    deadline::{Limits, SHARE_FOR_BATCHES},
};
use database::{DatabaseUrl, PoolLimits};
use secrecy::{ExposeSecret as _, SecretString};
use server::{housekeeping, serve::PublicAccess};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// A token is taken some seconds after its end, by clocks that differ; an hour covers
/// both.
const LEAST_RETENTION: u64 = 3_600;
pub(crate) const MAX_SECONDS: u64 = 10 * 366 * 86_400;

/// Session authority: creates, refreshes, validates and ends sessions.
#[derive(Clone, Debug, Parser)]
#[command(name = "auth-service", version, args_override_self = true)]
pub struct Arguments {
    /// Where clients reach AuthService.
    #[arg(long, env = "AUTH_PUBLIC_LISTEN", default_value = "0.0.0.0:50051")]
    pub public_listen: String,
    /// Where services reach SessionValidationService.
    #[arg(long, env = "AUTH_INTERNAL_LISTEN", default_value = "0.0.0.0:50052")]
    pub internal_listen: String,
    /// Where the cluster reaches health and metrics.
    #[arg(long, env = "AUTH_OPS_LISTEN", default_value = "0.0.0.0:50053")]
    pub ops_listen: String,
    /// The database: postgres://… or sqlite://… Required.
    #[arg(
        long,
        env = "DATABASE_URL",
        global = true,
        default_value = "",
        hide_default_value = true,
        hide_env_values = true
    )]
    pub database_url: SecretString,
    /// Connections to the database at most, not counting two more for ValidateSession.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value = "8")]
    pub database_connections: String,
    /// Directory of signing keys, one PEM file each. Required.
    #[arg(
        long,
        env = "AUTH_KEYS_DIRECTORY",
        default_value = "",
        hide_default_value = true
    )]
    pub keys_directory: String,
    /// File of the service tokens that ValidateSession accepts, one or two
    /// lines. Required, but with mutual TLS, where it is not read.
    #[arg(
        long,
        env = "SERVICE_TOKEN_FILE",
        default_value = "",
        hide_default_value = true
    )]
    pub service_token_file: String,
    /// The tokens' `iss`.
    #[arg(long, env = "AUTH_ISSUER", default_value = "ticketing-auth")]
    pub issuer: String,
    /// The tokens' `aud`.
    #[arg(long, env = "AUTH_AUDIENCE", default_value = "ticketing")]
    pub audience: String,
    /// Life of an access token, in seconds; at least four overlaps.
    #[arg(long, env = "AUTH_ACCESS_TOKEN_SECONDS", default_value = "900")]
    pub access_token_seconds: String,
    /// Life of a refresh token, in seconds; at least that of an access token.
    #[arg(long, env = "AUTH_REFRESH_TOKEN_SECONDS", default_value = "604800")]
    pub refresh_token_seconds: String,
    /// Life of a session however often it is refreshed, in seconds; at least
    /// that of a refresh token.
    #[arg(long, env = "AUTH_SESSION_SECONDS", default_value = "2592000")]
    pub session_seconds: String,
    /// How long a session's row is kept after the session expired, in seconds; at
    /// least 3600.
    #[arg(
        long,
        env = "AUTH_SESSION_RETENTION_SECONDS",
        default_value = "2592000"
    )]
    pub session_retention_seconds: String,
    /// How long after a generation's first use the one before may still be
    /// presented, in seconds; at least 40.
    #[arg(long, env = "AUTH_REFRESH_OVERLAP_SECONDS", default_value = "60")]
    pub refresh_overlap_seconds: String,
    /// How passwords are hashed.
    #[command(flatten)]
    pub passwords: PasswordArguments,
    /// The public listener.
    #[command(flatten)]
    pub public: PublicArguments,
    /// What is let through without a delay.
    #[command(flatten)]
    pub throttle: ThrottleArguments,
    /// TLS.
    #[command(flatten)]
    pub tls: TlsArguments,
}

/// What the service is built from.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients reach it.
    pub public_listen: SocketAddr,
    /// Where services reach it.
    pub internal_listen: SocketAddr,
    /// Where the cluster reaches it.
    pub ops_listen: SocketAddr,
    /// The database.
    pub database_url: DatabaseUrl,
    /// Limits on its pool.
    pub pool: PoolLimits,
    /// Signing keys.
    pub keys_directory: PathBuf,
    /// TLS of the public listener.
    pub public_tls: Option<ServerTlsFiles>,
    /// TLS of the internal listener.
    pub internal_tls: Option<ServerTlsFiles>,
    /// How services show who they are.
    pub services: ServiceAccess,
    /// The tokens' issuer.
    pub issuer: String,
    /// The tokens' audience.
    pub audience: String,
    /// Lives of tokens and sessions.
    pub lives: Lives,
    /// How long a session's row is kept after the session expired.
    pub session_retention: Duration,
    /// How often rows past their retention are looked for.
    pub housekeeping: Duration,
    /// In which share of its time a call that ends many sessions begins further batches.
    pub ending_share: f64,
    /// How passwords are hashed.
    pub passwords: PasswordSettings,
    /// Whom the public listener serves, and how many at once.
    pub access: PublicAccess,
    /// What is let through without a delay.
    pub throttle: ThrottleLimits,
    /// Limits on a call's time.
    pub limits: Limits,
}

impl TryFrom<Arguments> for Config {
    type Error = Problems;

    fn try_from(arguments: Arguments) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let public = problems.parse("AUTH_PUBLIC_LISTEN", &arguments.public_listen);
        let internal = problems.parse("AUTH_INTERNAL_LISTEN", &arguments.internal_listen);
        let ops = problems.parse("AUTH_OPS_LISTEN", &arguments.ops_listen);
        let url = problems.parse("DATABASE_URL", arguments.database_url.expose_secret());
        let connections = problems.within(
            "DATABASE_CONNECTIONS",
            &arguments.database_connections,
            1,
            1_000,
        );
        let lives = lives::read(&mut problems, &arguments);
        let retention = problems.within(
            "AUTH_SESSION_RETENTION_SECONDS",
            &arguments.session_retention_seconds,
            LEAST_RETENTION,
            MAX_SECONDS,
        );
        let passwords = PasswordSettings::read(&mut problems, &arguments.passwords);
        let access = public::read(&mut problems, &arguments.public);
        let throttle = throttle::read(&mut problems, &arguments.throttle);
        let tls = tls::read(&mut problems, &arguments.tls, &arguments.service_token_file);
        for (variable, text) in [
            ("AUTH_KEYS_DIRECTORY", &arguments.keys_directory),
            ("AUTH_ISSUER", &arguments.issuer),
            ("AUTH_AUDIENCE", &arguments.audience),
        ] {
            if text.is_empty() {
                problems.note(variable, "is required");
            }
        }
        let values = (
            public,
            internal,
            ops,
            url,
            connections,
            lives,
            retention,
            passwords,
            access,
            throttle,
            tls.services,
        );
        let (
            Some(public_listen),
            Some(internal_listen),
            Some(ops_listen),
            Some(database_url),
            Some(connections),
            Some(lives),
            Some(retention),
            Some(passwords),
            Some(access),
            Some(throttle),
            Some(services),
        ) = values
        else {
            return Err(problems);
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            public_listen,
            internal_listen,
            ops_listen,
            database_url,
            pool: PoolLimits {
                connections,
                ..PoolLimits::default()
            },
            keys_directory: arguments.keys_directory.into(),
            public_tls: tls.public,
            internal_tls: tls.internal,
            services,
            issuer: arguments.issuer,
            audience: arguments.audience,
            lives,
            session_retention: Duration::from_secs(retention),
            housekeeping: housekeeping::EVERY,
            ending_share: SHARE_FOR_BATCHES,
            passwords,
            access,
            throttle,
            limits: Limits::default(),
        })
    }
}

#[cfg(test)]
mod tests;
