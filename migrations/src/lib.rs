//! The schema of the one database, and how it comes about: what `migrate up`
//! makes, what `down` drops again, and what the bookkeeping says of both.
//!
//! The services read the bookkeeping to tell whether they may serve;
//! they never change the schema themselves.
//!
//! A database of the old application is taken over in place, and given back: the
//! documentation of the crate [`adopt`] says what that changes, locks and stops.

mod down;
mod grants;
mod purge;
mod status;
mod step_two;
mod up;

pub use down::{Down, down, fresh, plan_down};
pub use grants::{Grants, PRIVILEGES, Roles, Service, TablePrivileges, grant, plan_grants};
pub use purge::purge_audit;
pub use schema::{
    error::MigrateError,
    migration::{NAMES, SEED},
    report::{Report, Tell},
};
pub use status::status;
pub use up::{plan_up, up};
