//! auth-service over the wire, on both databases: a module for each RPC, and one
//! for each promise that several of them keep together.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod forge;
mod rows;
mod served;

mod key_directory;
mod keys;
mod refresh_races;
mod refresh_session;
mod revoke_session;
mod tokens;
