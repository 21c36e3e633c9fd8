//! SeaORM entities for the tables that auth-service writes. They contain only columns that every
//! migrated database has.

pub mod audit_event;
pub mod customer;
pub mod throttle;
pub mod user;
pub mod user_session;
