//! The schema of the one database, and how it comes about: what `migrate up`
//! makes, what `down` drops again, and what the bookkeeping says of both.
//!
//! The services read the bookkeeping to tell whether they may serve ([`NEWEST`]);
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

pub use bookkeeping::Origin;
pub use down::{Down, down, down_telling, fresh, fresh_telling, plan_down};
pub use error::MigrateError;
pub use found::Names;
pub use grants::{Grants, PRIVILEGES, Roles, Service, TablePrivileges, grant, plan_grants};
pub use migration::{NAMES, NEWEST, SEED};
pub use purge::{Age, InvalidAge, purge_audit};
pub use report::{Plan, Report, Tell};
pub use status::{State, Status, applied, status};
pub use up::{plan_up, up, up_telling};
