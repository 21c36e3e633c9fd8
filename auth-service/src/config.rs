//! Configuration, by flags and environment. `auth-service --help` lists every
//! variable with its default; README has the table.

use crate::{
    command::Command,
    model::{Lives, ThrottleLimits},
    passwords::Scheme,
};
use clap::Parser;
use secrecy::{ExposeSecret as _, SecretString};
use shared::{
    config::Problems,
    database::{DatabaseUrl, PoolLimits},
};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// A refresh may take so long at the server; the overlap must hold four.
const REFRESH_TIME: u64 = 10;
pub(crate) const MAX_SECONDS: u64 = 10 * 366 * 86_400;

/// Session authority: creates, refreshes, validates and ends sessions.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "auth-service",
    version,
    args_override_self = true,
    args_conflicts_with_subcommands = true
)]
pub struct Arguments {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Where clients reach AuthService.
    #[arg(long, env = "AUTH_PUBLIC_LISTEN", default_value = "0.0.0.0:50051")]
    pub public_listen: String,
    /// Where services reach SessionValidationService.
    #[arg(long, env = "AUTH_INTERNAL_LISTEN", default_value = "0.0.0.0:50052")]
    pub internal_listen: String,
    /// Where the cluster reaches health.
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
    /// Connections to the database at most, besides the one that validates.
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
    /// lines. Required.
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
    /// How long after a generation's first use the one before may still be
    /// presented, in seconds; at least 40.
    #[arg(long, env = "AUTH_REFRESH_OVERLAP_SECONDS", default_value = "60")]
    pub refresh_overlap_seconds: String,
    /// Hash of new passwords: argon2id, bcrypt, or auto: bcrypt on a database
    /// taken over from the old application, which reads the same column, else
    /// argon2id. To choose argon2id there cannot be undone.
    #[arg(long, env = "AUTH_PASSWORD_HASH", default_value = "auto")]
    pub password_hash: String,
    /// Passwords hashed at once; argon2id takes 19 MiB for each.
    #[arg(long, env = "AUTH_HASHING_CONCURRENCY", default_value = "2")]
    pub hashing_concurrency: String,
    /// Failed log-ins of one account from one network (IPv4: /24, IPv6: /48)
    /// before the next has to wait; ten times as many of the account from
    /// wherever. The same for guesses of the current password in ChangePassword.
    #[arg(long, env = "AUTH_THROTTLE_LOG_INS", default_value = "5")]
    pub throttle_log_ins: String,
    /// Registrations from one network within an hour. Where clients come by a
    /// proxy, it is one network.
    #[arg(long, env = "AUTH_THROTTLE_REGISTRATIONS", default_value = "100")]
    pub throttle_registrations: String,
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
    /// Accepted service tokens.
    pub service_token_file: PathBuf,
    /// The tokens' issuer.
    pub issuer: String,
    /// The tokens' audience.
    pub audience: String,
    /// Lives of tokens and sessions.
    pub lives: Lives,
    /// Hash of new passwords.
    pub password_hash: Scheme,
    /// Passwords hashed at once.
    pub hashing_concurrency: usize,
    /// What is let through without a delay.
    pub throttle: ThrottleLimits,
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
        let lives = lives(&mut problems, &arguments);
        let hash = problems.parse("AUTH_PASSWORD_HASH", &arguments.password_hash);
        let concurrency = problems.within(
            "AUTH_HASHING_CONCURRENCY",
            &arguments.hashing_concurrency,
            1,
            256,
        );
        let throttle = throttle(&mut problems, &arguments);
        for (variable, text) in [
            ("AUTH_KEYS_DIRECTORY", &arguments.keys_directory),
            ("SERVICE_TOKEN_FILE", &arguments.service_token_file),
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
            hash,
            concurrency,
            throttle,
        );
        let (
            Some(public_listen),
            Some(internal_listen),
            Some(ops_listen),
            Some(database_url),
            Some(connections),
            Some(lives),
            Some(password_hash),
            Some(hashing_concurrency),
            Some(throttle),
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
            service_token_file: arguments.service_token_file.into(),
            issuer: arguments.issuer,
            audience: arguments.audience,
            lives,
            password_hash,
            hashing_concurrency,
            throttle,
        })
    }
}

fn lives(problems: &mut Problems, arguments: &Arguments) -> Option<Lives> {
    const OVERLAP: &str = "AUTH_REFRESH_OVERLAP_SECONDS";
    const ACCESS: &str = "AUTH_ACCESS_TOKEN_SECONDS";
    const REFRESH: &str = "AUTH_REFRESH_TOKEN_SECONDS";
    const SESSION: &str = "AUTH_SESSION_SECONDS";
    let mut read = |variable, text| problems.within(variable, text, 1, MAX_SECONDS);
    let overlap = read(OVERLAP, &arguments.refresh_overlap_seconds);
    let access = read(ACCESS, &arguments.access_token_seconds);
    let refresh = read(REFRESH, &arguments.refresh_token_seconds);
    let session = read(SESSION, &arguments.session_seconds);
    let (overlap, access, refresh, session) = (overlap?, access?, refresh?, session?);
    let mut fits = true;
    for (variable, value, least, why) in [
        (
            OVERLAP,
            overlap,
            4 * REFRESH_TIME,
            "four times what a refresh may take",
        ),
        (ACCESS, access, 4 * overlap, "four overlaps"),
        (REFRESH, refresh, access, "an access token's life"),
        (SESSION, session, refresh, "a refresh token's life"),
    ] {
        if value < least {
            problems.note(variable, format_args!("must be at least {least}, {why}"));
            fits = false;
        }
    }
    fits.then(|| Lives {
        access_token: Duration::from_secs(access),
        refresh_token: Duration::from_secs(refresh),
        session: Duration::from_secs(session),
        overlap: Duration::from_secs(overlap),
    })
}

fn throttle(problems: &mut Problems, arguments: &Arguments) -> Option<ThrottleLimits> {
    let log_ins = problems.within(
        "AUTH_THROTTLE_LOG_INS",
        &arguments.throttle_log_ins,
        1,
        1_000,
    );
    let registrations = problems.within(
        "AUTH_THROTTLE_REGISTRATIONS",
        &arguments.throttle_registrations,
        1,
        1_000_000,
    );
    Some(ThrottleLimits {
        log_ins: log_ins?,
        registrations: registrations?,
    })
}

#[cfg(test)]
mod tests;
