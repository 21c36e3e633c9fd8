//! The tables that auth-service writes, as SeaORM knows them. They name only
//! columns that every database has once it is migrated.

pub mod audit_event;
pub mod customer;
pub mod throttle;
pub mod user;
pub mod user_session;
