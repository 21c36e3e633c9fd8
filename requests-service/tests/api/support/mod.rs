//! What the tests stand on: a served service, callers, rows.

mod rows;
mod service;
mod tokens;

pub(crate) use rows::{Row, range, script, seconds};
pub(crate) use service::{Service, reason};
pub(crate) use tokens::{ADMIN, OPERATION, Tokens, of, partner};
