//! A session client against a real auth-service: what it asks and when, what it
//! keeps, and what it makes of answers that are lost, late or wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod calls;
mod example;
mod file_store;
mod front;
mod log_out;
mod outages;
mod refreshes;
mod stores;
mod world;
