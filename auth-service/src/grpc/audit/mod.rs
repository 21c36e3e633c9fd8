//! ListAuditEvents on the wire.

mod parse;
mod render;

pub(super) use parse::list;
pub(super) use render::page;

/// The prefix of a cause's name in the contract.
const CAUSE_PREFIX: &str = "AUDIT_CAUSE_";
