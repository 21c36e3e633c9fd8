//! Which connections a pool keeps: those that are alive, that may write, and that have no open
//! transaction.
//!
//! sqlx 0.9 counts transactions itself, and its count may differ from the database's. For example,
//! SQLite rolls a transaction back by itself when the disk is full. sqlx's own ROLLBACK then fails,
//! and its count stays at one. The next transaction on that connection is a savepoint. Rolling that
//! back leaves a transaction open, so that later writes are answered but never committed. Therefore
//! the pool checks the connection itself. A connection that is not clean is closed, which ends
//! whatever is open on it.

use super::{PoolLimits, fresh::Refusals};
use sqlx::{Connection, PgConnection, Postgres, SqlSafeStr as _, Sqlite, pool::PoolOptions};
use std::time::Duration;

/// An idle connection that does not answer for this long counts as dead. Its peer may have
/// vanished, and the kernel would wait for some 15 minutes.
pub(super) const SILENCE: Duration = Duration::from_millis(500);

tokio::task_local! {
    /// Whether a connection that this task takes is checked first, however long it was idle.
    static CHECKED: bool;
}

/// Runs a statement. If `first`, it runs on a connection that was checked right before.
pub(super) fn checked<F: Future>(first: bool, statement: F) -> impl Future<Output = F::Output> {
    CHECKED.scope(first, statement)
}

/// A pool of PostgreSQL's connections.
///
/// Checking a connection costs a round trip. So a connection is checked only before a statement
/// that writes outside of a transaction, and after it was idle for a while. When a connection is
/// given back, sqlx's count is enough, because only [`Database::begin`](super::Database::begin)
/// sends a BEGIN, and it waits for the answer.
pub(super) fn postgres(
    pool: PoolOptions<Postgres>,
    limits: PoolLimits,
    refusals: Refusals,
) -> PoolOptions<Postgres> {
    // until then, a statement that its caller gave up may still run
    let longest = limits.statement_timeout + SILENCE;
    pool.after_connect(move |connection, _| {
        let refusals = refusals.clone();
        Box::pin(async move { refusals.check(connection).await })
    })
    .before_acquire(move |connection, known| {
        let is_checked = known.idle_for >= limits.check_after
            || CHECKED.try_with(|checked| *checked).unwrap_or_default();
        Box::pin(async move {
            if is_checked {
                may_be_used(connection).await
            } else {
                Ok(true)
            }
        })
    })
    .after_release(move |connection, _| {
        Box::pin(async move {
            if connection.is_in_transaction() {
                return Ok(left_open());
            }
            // sqlx then pings, and waits for the answers that are still to come: for good
            answers(longest, connection.flush()).await??;
            Ok(true)
        })
    })
}

/// A pool of SQLite's connections. Each connection is checked after each use, within this process.
pub(super) fn sqlite(pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    pool.after_release(|connection, _| {
        Box::pin(async move {
            let is_clean = matches!(is_clean(connection).await, Ok(true));
            if !is_clean {
                // most often the disk is full, and the error of the failed statement says so
                tracing::info!("closing a connection on which a transaction was left open");
            }
            Ok(is_clean)
        })
    })
}

/// Checks that a connection is alive and has no open transaction.
pub(super) async fn may_be_used(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match answers(SILENCE, is_clean(connection)).await? {
        Ok(is_clean) => Ok(is_clean || left_open()),
        Err(error) => {
            tracing::info!(%error, "a connection died while it was idle; making another one");
            Ok(false)
        }
    }
}

/// Waits for an answer for this long. On the error, sqlx closes the connection without telling the
/// server.
pub(super) async fn answers<T>(
    time: Duration,
    answer: impl Future<Output = T>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(time, answer)
        .await
        .map_err(|elapsed| sqlx::Error::Io(elapsed.into()))
}

/// Whether no transaction is open on a connection, by sqlx's count and by the database's. sqlx
/// refuses `begin_with` if it counts an open transaction. Otherwise it sends the statement, which
/// begins none, and asks the database. `BeginFailed` then says that no transaction is open.
async fn is_clean<C: Connection>(connection: &mut C) -> Result<bool, sqlx::Error> {
    match connection.begin_with("SELECT 1".into_sql_str()).await {
        Err(sqlx::Error::BeginFailed) => Ok(true),
        Ok(_) | Err(sqlx::Error::InvalidSavePointStatement) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Warns that a connection of PostgreSQL is closed: something else than
/// [`Database::begin`](super::Database::begin) has sent a BEGIN.
fn left_open() -> bool {
    tracing::warn!("closing a connection on which a transaction was left open");
    false
}
