//! Which connections a pool keeps: those that live, that may write, and that have no open
//! transaction.
//!
//! sqlx 0.9 counts transactions itself, and its count may differ from what the database knows.
//! If the disk is full, SQLite rolls back by itself. sqlx's own ROLLBACK then fails, and its
//! count stays at one. The next transaction on that connection is a savepoint. To roll that
//! back leaves a transaction open, so that later writes are answered and never kept. For that
//! reason the connection itself is asked. One that is not clean is closed, which ends whatever
//! is open on it.

use super::{PoolLimits, fresh::Refusals};
use sqlx::{Connection, PgConnection, Postgres, SqlSafeStr as _, Sqlite, pool::PoolOptions};
use std::time::Duration;

/// A connection that does not answer for this long is taken for dead, if it has nothing to do.
/// Its peer may have gone without a word, and the kernel would wait for it for some 15 minutes.
pub(super) const SILENCE: Duration = Duration::from_millis(500);

tokio::task_local! {
    /// Whether a connection that this task takes is asked, however long it was idle.
    static ASKED: bool;
}

/// Runs a statement; if `first`, on a connection that was asked right before.
pub(super) fn asked<F: Future>(first: bool, statement: F) -> impl Future<Output = F::Output> {
    ASKED.scope(first, statement)
}

/// A pool of PostgreSQL's connections.
///
/// To ask a connection costs a round trip. So it is asked only before a statement that writes
/// outside of a transaction, and after it was idle for a while. When it is given back, what
/// sqlx counts is enough, because whoever sends a BEGIN waits for its answer:
/// [`Database::begin`](super::Database::begin) alone sends it.
pub(super) fn postgres(
    pool: PoolOptions<Postgres>,
    limits: PoolLimits,
    refusals: Refusals,
) -> PoolOptions<Postgres> {
    // a statement that its caller gave up may be at work until then
    let longest = limits.statement_timeout + SILENCE;
    pool.after_connect(move |connection, _| {
        let refusals = refusals.clone();
        Box::pin(async move { refusals.check(connection).await })
    })
    .before_acquire(move |connection, known| {
        let is_asked = known.idle_for >= limits.ask_after
            || ASKED.try_with(|asked| *asked).unwrap_or_default();
        Box::pin(async move {
            if is_asked {
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

/// A pool of SQLite's connections. Each is asked after each use, within this process.
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

/// Whether a connection lives, and has no open transaction. It is asked.
pub(super) async fn may_be_used(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match answers(SILENCE, is_clean(connection)).await? {
        Ok(is_clean) => Ok(is_clean || left_open()),
        Err(error) => {
            tracing::info!(%error, "a connection died while it was idle; making another one");
            Ok(false)
        }
    }
}

/// Waits for an answer for this long. By the error sqlx closes the connection, without another
/// word to the server.
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
