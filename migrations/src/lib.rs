//! The schema of the one database, and how it comes about: what `migrate up`
//! makes, what `down` drops again, and what the bookkeeping says of both.
//!
//! The services read the bookkeeping to tell whether they may serve ([`NEWEST`]);
//! they never change the schema themselves.

mod bookkeeping;
mod command;
mod error;
mod exclusive;
mod found;
mod migration;
mod report;

pub use bookkeeping::Origin;
pub use command::{applied, down, fresh, status, up};
pub use error::MigrateError;
pub use found::Names;
pub use migration::{NEWEST, SEED};
pub use report::{Report, State, Status};
