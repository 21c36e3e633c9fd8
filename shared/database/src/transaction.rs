//! Transactions.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    prelude::async_trait::async_trait,
};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A transaction. If it is dropped before [`Transaction::commit`], it changes nothing.
///
/// It ends with the first statement that fails, or that its caller does not wait for. After that,
/// no further statement runs, and `commit` fails. Without this rule, the databases would answer OK:
/// PostgreSQL answers the COMMIT of a failed transaction and rolls it back, and SQLite may have
/// rolled it back by itself and then keeps each later statement.
#[derive(Debug)]
pub struct Transaction {
    inner: DatabaseTransaction,
    failed: AtomicBool,
}

impl Transaction {
    pub(super) fn new(inner: DatabaseTransaction) -> Self {
        Self {
            inner,
            failed: AtomicBool::new(false),
        }
    }

    /// Commits all changes.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.check()?;
        self.inner.commit().await
    }

    /// Rolls all changes back.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }

    /// SeaORM's transaction, in which a statement may fail: the caller then rolls back to a
    /// savepoint.
    #[must_use]
    pub fn with_savepoints(self) -> DatabaseTransaction {
        self.inner
    }

    fn check(&self) -> Result<(), DbErr> {
        if self.failed.load(Relaxed) {
            let words = "an earlier statement of this transaction has failed";
            return Err(DbErr::Custom(words.to_owned()));
        }
        Ok(())
    }

    async fn run<T>(&self, statement: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        self.check()?;
        let mut unless_answered = Failing(Some(&self.failed));
        let answer = statement.await?;
        unless_answered.0 = None;
        Ok(answer)
    }
}

/// Marks a transaction as failed when it is dropped.
struct Failing<'a>(Option<&'a AtomicBool>);

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        if let Some(failed) = self.0 {
            failed.store(true, Relaxed);
        }
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.run(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, script: &str) -> Result<ExecResult, DbErr> {
        self.run(self.inner.execute_unprepared(script)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        // sqlx on SQLite stops at the first row, and does not report that the statement failed
        // afterwards
        let rows = self.query_all_raw(statement).await?;
        Ok(rows.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(self.inner.query_all_raw(statement)).await
    }
}
