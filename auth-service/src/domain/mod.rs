//! The logic of auth-service: log-in, registration, refresh, revocation, validation, lists, the
//! audit log, and the public keys.

mod audit_log;
mod batches;
mod change_password;
mod end_in_batches;
mod endings;
mod error;
mod first_uses;
mod issuer;
mod jwks;
mod list;
mod list_audit;
mod log_in;
mod lookups;
mod refresh;
mod refresh_decision;
mod refused;
mod revoke;
mod revoke_users;
mod session_status;
mod stored_hash;
mod throttle;
mod validate;
mod walk;

pub use audit_log::AuditLog;
pub use change_password::PasswordChanges;
pub use end_in_batches::{BatchEnding, Progress, end_in_batches};
pub use endings::Endings;
pub use error::AuthError;
pub use first_uses::FirstUses;
pub use issuer::{IssuedPair, Issuer};
pub use jwks::Jwks;
pub use list::{Lists, SessionPageSize};
pub use list_audit::AuditPageSize;
pub use log_in::LogIns;
pub use lookups::{Lookups, MAX_BATCH, MAX_QUEUE};
pub use refresh::Refreshes;
pub use refresh_decision::{Decision, Ending, InForce, Reissue, access_expiry, decide, slide};
pub use refused::RefusedSessions;
pub use revoke::Revocations;
pub use revoke_users::Revocation;
pub use session_status::{SessionStatus, active_user};
pub use stored_hash::StoredHashes;
pub use throttle::{TakeBacks, Throttles};
pub use validate::{Validated, Validations};
