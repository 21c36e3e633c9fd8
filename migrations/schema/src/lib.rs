//! The migrations of this build, and what all commands of `migrate` share: the bookkeeping,
//! the locks that let one command work at a time, what a database is asked before anything is
//! changed, and why a command stops.
//!
//! It knows no command. The crate `adopt` takes over the database of the old application with
//! it, and the crate `migrations` has the commands.

pub mod bookkeeping;
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
