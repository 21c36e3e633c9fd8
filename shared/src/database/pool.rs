//! Statements outside of a transaction, and what begins one.

use super::{Database, Dialect, Transaction, clean};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
    prelude::async_trait::async_trait,
};
use sqlx::{PgPool, SqlitePool};
use tracing::Instrument as _;

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
        let writes = Effect::of(&statement.sql) == Effect::Writes;
        clean::asked(writes, self.0.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, script: &str) -> Result<ExecResult, DbErr> {
        clean::asked(true, self.0.execute_unprepared(script)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        if Effect::of(&statement.sql) == Effect::Writes {
            // sqlx on SQLite stops at the first row, and hides that the write then failed
            let rows = self.query_all_raw(statement).await?;
            return Ok(rows.into_iter().next());
        }
        self.0.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let writes = Effect::of(&statement.sql) == Effect::Writes;
        clean::asked(writes, self.0.query_all_raw(statement)).await
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
        let Pool(connection) = self.pool.clone();
        let beginning = async move { connection.begin_with_options(options).await };
        let begun = tokio::spawn(beginning.in_current_span())
            .await
            .map_err(|stopped| DbErr::Conn(RuntimeErr::Internal(stopped.to_string())))?;
        Ok(Transaction::new(begun?))
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
