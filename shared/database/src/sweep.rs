//! Rows that go when nobody can need them any more, a bounded batch a transaction.

use super::{Database, Dialect, Transaction};
use contract::time::Timestamp;
use sea_orm::{
    ConnectionTrait, DbErr, Statement,
    sea_query::{
        DeleteStatement, Expr, ExprTrait, LockBehavior, LockType, Order, Query, SelectStatement,
    },
};
use std::time::Duration;

/// Only sweeps take this one: "ticksweep" without its last letter, in ASCII.
pub const SWEEP_LOCK: i64 = 0x7469_636b_7377_6565;

/// Which rows of a table go, and when. An index on `over` (partial, where `ours` is
/// named) serves it.
#[derive(Clone, Copy, Debug)]
pub struct Sweeping {
    /// The table.
    pub table: &'static str,
    /// The column with the time from which a row is of no more use.
    pub over: &'static str,
    /// The column that is NULL in rows that are not ours, and stay.
    pub ours: Option<&'static str>,
    /// How long a row is kept after that time.
    pub kept: Duration,
}

/// Old rows could not be looked for.
#[derive(Debug, thiserror::Error)]
#[error("a sweep failed")]
pub struct SweepError(#[from] DbErr);

impl Database {
    /// Deletes up to `most` rows that are due, those that nobody is at, oldest
    /// first. How many it were: fewer than `most` if no others are due. `None`: another
    /// process is sweeping, so nothing was done.
    ///
    /// Rows that are locked are skipped, so that this waits for nobody and the order of
    /// its locks makes no deadlock.
    pub async fn sweep(&self, sweeping: &Sweeping, most: u32) -> Result<Option<u64>, SweepError> {
        let transaction = self.begin().await?;
        if !self.is_alone(&transaction).await? {
            transaction.rollback().await?;
            return Ok(None);
        }
        let done = transaction.execute(&self.delete(sweeping, most)).await?;
        transaction.commit().await?;
        Ok(Some(done.rows_affected()))
    }

    /// The statement of [`Database::sweep`] with its values in it, to be explained.
    #[must_use]
    pub fn sweep_statement(&self, sweeping: &Sweeping, most: u32) -> String {
        let delete = self.delete(sweeping, most);
        self.dialect().backend().build(&delete).to_string()
    }

    fn delete(&self, sweeping: &Sweeping, most: u32) -> DeleteStatement {
        // by their places: joined by a key, the whole table may be read for a batch
        let place = match self.dialect() {
            Dialect::Postgres => "ctid",
            Dialect::Sqlite => "rowid",
        };
        let mut due = self.due(sweeping);
        due.column(place).limit(u64::from(most));
        let is_due = match self.dialect() {
            Dialect::Postgres => {
                due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
                let due = Expr::SubQuery(None, Box::new(due.into()));
                Expr::cust_with_exprs("$1 = ANY (ARRAY $2)", [Expr::col(place), due])
            }
            Dialect::Sqlite => Expr::col(place).in_subquery(due),
        };
        Query::delete()
            .from_table(sweeping.table)
            .and_where(is_due)
            .take()
    }

    /// For how long the oldest row that is due has been so; zero if none is.
    pub async fn overdue(&self, sweeping: &Sweeping) -> Result<Duration, SweepError> {
        let oldest = self
            .due(sweeping)
            .column(sweeping.over)
            .expr_as(self.now(), "now")
            .limit(1)
            .take();
        let Some(row) = self.connection().query_one(&oldest).await? else {
            return Ok(Duration::ZERO);
        };
        let now: Timestamp = row.try_get("", "now")?;
        let over: Timestamp = row.try_get("", sweeping.over)?;
        Ok(now.since(over).saturating_sub(sweeping.kept))
    }

    /// The rows that are due, oldest first, without their columns.
    fn due(&self, sweeping: &Sweeping) -> SelectStatement {
        let kept = i64::try_from(sweeping.kept.as_micros()).unwrap_or(i64::MAX);
        let last = self
            .dialect()
            .now(self.offset_micros().saturating_sub(kept));
        // in a statement of its own, so that it is asked once: a clock that goes on is
        // no bound for an index
        let last = Query::select().expr(last).take();
        let mut due = Query::select();
        due.from(sweeping.table)
            .and_where(Expr::col(sweeping.over).lte(last))
            .order_by(sweeping.over, Order::Asc);
        if let Some(ours) = sweeping.ours {
            due.and_where(Expr::col(ours).is_not_null());
        }
        due
    }

    /// Whether no other process sweeps until the transaction ends; SQLite has one
    /// writer.
    async fn is_alone(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(true);
        }
        let lock = Statement::from_sql_and_values(
            self.dialect().backend(),
            "SELECT pg_try_advisory_xact_lock($1) AS locked",
            [SWEEP_LOCK.into()],
        );
        let row = transaction.query_one_raw(lock).await?;
        let locked = row.map(|row| row.try_get("", "locked")).transpose()?;
        Ok(locked == Some(true))
    }
}
