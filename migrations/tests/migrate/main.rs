//! `migrate`, on both databases: what `up` makes, what it refuses, and that `down`
//! leaves nothing behind.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails where it meets what it did not expect"
)]

mod adopt;
mod command_line;
mod down;
mod fingerprint;
mod indexes;
mod purge_audit;
mod schema;
mod up;

/// The old application's schema.
const OLD_APPLICATION: &str = include_str!("../fixtures/old_application.sql");

/// The migrations of this build, oldest first.
const MIGRATIONS: [&str; 4] = [
    "0001_tables",
    "0002_partner_work",
    "0003_throttles",
    migrations::NEWEST,
];

/// The same, newest first.
fn newest_first() -> Vec<&'static str> {
    MIGRATIONS.iter().rev().copied().collect()
}
