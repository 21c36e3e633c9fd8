//! `down`, and `fresh`, which makes anew what it drops.

use crate::up::Work;
use database::{Database, Dialect};
use schema::{
    bookkeeping::{self, Applied},
    error::MigrateError,
    exclusive, found,
    migration::{MIGRATIONS, Migration},
    report::{Report, Tell, text},
    trigrams,
};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};

/// Options of [`down`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Down {
    /// Drop the tables that `up` made, with all their rows.
    pub drop_data: bool,
    /// In a database that `up` took over: keep `user_sessions.session_id`, which an application of
    /// after 8 November 2025 needs to log in.
    pub keep_session_id: bool,
}

/// Undoes what `up` made. A database that `up` made is dropped only with `drop_data`, with its
/// rows. A database that was taken over loses no row of the application. Without bookkeeping, there
/// is nothing to undo.
pub async fn down(database: &Database, how: Down, tell: Tell<'_>) -> Result<Report, MigrateError> {
    if database.dialect() == Dialect::Postgres
        && let Some(dropped) = adopt::leave(database, how.keep_session_id, tell).await?
    {
        return Ok(Report {
            dropped,
            ..Report::default()
        });
    }
    let transaction = exclusive::begin(database).await?;
    let report = down_within(&transaction, database.dialect(), how.drop_data, tell).await?;
    transaction.commit().await?;
    Ok(report)
}

/// What [`down`] would do, or why it would stop. Changes nothing.
pub async fn plan_down(database: &Database, how: Down) -> Result<String, MigrateError> {
    let transaction = exclusive::begin_to_try(database).await?;
    if database.dialect() == Dialect::Postgres
        && let Some(lines) = adopt::plan_to_leave(&transaction, how.keep_session_id).await?
    {
        transaction.rollback().await?;
        return Ok(text(&lines));
    }
    let applied = bookkeeping::read(&transaction, database.dialect()).await?;
    transaction.rollback().await?;
    refuse_to_drop(&applied, how.drop_data)?;
    let lines = newest_first(&applied).map(|migration| drops(migration, database.dialect()));
    Ok(text(&lines.collect::<Vec<_>>()))
}

/// A line of the plan: the migration, and the tables and columns that go with all that is in them.
fn drops(migration: &Migration, dialect: Dialect) -> String {
    let name = migration.name;
    let columns = migration.columns(dialect);
    let columns = columns.map(|(table, column)| format!("{table}.{column}"));
    let tables = migration.tables(dialect).map(str::to_owned);
    let contents: Vec<_> = tables.chain(columns).collect();
    if contents.is_empty() {
        return format!("drops    {name}");
    }
    format!(
        "drops    {name}: {}, with all that is in them",
        contents.join(", ")
    )
}

/// [`down`] and [`up`](crate::up) in one transaction, on a database that holds nothing else.
pub async fn fresh(
    database: &Database,
    drop_data: bool,
    tell: Tell<'_>,
) -> Result<Report, MigrateError> {
    let transaction = exclusive::begin(database).await?;
    let dialect = database.dialect();
    if dialect == Dialect::Postgres && adopt::holds_the_application(&transaction).await? {
        return Err(MigrateError::Adopted);
    }
    if let Some(others) = found::of_others(&transaction, dialect).await? {
        return Err(MigrateError::OthersTables(others));
    }
    let down = down_within(&transaction, dialect, drop_data, tell).await?;
    let work = Work::look(&transaction, dialect).await?;
    let applied = work.create(&transaction, dialect).await?;
    transaction.commit().await?;
    Ok(Report {
        dropped: down.dropped,
        applied,
    })
}

async fn down_within(
    transaction: &DatabaseTransaction,
    dialect: Dialect,
    drop_data: bool,
    tell: Tell<'_>,
) -> Result<Report, MigrateError> {
    let applied = bookkeeping::read(transaction, dialect).await?;
    refuse_to_drop(&applied, drop_data)?;
    let mut report = Report::default();
    for migration in newest_first(&applied) {
        transaction
            .execute_unprepared(migration.texts(dialect).drop)
            .await?;
        report.dropped.push(migration.name);
    }
    if dialect == Dialect::Postgres && !report.dropped.is_empty() {
        trigrams::unmake(transaction, tell).await?;
    }
    bookkeeping::drop_table(transaction).await?;
    Ok(report)
}

/// The migrations that are applied, in the order in which they are undone.
fn newest_first(applied: &Applied) -> impl Iterator<Item = &'static Migration> {
    let migrations = MIGRATIONS.iter().rev();
    migrations.filter(|migration| applied.holds(migration.name))
}

fn refuse_to_drop(applied: &Applied, drop_data: bool) -> Result<(), MigrateError> {
    applied.refuse_unknown()?;
    if applied.is_adopted() {
        return Err(MigrateError::Adopted);
    }
    if !applied.is_empty() && !drop_data {
        return Err(MigrateError::WouldDropData);
    }
    Ok(())
}
