//! Counts of attempts, against guessing. Attempts are counted before they are made, so that
//! concurrent attempts cannot exceed the limit.
//!
//! Rows are locked in the order of their keys, so that two calls cannot deadlock.

use super::{
    Store, StoreError,
    entity::throttle::{Column, Entity},
    retried,
};
use crate::model::{CountedAttempts, Throttle, ThrottleKey, Wait};
use contract::time::Timestamp;
use database::{Transaction, had_no_effect, run_to_end, within};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QueryResult, QuerySelect as _, QueryTrait as _, Select, StatementBuilder,
    sea_query::{Expr, ExprTrait as _, InsertStatement, LockType, OnConflict, Query},
};
use std::time::Duration;

/// After this time, a commit, a deletion or the taking back of an attempt is given up. PostgreSQL
/// ends a statement earlier.
const LONGEST_WRITE: Duration = Duration::from_secs(15);

/// The columns in the order of [`read`], which also reads the database's time.
const COLUMNS: [Column; 4] = [
    Column::Key,
    Column::Attempts,
    Column::LastAttemptAt,
    Column::ForgottenAt,
];

impl Store {
    /// Counts an attempt under each key as `count` decides, or refuses the attempt and counts
    /// nothing.
    ///
    /// `count` is called twice: first with the rows as they are, so that a flood of refused calls
    /// neither locks nor writes; then with the locked rows, and the time at which the last of them
    /// was locked. It gets a throttle for each key, in order, and returns as many.
    ///
    /// `counted` makes an attempt of what was counted. It is called when the count has been
    /// committed, or may have been, even if the caller has given up. In that case the attempt is
    /// dropped, so that it is taken back.
    pub async fn count_attempt<F, G, T, const N: usize>(
        &self,
        keys: &[ThrottleKey; N],
        count: F,
        counted: G,
    ) -> Result<Result<T, Wait>, StoreError>
    where
        F: Fn([Throttle; N], Timestamp) -> Result<[Throttle; N], Wait>,
        G: Fn(Vec<CountedAttempts>) -> T + Clone + Send + 'static,
        T: Send + 'static,
    {
        let select = with_keys(keys).expr_as(self.database.now(), "now");
        let connection = self.database.connection();
        let rows = connection.query_all(select.as_query()).await?;
        if let Some((throttles, now)) = in_order(keys, &rows)?
            && let Err(wait) = count(throttles, now)
        {
            return Ok(Err(wait));
        }
        retried(|| async {
            let transaction = self.database.begin().await?;
            let rows = transaction.query_all(&self.lock(keys)).await?;
            let (throttles, now) = in_order(keys, &rows)?
                .ok_or_else(|| StoreError::Inconsistent("an insert gave no row".to_owned()))?;
            let now_counted = match count(throttles, now) {
                Ok(counted) => counted,
                // rolls back
                Err(wait) => return Ok(Err(wait)),
            };
            let write = self.write(keys, &now_counted);
            transaction.query_all(&write).await?;
            let attempts = (0..N).map(|index| CountedAttempts {
                key: keys[index].clone(),
                attempts: 1,
                last_attempt_at: now_counted[index].last_attempt_at,
                before: throttles[index],
            });
            let attempts = attempts.collect();
            let counted = counted.clone();
            self.commit(transaction, move || counted(attempts))
                .await
                .map(Ok)
        })
        .await
    }

