//! ListAuditEvents on the wire.

mod page_token;
mod parse;
mod render;

pub(super) use parse::list;
pub(super) use render::page;
