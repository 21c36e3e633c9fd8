//! auth-service owns sessions: it creates, refreshes, validates and ends them.
//! Tokens live with the client; the database holds the session's metadata and
//! nothing that was derived from a token.

pub mod model;
pub mod passwords;
pub mod store;
pub mod tokens;
