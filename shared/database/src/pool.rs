//! Statements outside of transactions, and the beginning of transactions. Only this module repeats
//! a statement because its connection was lost.
//!
//! A connection may die at any time without notice: the server restarts, an operator ends its
//! backends, a proxy loses it. Checking it before each use would cost a round trip. So a statement
//! that only reads, and a BEGIN, are sent at once, and once more on another connection if theirs is
//! lost. A statement that writes is sent once, on a connection that was checked right before,
//! because a write without an answer may have taken effect.

use super::{
    Database, Dialect, Transaction, clean,
    fault::{is_lost, was_not_sent},
    fresh::Refusals,
    run_to_end, within,
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
    error::ConnAcquireErr, prelude::async_trait::async_trait,
};
use sqlx::{PgConnection, PgPool, SqlitePool, pool::PoolConnection};
use std::sync::Arc;

/// How many times a statement is tried at most. From the second attempt on, its connection is
/// checked first, so that the attempt fails only if the database becomes unreachable again.
const ATTEMPTS: u32 = 3;

/// Connections to one database. Each statement takes a connection of its own. Only
/// [`Database::begin`] begins a transaction.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) connections: DatabaseConnection,
    pub(super) refusals: Refusals,
}

impl Pool {
    /// The underlying pool, for what SeaORM does not support, such as COPY.
    #[must_use]
    pub fn get_postgres_connection_pool(&self) -> &PgPool {
        self.connections.get_postgres_connection_pool()
    }

    /// The same for SQLite.
    #[must_use]
    pub fn get_sqlite_connection_pool(&self) -> &SqlitePool {
        self.connections.get_sqlite_connection_pool()
    }

    /// Runs a statement on a connection of the pool. If `check_first`, the connection was checked right
    /// before.
    async fn run<T, F>(&self, check_first: bool, statement: impl Fn() -> F) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        // it is large, and would be moved several times
        let statement = || Box::pin(clean::checked(check_first, statement()));
        let outcome = self.refusals.run(self.has_idle(), statement).await;
        outcome.unwrap_or_else(|why| {
            let error = sqlx::Error::Configuration(why.into());
            Err(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))))
        })
    }

    /// Whether the pool has an idle connection.
    pub(super) fn has_idle(&self) -> bool {
        match self.get_database_backend() {
            DbBackend::Postgres => self.get_postgres_connection_pool().num_idle() > 0,
            // SQLite's connections are never refused
            _ => true,
        }
    }

    /// Takes a connection of PostgreSQL out of the pool, with settings of its own. The pool no
    /// longer counts it.
    pub async fn connection_to_keep(&self) -> Result<PgConnection, DbErr> {
        let acquire = async || {
            let connection = self.get_postgres_connection_pool().acquire().await;
            connection.map_err(|error| match error {
                sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
                error => DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))),
            })
        };
        self.run(true, acquire).await.map(PoolConnection::detach)
    }

    /// Closes all connections as soon as they are idle.
    pub async fn close_by_ref(&self) -> Result<(), DbErr> {
        self.connections.close_by_ref().await
    }
}

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.connections.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let effect = Effect::of(&statement.sql);
        let execute = || self.connections.execute_raw(statement.clone());
        let attempt = |check_first| self.run(check_first, execute);
        answered(effect, attempt).await
    }

    async fn execute_unprepared(&self, script: &str) -> Result<ExecResult, DbErr> {
        let execute = || self.connections.execute_unprepared(script);
        let attempt = |check_first| self.run(check_first, execute);
        answered(Effect::Writes, attempt).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        // sqlx on SQLite stops at the first row, and does not report that the statement failed
        // afterwards
        let rows = self.query_all_raw(statement).await?;
        Ok(rows.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let effect = Effect::of(&statement.sql);
        let query = || self.connections.query_all_raw(statement.clone());
        let attempt = |check_first| self.run(check_first, query);
        answered(effect, attempt).await
    }
}

