//! What the words of the contract mean: log in, register, refresh, revoke,
//! validate, list, the audit log, and the keys to verify with.

mod audit_log;
mod change_password;
mod end_in_batches;
mod error;
mod grant;
mod jwks;
mod list;
mod list_audit;
mod log_in;
mod lookups;
mod refresh;
mod refresh_decision;
#[cfg(test)]
mod refresh_model;
mod revoke;
mod revoke_users;
mod standing;
mod used_marks;
mod validate;

pub use audit_log::AuditLog;
pub use end_in_batches::{Progress, end_in_batches};
pub use error::AuthError;
pub use grant::Grant;
pub use jwks::Jwks;
pub use list::SessionPage;
pub use list_audit::AuditPage;
pub use lookups::{Lookups, MAX_BATCH, MAX_QUEUE};
pub use refresh_decision::{Again, Decision, Ending, InForce, access_expiry, decide, slide};
pub use revoke_users::Revocation;
pub use standing::{Dead, standing};
pub use used_marks::UsedMarks;
pub use validate::Validated;

use crate::{
    model::Lives,
    passwords::{Passwords, Scheme},
    store::Store,
    tokens::Tokens,
};
use std::sync::Arc;

/// Everything that can be done with a session.
#[derive(Clone, Debug)]
pub struct Sessions {
    pub(crate) store: Store,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) passwords: Passwords,
    pub(crate) scheme: Scheme,
    pub(crate) lookups: Lookups,
    pub(crate) used_marks: UsedMarks,
    pub(crate) audit_log: AuditLog,
    pub(crate) lives: Lives,
}