    /// Commits in a task of its own, which continues if the caller gives up. So the outcome of the
    /// commit is always known here, and `counted` is called if it succeeded.
    async fn commit<T: Send + 'static>(
        &self,
        transaction: Transaction,
        counted: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        run_to_end(async move {
            let committed = within(LONGEST_WRITE, transaction.commit()).await;
            match committed {
                Err(error) if had_no_effect(&error) => Err(error.into()),
                Err(error) => {
                    // The answer was lost, and the attempt may have been counted. It is dropped and
                    // so taken back: in doubt, it is better to take back one attempt too many than
                    // one too few.
                    drop(counted());
                    Err(error.into())
                }
                Ok(()) => Ok(counted()),
            }
        })
        .await
    }

    /// Deletes the counts under these keys.
    pub async fn forget_attempts(&self, keys: &[ThrottleKey]) -> Result<(), StoreError> {
        let locked = with_keys(keys)
            .select_only()
            .column(Column::Key)
            .order_by_asc(Column::Key)
            .lock(LockType::Update);
        let delete = Entity::delete_many().filter(Column::Key.in_subquery(locked.into_query()));
        self.write_once(delete.as_query()).await
    }

    /// Takes attempts back. Unless another attempt was counted since, the time of the last attempt
    /// becomes what it was before them.
    pub async fn take_back_attempts(&self, counted: &CountedAttempts) -> Result<(), StoreError> {
        let CountedAttempts {
            key,
            attempts,
            last_attempt_at,
            before,
        } = counted;
        let attempts = i32::try_from(*attempts).unwrap_or(i32::MAX);
        let left = Expr::case(
            Expr::col(Column::Attempts).gt(attempts),
            Expr::col(Column::Attempts).sub(attempts),
        );
        let restored = |column, time| -> Expr {
            let is_last = Expr::col(Column::LastAttemptAt).eq(self.database.time(*last_attempt_at));
            Expr::case(is_last, self.database.time(time))
                .finally(Expr::col(column))
                .into()
        };
        let update = Entity::update_many()
            .col_expr(Column::Attempts, left.finally(0).into())
            .col_expr(
                Column::LastAttemptAt,
                restored(Column::LastAttemptAt, before.last_attempt_at),
            )
            .col_expr(
                Column::ForgottenAt,
                restored(Column::ForgottenAt, before.forgotten_at),
            )
            .filter(Column::Key.eq(key.as_str()))
            .filter(Column::Attempts.gt(0));
        self.write_once(update.as_query()).await
    }

    /// Runs a statement, and repeats it only if it certainly changed nothing.
    async fn write_once(&self, statement: &impl StatementBuilder) -> Result<(), StoreError> {
        let written = retried(|| async {
            self.database.connection().execute(statement).await?;
            Ok(())
        });
        within(LONGEST_WRITE, written).await
    }

    /// Locks the rows, and inserts missing ones first, so that there is a row to lock.
    fn lock(&self, keys: &[ThrottleKey]) -> InsertStatement {
        let mut keys: Vec<_> = keys.iter().collect();
        keys.sort_unstable();
        let now = || self.database.now();
        let rows = keys
            .into_iter()
            .map(|key| [key.as_str().into(), 0.into(), now(), now()]);
        let untouched = OnConflict::column(Column::Key)
            .value(Column::Attempts, Expr::col((Entity, Column::Attempts)))
            .to_owned();
        self.upsert(rows, untouched)
    }

    /// Writes locked rows.
    fn write(&self, keys: &[ThrottleKey], throttles: &[Throttle]) -> InsertStatement {
        let rows = keys.iter().zip(throttles).map(|(key, throttle)| {
            let attempts = i32::try_from(throttle.attempts).unwrap_or(i32::MAX);
            [
                key.as_str().into(),
                attempts.into(),
                self.database.time(throttle.last_attempt_at),
                self.database.time(throttle.forgotten_at),
            ]
        });
        let written = OnConflict::column(Column::Key)
            .update_columns([Column::Attempts, Column::LastAttemptAt, Column::ForgottenAt])
            .to_owned();
        self.upsert(rows, written)
    }

    fn upsert(
        &self,
        rows: impl Iterator<Item = [Expr; 4]>,
        conflict: OnConflict,
    ) -> InsertStatement {
        let mut insert = Query::insert();
        insert.into_table(Entity).columns(COLUMNS);
        for row in rows {
            insert.values_panic(row);
        }
        let columns = COLUMNS.map(Expr::col);
        insert
            .on_conflict(conflict)
            .returning(Query::returning().exprs(columns.into_iter().chain([self.database.now()])))
            .take()
    }
}

/// The existing rows with these keys.
fn with_keys(keys: &[ThrottleKey]) -> Select<Entity> {
    Entity::find()
        .select_only()
        .columns(COLUMNS)
        .filter(Column::Key.is_in(keys.iter().map(ThrottleKey::as_str)))
}

/// A throttle for each key, and the latest time at which a row was read; `None` if there are no
/// rows.
fn in_order<const N: usize>(
    keys: &[ThrottleKey; N],
    rows: &[QueryResult],
) -> Result<Option<([Throttle; N], Timestamp)>, StoreError> {
    let rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let Some(now) = rows.iter().map(|(_, _, now)| *now).max() else {
        return Ok(None);
    };
    let throttles = keys.each_ref().map(|key| {
        let row = rows.iter().find(|(found, ..)| found == key.as_str());
        row.map_or(Throttle::none(now), |(_, throttle, _)| *throttle)
    });
    Ok(Some((throttles, now)))
}

fn read(row: &QueryResult) -> Result<(String, Throttle, Timestamp), StoreError> {
    let attempts: i32 = row.try_get_by_index(1)?;
    let throttle = Throttle {
        attempts: u32::try_from(attempts).unwrap_or(0),
        last_attempt_at: row.try_get_by_index(2)?,
        forgotten_at: row.try_get_by_index(3)?,
    };
    Ok((row.try_get_by_index(0)?, throttle, row.try_get_by_index(4)?))
}
