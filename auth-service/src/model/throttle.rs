//! What is counted against guessing.

use aws_lc_rs::digest;
use shared::time::Timestamp;
use std::time::Duration;

/// What attempts are counted under: a digest, so that neither an e-mail nor an
/// address lies in the database in plain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThrottleKey(String);

impl ThrottleKey {
    /// The key of a kind of attempt, and what it is counted by.
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

    /// As the column holds it: SHA-256 in lower-case hex.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is counted under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Attempts that count.
    pub attempts: u32,
    /// When the last of them was made.
    pub last_attempt_at: Timestamp,
    /// From when on they count no more.
    pub forgotten_at: Timestamp,
}

impl Throttle {
    /// Nothing is counted yet.
    #[must_use]
    pub fn none(now: Timestamp) -> Self {
        Self {
            attempts: 0,
            last_attempt_at: now,
            forgotten_at: now,
        }
    }
}

/// An attempt that was counted under a key: what is needed to take it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedAttempt {
    /// Under which key.
    pub key: ThrottleKey,
    /// When.
    pub at: Timestamp,
    /// What was counted before it.
    pub before: Throttle,
}

/// How much is let through without a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// Failed log-ins of one account from one network, before the next has to
    /// wait; at least 1.
    pub log_ins: u32,
    /// Registrations from one network within an hour; at least 1.
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

/// Not now: how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);
