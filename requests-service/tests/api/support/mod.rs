//! What the tests stand on: a served service, callers, rows.

mod partner_rows;
mod rows;
mod service;
mod tokens;

pub(crate) use partner_rows::{BranchRow, PartnerRow, start_without_partners};
pub(crate) use rows::{Row, range, script, seconds};
pub(crate) use service::{Service, reason};
pub(crate) use tokens::{ADMIN, MANAGER, OPERATION, Tokens, of, partner};