impl Database {
    /// Begins a transaction. On SQLite it begins as a writer, because a reader that becomes a
    /// writer is refused at once while another one writes.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        answered(Effect::Reads, |check_first| self.begin_once(check_first)).await
    }

    /// Begins in a task of its own, which continues if the caller gives up. Otherwise sqlx 0.9
    /// would give the connection back to the pool inside the transaction, and later writes on it
    /// would be answered but never committed.
    async fn begin_once(&self, check_first: bool) -> Result<Transaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: match self.dialect {
                Dialect::Postgres => None,
                Dialect::Sqlite => Some(SqliteTransactionMode::Immediate),
            },
            ..TransactionOptions::default()
        };
        // waits for a connection, and on SQLite for another writer
        let longest = self.limits.acquire_timeout * 2 + clean::SILENCE;
        let pool = self.pool.clone();
        let begin = async move {
            let begin = || pool.connections.begin_with_options(options);
            pool.run(check_first, begin).await
        };
        let begun = run_to_end(within(longest, begin)).await;
        begun.map(Transaction::new)
    }

    /// Reads in a transaction, which `read` commits. Tries once more if its connection is lost.
    pub async fn read<T, F>(&self, read: impl Fn(Transaction) -> F) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        let read = &read;
        let attempt = |check_first| async move { read(self.begin_once(check_first).await?).await };
        answered(Effect::Reads, attempt).await
    }
}

/// Whether a statement changes rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    Writes,
}

impl Effect {
    /// A statement that begins with SELECT changes nothing, because our statements call no function
    /// that writes. All other statements count as writes.
    fn of(statement: &str) -> Self {
        let word = statement.trim_start().split(char::is_whitespace).next();
        if word.is_some_and(|word| word.eq_ignore_ascii_case("SELECT")) {
            Self::Reads
        } else {
            Self::Writes
        }
    }
}

/// Sends a statement until it is answered. While it could not be sent, it is tried up to
/// [`ATTEMPTS`] times. If it reads and its answer was lost, it is sent once more. The attempt is
/// told whether to check its connection first.
pub(super) async fn answered<T, F>(effect: Effect, attempt: impl Fn(bool) -> F) -> Result<T, DbErr>
where
    F: Future<Output = Result<T, DbErr>>,
{
    let mut check_first = effect == Effect::Writes;
    let mut may_be_sent_again = effect == Effect::Reads;
    for _ in 1..ATTEMPTS {
        match attempt(check_first).await {
            Err(error) if was_not_sent(&error) => {
                tracing::info!(%error, "no connection to the database; trying another one");
            }
            Err(error) if may_be_sent_again && is_lost(&error) => {
                may_be_sent_again = false;
                tracing::info!(%error, "a connection to the database was lost; trying another one");
            }
            outcome => return outcome,
        }
        check_first = true;
    }
    attempt(check_first).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io,
        sync::atomic::{AtomicUsize, Ordering},
    };

    #[tokio::test]
    async fn an_unsent_statement_is_tried_three_times_and_a_reading_one_is_sent_twice() {
        let broken = || {
            let broken = io::Error::from(io::ErrorKind::ConnectionReset);
            RuntimeErr::SqlxError(Arc::new(broken.into()))
        };
        let not_sent = || DbErr::Conn(broken());
        let lost = || DbErr::Query(broken());
        let tried = async |effect, errors: &[DbErr]| {
            let next = AtomicUsize::new(0);
            let attempt = |_check_first| {
                let error = errors.get(next.fetch_add(1, Ordering::SeqCst)).cloned();
                async { error.map_or(Ok(()), Err) }
            };
            let outcome = answered(effect, attempt).await;
            (next.into_inner(), outcome.is_ok())
        };
        for effect in [Effect::Reads, Effect::Writes] {
            assert_eq!(tried(effect, &[]).await, (1, true));
            assert_eq!(tried(effect, &[not_sent(), not_sent()]).await, (3, true));
            assert_eq!(
                tried(effect, &[not_sent(), not_sent(), not_sent()]).await,
                (3, false)
            );
        }
        assert_eq!(tried(Effect::Reads, &[lost()]).await, (2, true));
        assert_eq!(tried(Effect::Reads, &[lost(), lost()]).await, (2, false));
        assert_eq!(tried(Effect::Writes, &[lost()]).await, (1, false));
    }

    #[test]
    fn only_what_begins_with_select_is_known_to_read() {
        for reads in ["SELECT 1", "\n    SELECT EXISTS (", "select\n1"] {
            assert_eq!(Effect::of(reads), Effect::Reads, "{reads}");
        }
        for writes in [
            "",
            "UPDATE users SET id = 1 RETURNING id",
            "WITH gone AS (DELETE FROM users RETURNING id) SELECT id FROM gone",
            "SELECTED",
            "(SELECT 1)",
            "-- SELECT\nDELETE FROM users",
        ] {
            assert_eq!(Effect::of(writes), Effect::Writes, "{writes}");
        }
    }
}
