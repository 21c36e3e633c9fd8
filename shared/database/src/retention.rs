//! Deletes rows that nobody needs any more. Each transaction deletes a bounded batch.

use super::{Database, Dialect, Transaction};
use contract::time::Timestamp;
use sea_orm::{
    ConnectionTrait, DbErr, Statement,
    sea_query::{
        DeleteStatement, Expr, ExprTrait, LockBehavior, LockType, Order, Query, SelectStatement,
    },
};
use std::time::Duration;

/// The advisory lock that a purge holds. The number must not change: replicas of older versions
/// take the same lock.
pub const PURGE_LOCK: i64 = 0x7469_636b_7377_6565;

/// Which rows of a table are deleted, and when. An index on `over` (partial, where `ours` is
/// named) serves it.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// The table.
    pub table: &'static str,
    /// The column with the time from which nobody needs the row.
    pub over: &'static str,
    /// A column that is NULL in the rows of the old application, which are never deleted.
    pub ours: Option<&'static str>,
    /// How long a row is kept after that time.
    pub kept: Duration,
}

/// Old rows could not be deleted or counted.
#[derive(Debug, thiserror::Error)]
#[error("a purge failed")]
pub struct PurgeError(#[from] DbErr);

impl Database {
    /// Deletes up to `most` rows that are due, the oldest first, and returns their number. A number
    /// below `most` says that no other rows are due. `None` says that another process is purging,
    /// and that nothing was deleted.
    ///
    /// Locked rows are skipped. So a purge waits for nobody, and cannot cause a deadlock.
    pub async fn purge(&self, retention: &Retention, most: u32) -> Result<Option<u64>, PurgeError> {
        let transaction = self.begin().await?;
        if !self.is_alone(&transaction).await? {
            transaction.rollback().await?;
            return Ok(None);
        }
        let done = transaction.execute(&self.delete(retention, most)).await?;
        transaction.commit().await?;
        Ok(Some(done.rows_affected()))
    }

    /// The statement of [`Database::purge`] with its values in it, to be explained.
    #[must_use]
    pub fn purge_statement(&self, retention: &Retention, most: u32) -> String {
        let delete = self.delete(retention, most);
        self.dialect().backend().build(&delete).to_string()
    }

    fn delete(&self, retention: &Retention, most: u32) -> DeleteStatement {
        // by the row's physical position: a join by a key may read the whole table for one batch
        let position = match self.dialect() {
            Dialect::Postgres => "ctid",
            Dialect::Sqlite => "rowid",
        };
        let mut due = self.due(retention);
        due.column(position).limit(u64::from(most));
        let is_due = match self.dialect() {
            Dialect::Postgres => {
                due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
                let due = Expr::SubQuery(None, Box::new(due.into()));
                Expr::cust_with_exprs("$1 = ANY (ARRAY $2)", [Expr::col(position), due])
            }
            Dialect::Sqlite => Expr::col(position).in_subquery(due),
        };
        Query::delete()
            .from_table(retention.table)
            .and_where(is_due)
            .take()
    }

    /// How long ago the oldest row became due; zero if no row is due.
    pub async fn past_retention(&self, retention: &Retention) -> Result<Duration, PurgeError> {
        let oldest = self
            .due(retention)
            .column(retention.over)
            .expr_as(self.now(), "now")
            .limit(1)
            .take();
        let Some(row) = self.connection().query_one(&oldest).await? else {
            return Ok(Duration::ZERO);
        };
        let now: Timestamp = row.try_get("", "now")?;
        let over: Timestamp = row.try_get("", retention.over)?;
        Ok(now.since(over).saturating_sub(retention.kept))
    }

    /// The rows that are due, oldest first, without their columns.
    fn due(&self, retention: &Retention) -> SelectStatement {
        let kept = i64::try_from(retention.kept.as_micros()).unwrap_or(i64::MAX);
        let last = self
            .dialect()
            .now(self.offset_micros().saturating_sub(kept));
        // as a subquery, so that it is evaluated once: an index cannot be searched by a clock that
        // moves on
        let last = Query::select().expr(last).take();
        let mut due = Query::select();
        due.from(retention.table)
            .and_where(Expr::col(retention.over).lte(last))
            .order_by(retention.over, Order::Asc);
        if let Some(ours) = retention.ours {
            due.and_where(Expr::col(ours).is_not_null());
        }
        due
    }

    /// Whether no other process purges until the transaction ends. SQLite allows one writer at a
    /// time anyway.
    async fn is_alone(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(true);
        }
        let lock = Statement::from_sql_and_values(
            self.dialect().backend(),
            "SELECT pg_try_advisory_xact_lock($1) AS locked",
            [PURGE_LOCK.into()],
        );
        let row = transaction.query_one_raw(lock).await?;
        let locked = row.map(|row| row.try_get("", "locked")).transpose()?;
        Ok(locked == Some(true))
    }
}
