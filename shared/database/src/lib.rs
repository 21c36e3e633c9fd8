//! Access to both databases: connections with their limits, the few differences between PostgreSQL
//! and SQLite, and the retention of old rows.
//!
//! All other statements belong to the `store` of a service.

mod clean;
mod condition;
mod connect;
mod dialect;
mod fault;
mod fresh;
mod kept;
mod metrics;
mod pool;
mod retention;
mod to_end;
mod transaction;
mod url;

pub use condition::Condition;
pub use connect::{ConnectError, Database, NEWEST_MIGRATION, PoolLimits};
pub use dialect::Dialect;
pub use fault::{Fault, fault, had_no_effect};
pub use kept::{KeptConnection, KeptQuery};
pub use metrics::PoolMetrics;
pub use pool::Pool;
pub use retention::{PURGE_LOCK, PurgeError, Retention};
pub use to_end::{run_to_end, within};
pub use transaction::Transaction;
pub use url::{DatabaseUrl, InvalidDatabaseUrl};
