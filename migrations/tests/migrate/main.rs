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
mod documents;
mod down;
mod fingerprint;
mod grants;
mod in_use;
mod indexes;
mod letters;
mod purge_audit;
mod schema;
mod stop;
mod up;

/// The old application's schema.
const OLD_APPLICATION: &str = include_str!("../fixtures/old_application.sql");

/// The migrations as `down` undoes them: the newest first.
fn newest_first() -> Vec<&'static str> {
    migrations::NAMES.into_iter().rev().collect()
}
