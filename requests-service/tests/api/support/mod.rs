//! Helpers of the tests: a service, callers, rows.

mod partner_rows;
mod service;
mod tokens;

pub(crate) use partner_rows::{BranchRow, PartnerRow, start_without_partners};
pub(crate) use service::Service;
pub(crate) use testing::{
    refusals::reason,
    rows::{Row, range, seconds},
};
pub(crate) use tokens::{ADMIN, MANAGER, OPERATION, Tokens, of, partner};
