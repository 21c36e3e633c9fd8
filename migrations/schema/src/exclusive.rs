//! One `migrate` at a time: the transaction in which a command does all its work.

use crate::{error::MigrateError, query};
use database::{Database, Dialect};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};
use std::time::{Duration, Instant};

/// How long a command waits for another one to end.
const WAIT: Duration = Duration::from_mins(1);
/// How often it asks.
const PAUSE: Duration = Duration::from_millis(200);

/// Only `migrate` takes this one: "ticketin" in ASCII.
pub(crate) const ADVISORY_LOCK: i64 = 0x7469_636b_6574_696e;

/// Where PostgreSQL can (14 and newer), it looks whether `migrate` is still there, so
/// that a stop ends also what the server does for long.
pub(crate) const END_WITH_THE_CLIENT: &str = "
    DO $$ BEGIN
        SET client_connection_check_interval = '2s';
    EXCEPTION WHEN undefined_object OR feature_not_supported OR invalid_parameter_value THEN
        NULL;
    END $$";

/// A table in use is left to its users, not queued for: what queues for a lock stops
/// everyone behind it. Building an index, on the other hand, may take its time.
pub const LIMITS: &str = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = 0";

/// Begins the transaction, alone on the database among its kind: by an advisory
/// lock on PostgreSQL, as the one writer on SQLite. What ends it, however it ends,
/// gives that up again.
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

/// Begins a transaction that the caller rolls back, to see what can be done; other runs
/// may be at work meanwhile. It may write: that the extension can be made is seen by
/// making it.
pub async fn begin_to_try(database: &Database) -> Result<DatabaseTransaction, MigrateError> {
    let transaction = database.begin().await?.with_savepoints();
    if database.dialect() == Dialect::Postgres {
        transaction.execute_unprepared(LIMITS).await?;
    }
    Ok(transaction)
}

/// For how long a lock is asked for again and again. That is not left to the
/// database: a statement that waits there holds a snapshot, and an index that the
/// other `migrate` builds concurrently would wait for that in turn.
pub(crate) struct Patience(Instant);

impl Patience {
    /// Begins now.
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// Waits a little; an error where it has come to its end.
    pub(crate) async fn pause(&self) -> Result<(), MigrateError> {
        if self.0.elapsed() >= WAIT {
            return Err(MigrateError::Busy);
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}
