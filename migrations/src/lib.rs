//! The schema of the database: what `migrate up` makes, what `down` drops, and what the bookkeeping
//! says about both.
//!
//! The services read the bookkeeping to find out whether they may serve. They never change the
//! schema.
//!
//! A database of the old application is taken over in place, and can be given back. The
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
