//! The migrations of this build, and what all commands of `migrate` share: the bookkeeping, the
//! locks that let one command work at a time, the checks before anything is changed, and the
//! errors.
//!
//! This crate knows no command. The crate `adopt` uses it to take over the database of the old
//! application, and the crate `migrations` has the commands.

pub mod bookkeeping;
pub mod database_error;
pub mod error;
pub mod exclusive;
pub mod found;
pub mod indexes;
pub mod letters;
pub mod migration;
pub mod query;
pub mod report;
pub mod rights;
pub mod session;
pub mod taken;
pub mod trigrams;
