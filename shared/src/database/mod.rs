//! One way to reach either database: connections with their limits, and the
//! few places where PostgreSQL and SQLite speak differently.
//!
//! Statements themselves belong to each service's `store`.

mod connect;
mod dialect;
mod fault;
mod timestamp;

pub use connect::{
    ConnectError, Database, DatabaseUrl, InvalidDatabaseUrl, NEWEST_MIGRATION, PoolLimits,
};
pub use dialect::Dialect;
pub use fault::{Fault, fault};
