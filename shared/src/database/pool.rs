//! Statements outside of a transaction, and what begins one; what is asked again when a
//! connection is lost.
//!
//! A connection may die at any time without notice: the server restarts, an operator ends
//! its backends, a proxy loses it. To look before each use would cost a round trip. So a
//! statement that only reads, and a BEGIN, are sent without a look, and again on another
//! connection if theirs is lost. A statement that writes is sent once, on a connection that
//! answered right before, since nobody knows what became of one that got no answer.

use super::{
    Database, Dialect, Transaction, clean,
    fault::{is_lost, was_not_sent},
    run_to_end, within,
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
    prelude::async_trait::async_trait,
};
use sqlx::{PgPool, SqlitePool};

/// How often a statement is sent at most. The second time its connection is asked first,
/// so that it fails only if the database goes away once more.
const ATTEMPTS: u32 = 3;

/// Connections to one database. Each statement takes one for itself; only
/// [`Database::begin`] begins a transaction.
#[derive(Clone, Debug)]
pub struct Pool(pub(super) DatabaseConnection);

impl Pool {
    /// The pool below, for what SeaORM has no word for: COPY, or a connection to keep.
    #[must_use]
    pub fn get_postgres_connection_pool(&self) -> &PgPool {
        self.0.get_postgres_connection_pool()
    }

    /// The same of SQLite.
    #[must_use]
    pub fn get_sqlite_connection_pool(&self) -> &SqlitePool {
        self.0.get_sqlite_connection_pool()
    }

    /// Closes all connections, as soon as they are not in use.
    pub async fn close_by_ref(&self) -> Result<(), DbErr> {
        self.0.close_by_ref().await
    }
}

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let effect = Effect::of(&statement.sql);
        let attempt = |asked| clean::asked(asked, self.0.execute_raw(statement.clone()));
        answered(effect, attempt).await
    }

    async fn execute_unprepared(&self, script: &str) -> Result<ExecResult, DbErr> {
        let attempt = |asked| clean::asked(asked, self.0.execute_unprepared(script));
        answered(Effect::Writes, attempt).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        // sqlx on SQLite stops at the first row, and hides that the statement then failed
        let rows = self.query_all_raw(statement).await?;
        Ok(rows.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let effect = Effect::of(&statement.sql);
        let attempt = |asked| clean::asked(asked, self.0.query_all_raw(statement.clone()));
        answered(effect, attempt).await
    }
}

impl Database {
    /// Begins a transaction; on SQLite as the writer that it will be, since a
    /// reader that turns writer is refused at once when another one writes.
    ///
    /// It begins in a task of its own, which a caller that gives up does not end:
    /// sqlx 0.9 would give the connection back to the pool inside the transaction,
    /// and what is written on it next would be answered and never committed (P1).
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: match self.dialect {
                Dialect::Postgres => None,
                Dialect::Sqlite => Some(SqliteTransactionMode::Immediate),
            },
            ..TransactionOptions::default()
        };
        // to wait for a connection, and on SQLite for another writer
        let longest = self.limits.acquire_timeout * 2 + clean::SILENCE;
        let attempt = |asked| {
            let Pool(connection) = self.pool.clone();
            let begin = async move { connection.begin_with_options(options).await };
            run_to_end(within(longest, clean::asked(asked, begin)))
        };
        answered(Effect::Reads, attempt).await.map(Transaction::new)
    }

    /// Runs what only reads, and takes a transaction to do so; again if its connection is
    /// lost.
    pub async fn read<T, F>(&self, read: impl Fn() -> F) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        answered(Effect::Reads, |_asked| read()).await
    }
}

/// What a statement does to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Reads,
    Writes,
}

impl Effect {
    /// What begins with SELECT changes nothing, since no statement of ours calls a function
    /// that does; of all others nothing is known.
    fn of(statement: &str) -> Self {
        let word = statement.trim_start().split(char::is_whitespace).next();
        if word.is_some_and(|word| word.eq_ignore_ascii_case("SELECT")) {
            Self::Reads
        } else {
            Self::Writes
        }
    }
}

/// Sends a statement until it is answered, as often as its effect allows. The attempt is
/// told whether its connection is to be asked first.
async fn answered<T, F>(effect: Effect, attempt: impl Fn(bool) -> F) -> Result<T, DbErr>
where
    F: Future<Output = Result<T, DbErr>>,
{
    let (mut asked, may_be_repeated): (_, fn(&DbErr) -> bool) = match effect {
        Effect::Reads => (false, is_lost),
        Effect::Writes => (true, was_not_sent),
    };
    for _ in 1..ATTEMPTS {
        match attempt(asked).await {
            Err(error) if may_be_repeated(&error) => {
                tracing::info!(%error, "a connection was lost; trying another one");
            }
            outcome => return outcome,
        }
        asked = true;
    }
    attempt(asked).await
}

#[cfg(test)]
mod tests {
    use super::*;

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
