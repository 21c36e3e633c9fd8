//! Lifetimes of tokens and sessions.

use clap::Args;
use contract::config::{Part, Problems, seconds};
use std::{ops::RangeInclusive, time::Duration};

/// Ten years.
pub(crate) const SECONDS: RangeInclusive<u64> = 1..=10 * 366 * 86_400;
/// How long a refresh may take at the server. The overlap must be at least four times as long.
const REFRESH_TIME: Duration = Duration::from_secs(10);

const ACCESS: &str = "AUTH_ACCESS_TOKEN_SECONDS";
const REFRESH: &str = "AUTH_REFRESH_TOKEN_SECONDS";
const SESSION: &str = "AUTH_SESSION_SECONDS";
const OVERLAP: &str = "AUTH_REFRESH_OVERLAP_SECONDS";

/// The lifetimes of tokens and sessions, which must fit together.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Lifetime of an access token, in seconds; at least four overlaps.
    #[arg(
        long = "access-token-seconds",
        env = ACCESS,
        default_value = "900",
        value_parser = seconds(SECONDS)
    )]
    pub access_token: Duration,
    /// Lifetime of a refresh token, in seconds; at least that of an access token. A refresh extends
    /// the session by this time.
    #[arg(
        long = "refresh-token-seconds",
        env = REFRESH,
        default_value = "604800",
        value_parser = seconds(SECONDS)
    )]
    pub refresh_token: Duration,
    /// Lifetime of a session, however often it is refreshed, in seconds; at least that of a refresh
    /// token.
    #[arg(
        long = "session-seconds",
        env = SESSION,
        default_value = "2592000",
        value_parser = seconds(SECONDS)
    )]
    pub session: Duration,
    /// How long after the first use of a pair the previous pair may still be presented, in seconds;
    /// at least 40.
    #[arg(
        long = "refresh-overlap-seconds",
        env = OVERLAP,
        default_value = "60",
        value_parser = seconds(SECONDS)
    )]
    pub overlap: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_token: Duration::from_mins(15),
            refresh_token: Duration::from_hours(7 * 24),
            session: Duration::from_hours(30 * 24),
            overlap: Duration::from_mins(1),
        }
    }
}

impl Part for Lifetimes {
    fn check(&self, problems: &mut Problems) {
        let Self {
            access_token,
            refresh_token,
            session,
            overlap,
        } = *self;
        let overlap_least = 4 * REFRESH_TIME;
        for (variable, value, least, why) in [
            (
                OVERLAP,
                overlap,
                overlap_least,
                "four times as long as a refresh may take",
            ),
            (ACCESS, access_token, 4 * overlap, "four overlaps"),
            (
                REFRESH,
                refresh_token,
                access_token,
                "the lifetime of an access token",
            ),
            (
                SESSION,
                session,
                refresh_token,
                "the lifetime of a refresh token",
            ),
        ] {
            if value < least {
                let least = least.as_secs();
                problems.note(variable, format_args!("must be at least {least}, {why}"));
            }
        }
    }
}
