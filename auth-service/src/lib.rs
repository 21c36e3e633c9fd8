//! auth-service owns sessions: it creates, refreshes, validates and ends them. Clients store the
//! tokens. The database stores the session's metadata, and nothing that was derived from a token.
//!
//! Imports go in one direction: `app → grpc → domain → store`, with `tokens`, `passwords` and
//! `metrics` beside the store. `model` is plain data that all of them share.

pub mod app;
pub mod command;
pub mod config;
pub mod domain;
pub mod grpc;
pub mod metrics;
pub mod model;
pub mod passwords;
pub mod store;
pub mod tokens;
