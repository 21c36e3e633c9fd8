//! Lets one `migrate` work at a time: the transaction in which a command does its work.

use crate::{error::MigrateError, query};
use database::{Database, Dialect};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};
use std::time::{Duration, Instant};

/// How long a command waits until another one ends.
const WAIT: Duration = Duration::from_mins(1);
/// How often it tries.
const PAUSE: Duration = Duration::from_millis(200);

/// The advisory lock of `migrate`: "ticketin" in ASCII.
pub(crate) const ADVISORY_LOCK: i64 = 0x7469_636b_6574_696e;

/// If PostgreSQL can (14 and newer), it checks whether `migrate` is still connected. So a stop also
/// ends long statements on the server.
pub(crate) const END_WITH_THE_CLIENT: &str = "
    DO $$ BEGIN
        SET client_connection_check_interval = '2s';
    EXCEPTION WHEN undefined_object OR feature_not_supported OR invalid_parameter_value THEN
        NULL;
    END $$";

/// The time limit of locks. A statement that waits for a table's lock blocks everyone behind it, so
/// it gives up soon. Building an index may take longer.
pub const LIMITS: &str = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = 0";

/// Begins the transaction while no other `migrate` works: with an advisory lock on PostgreSQL, and
/// as the one writer on SQLite. The end of the transaction releases the lock.
pub async fn begin(database: &Database) -> Result<DatabaseTransaction, MigrateError> {
    let transaction = begin_to_try(database).await?;
    if database.dialect() == Dialect::Postgres {
        transaction.execute_unprepared(END_WITH_THE_CLIENT).await?;
        lock(&transaction).await?;
    }
    Ok(transaction)
}

async fn lock(transaction: &DatabaseTransaction) -> Result<(), MigrateError> {
    let lock = format!("SELECT pg_try_advisory_xact_lock({ADVISORY_LOCK})");
    let patience = Patience::begin();
    loop {
        if query::row(transaction, &lock).await? {
            return Ok(());
        }
        patience.pause().await?;
    }
}

/// Begins a transaction that the caller rolls back, to find out what can be done. Other runs may
/// work meanwhile. The transaction may write, because the only way to find out whether the
/// extension can be created is to create it.
pub async fn begin_to_try(database: &Database) -> Result<DatabaseTransaction, MigrateError> {
    let transaction = database.begin().await?.with_savepoints();
    if database.dialect() == Dialect::Postgres {
        transaction.execute_unprepared(LIMITS).await?;
    }
    Ok(transaction)
}

/// How long to try for a lock. The database does not wait for it, because a waiting statement would
/// hold a snapshot, and an index that the other `migrate` builds concurrently would wait for that
/// snapshot.
pub(crate) struct Patience(Instant);

impl Patience {
    /// Begins now.
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// Waits for a moment; an error when the time is over.
    pub(crate) async fn pause(&self) -> Result<(), MigrateError> {
        if self.0.elapsed() >= WAIT {
            return Err(MigrateError::Busy);
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}
