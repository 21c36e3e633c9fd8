//! The schema of the one database, and how it comes about: what `migrate up`
//! makes, what `down` drops again, and what the bookkeeping says of both.
//!
//! The services read the bookkeeping to tell whether they may serve (the last of the migrations);
//! they never change the schema themselves.
//!
//! A database of the old application is taken over in place, and given back: the
//! documentation of the module `adopt` says what that changes, locks and stops.

mod adopt;
mod bookkeeping;
mod down;
mod error;
mod exclusive;
mod found;
mod grants;
mod indexes;
mod letters;
mod migration;
mod purge;
mod query;
mod report;
mod rights;
mod session;
mod status;
mod step_two;
mod taken;
mod trigrams;
mod up;

pub use down::{Down, down, fresh, plan_down};
pub use error::MigrateError;
pub use grants::{Grants, PRIVILEGES, Roles, Service, TablePrivileges, grant, plan_grants};
pub use migration::{NAMES, SEED};
pub use purge::purge_audit;
pub use report::{Report, Tell};
pub use status::status;
pub use up::{plan_up, up};
