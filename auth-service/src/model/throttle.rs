//! What is counted against guessing.

use aws_lc_rs::digest;
use clap::Args;
use contract::{config::within, time::Timestamp};
use std::time::Duration;

/// The key that attempts are counted under. It is a digest, so that the database contains neither
/// e-mails nor addresses in plain text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThrottleKey(String);

impl ThrottleKey {
    /// The key for a kind of attempt and the values that it is counted by.
    #[must_use]
    pub fn new(kind: &str, parts: &[&str]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in std::iter::once(&kind).chain(parts) {
            // no two lists of parts are the same text
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
        Self(hex::encode(context.finish()))
    }

    /// The text in the column: SHA-256 in lower-case hex.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The count of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// The number of attempts that count.
    pub attempts: u32,
    /// When the last of them was made.
    pub last_attempt_at: Timestamp,
    /// When they no longer count.
    pub forgotten_at: Timestamp,
}

impl Throttle {
    /// No attempt is counted yet.
    #[must_use]
    pub fn none(now: Timestamp) -> Self {
        Self {
            attempts: 0,
            last_attempt_at: now,
            forgotten_at: now,
        }
    }
}

/// Attempts that were counted under one key, with what is needed to take them back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedAttempts {
    /// The key.
    pub key: ThrottleKey,
    /// The number of attempts.
    pub attempts: u32,
    /// When the last of them was made.
    pub last_attempt_at: Timestamp,
    /// The throttle before these attempts. If others were counted in between, the throttle after
    /// the last of those.
    pub before: Throttle,
}

impl CountedAttempts {
    /// These attempts together with others under the same key, as if they had been counted at once.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        let attempts = self.attempts.saturating_add(others.attempts);
        let (newer, older) = if self.last_attempt_at >= others.last_attempt_at {
            (self, others)
        } else {
            (others, self)
        };
        let before = if newer.before.last_attempt_at == older.last_attempt_at {
            older.before
        } else {
            newer.before
        };
        Self {
            attempts,
            before,
            ..newer
        }
    }
}

/// How many attempts are allowed without a delay.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// Number of failed log-ins to one account from one network (IPv4: /24, IPv6: /48) before the
    /// next must wait. For all networks together, ten times as many. The same holds for guesses of
    /// the current password in ChangePassword. At least 1.
    #[arg(
        long = "throttle-log-ins",
        env = "AUTH_THROTTLE_LOG_INS",
        default_value = "5",
        value_parser = within::<u32>(1..=1_000)
    )]
    pub log_ins: u32,
    /// Number of registrations from one network within an hour; at least 1. Clients behind a proxy
    /// that `AUTH_TRUSTED_PROXIES` does not count are one network.
    #[arg(
        long = "throttle-registrations",
        env = "AUTH_THROTTLE_REGISTRATIONS",
        default_value = "100",
        value_parser = within::<u32>(1..=1_000_000)
    )]
    pub registrations: u32,
}

impl Default for ThrottleLimits {
    fn default() -> Self {
        Self {
            log_ins: 5,
            registrations: 100,
        }
    }
}

/// The attempt must wait for this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

#[cfg(test)]
mod tests {
    use super::*;

    /// An attempt at one time, after a last one at another.
    fn attempt(at: i64, last_before: i64) -> CountedAttempts {
        CountedAttempts {
            key: ThrottleKey::new("a", &[]),
            attempts: 1,
            last_attempt_at: Timestamp::from_seconds(at),
            before: Throttle::none(Timestamp::from_seconds(last_before)),
        }
    }

    #[test]
    fn attempts_that_follow_each_other_are_taken_back_to_what_was_before_the_first() {
        for attempts in [
            [attempt(1, 0), attempt(2, 1), attempt(3, 2)],
            [attempt(3, 2), attempt(2, 1), attempt(1, 0)],
        ] {
            let [first, second, third] = attempts;
            let together = first.and(second).and(third);
            assert_eq!(
                (together.attempts, together.last_attempt_at.seconds()),
                (3, 3)
            );
            assert_eq!(together.before.last_attempt_at.seconds(), 0);
        }
    }

    #[test]
    fn attempts_with_another_one_between_them_are_taken_back_to_that_one() {
        let together = attempt(1, 0).and(attempt(3, 2));
        assert_eq!(
            (together.attempts, together.last_attempt_at.seconds()),
            (2, 3)
        );
        assert_eq!(together.before.last_attempt_at.seconds(), 2);
    }
}
