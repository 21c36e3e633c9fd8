//! Plain data that every layer shares; it knows no library of theirs.

mod lives;
mod refusal;
mod scope;
mod session;
mod throttle;
mod user;

pub use lives::Lives;
pub use refusal::{EndReason, Refusal};
pub use scope::Scope;
pub use session::{Client, Generation, Session, SessionRecord};
pub use throttle::{Throttle, ThrottleKey, ThrottleLimits, Wait};
pub use user::{NewCustomer, Password, PasswordHash, User};
