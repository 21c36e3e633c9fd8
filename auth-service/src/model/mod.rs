//! Plain data that every layer shares; it knows no library of theirs.

mod audit;
mod caller;
mod lives;
mod refresh_outcome;
mod refusal;
mod scope;
mod session;
mod throttle;
mod user;

pub use audit::{
    AuditCause, AuditEntry, AuditEvent, AuditEventType, AuditFilter, AuditOutcome, AuditPosition,
};
pub use caller::{Caller, Client};
pub use lives::Lives;
pub use refresh_outcome::RefreshOutcome;
pub use refusal::{EndReason, Refusal};
pub use scope::Scope;
pub use session::{Generation, Session, SessionRecord};
pub use throttle::{CountedAttempts, Throttle, ThrottleKey, ThrottleLimits, Wait};
pub use user::{NewCustomer, Password, PasswordHash, User};
