//! Which connections a pool keeps: those that live, that may write, and that no
//! transaction is open on.
//!
//! sqlx 0.9 counts transactions itself, and its count may differ from what the database
//! knows. SQLite rolls back by itself when its disk is full; sqlx's own ROLLBACK then
//! fails and its count stays at one. The next transaction on that connection is a savepoint,
//! and to roll that back leaves a transaction open: what is written and committed from then
//! on is answered and never kept. So the connection itself is asked, and what is not clean is
//! closed, which ends whatever is open on it.

use sqlx::{
    Connection as _, PgConnection, Postgres, Sqlite, SqliteConnection,
    pool::{PoolConnectionMetadata, PoolOptions},
};
use std::time::Duration;

/// A connection that was idle for as long is asked before it is used.
const IDLE: Duration = Duration::from_secs(5);

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
/// To ask a connection costs a round trip, so it is done only before a statement that writes
/// outside of a transaction, and after a while. sqlx's count is right here as long as who
/// sends a BEGIN waits for its answer, and [`Database::begin`](super::Database::begin), the
/// one place that sends it, does.
pub(super) fn postgres(pool: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
    pool.after_connect(|connection, _| Box::pin(refuse_read_only(connection)))
        .before_acquire(|connection, known| Box::pin(may_be_used(connection, known)))
        .after_release(|connection, _| {
            let is_clean = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_clean || left_open()) })
        })
}

/// A pool of SQLite's connections. Each is asked after each use, within this process.
pub(super) fn sqlite(pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    pool.after_release(|connection, _| {
        Box::pin(async move {
            let is_clean = is_clean_sqlite(connection).await;
            if !is_clean {
                // the disk is full, most often, and the statement that failed says so
                tracing::info!("a connection is closed, since a transaction was left open on it");
            }
            Ok(is_clean)
        })
    })
}

/// A standby, or a primary that was deposed, must not answer: what it says of a
/// session may be outdated.
async fn refuse_read_only(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let read_only: String = sqlx::query_scalar("SHOW transaction_read_only")
        .fetch_one(connection)
        .await?;
    if read_only == "off" {
        Ok(())
    } else {
        Err(sqlx::Error::Configuration("the server is read-only".into()))
    }
}

async fn may_be_used(
    connection: &mut PgConnection,
    known: PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    let is_to_be_asked = ASKED.try_with(|asked| *asked).unwrap_or_default();
    if known.idle_for < IDLE && !is_to_be_asked {
        return Ok(true);
    }
    match is_clean_postgres(connection).await {
        Ok(is_clean) => Ok(is_clean || left_open()),
        Err(error) => {
            tracing::info!(%error, "a connection died while it was idle; another one is made");
            Ok(false)
        }
    }
}

/// Whether no transaction is open on it: sqlx learns the state with each answer, and tells
/// it by the error of a "BEGIN" that did not begin anything.
async fn is_clean_postgres(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match connection.begin_with("SHOW transaction_read_only").await {
        Err(sqlx::Error::BeginFailed) => Ok(true),
        Ok(_open) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether no transaction is open on it, neither by sqlx's count nor by SQLite's: each of
/// them refuses to begin one within another. This one takes no lock.
async fn is_clean_sqlite(connection: &mut SqliteConnection) -> bool {
    match connection.begin_with("BEGIN").await {
        Ok(transaction) => transaction.rollback().await.is_ok(),
        Err(_) => false,
    }
}

/// Warns that a connection of PostgreSQL is closed: there is a BEGIN that
/// [`Database::begin`](super::Database::begin) did not send.
fn left_open() -> bool {
    tracing::warn!("a transaction was left open on a connection, which is closed");
    false
}
