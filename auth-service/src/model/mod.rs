//! Plain data that every layer shares; it knows no library of theirs.

mod audit;
mod caller;
mod cause;
mod lifetimes;
mod scope;
mod session;
mod texts;
mod throttle;
mod user;

pub use audit::{AuditEntry, AuditEvent, AuditEventType, AuditFilter, AuditOutcome, AuditPosition};
pub use caller::{Caller, Client};
pub use cause::{Cause, EndReason, Refusal};
pub use lifetimes::Lifetimes;
pub(crate) use lifetimes::SECONDS;
pub use scope::Scope;
pub use session::{Generation, Holder, LookedUp, Session, SessionRecord};
pub use throttle::{CountedAttempts, Throttle, ThrottleKey, ThrottleLimits, Wait};
pub use user::{NewCustomer, Password, PasswordHash, User};
