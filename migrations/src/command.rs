//! The four commands. On a database of our own, each is one transaction; on one
//! that was taken over, [`crate::adopt`] says what they are.

use crate::{
    adopt,
    bookkeeping::{self, Applied, Origin},
    error::MigrateError,
    exclusive, found, letters,
    migration::{MIGRATIONS, Migration},
    report::{Plan, Report, State, Status, Tell},
    rights, taken, trigrams,
};
use database::{Database, Dialect};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

/// How [`down`] goes about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Down {
    /// Tables that `up` made may go with all their rows.
    pub drop_data: bool,
    /// On a database that `up` took over: leave `user_sessions.session_id`, which
    /// an application of after 8 November 2025 needs to log in.
    pub keep_session_id: bool,
}

/// Applies what is pending: on an empty database, everything; on the old
/// application's, what the services need there. It can be run again whatever
/// became of it.
pub async fn up(database: &Database) -> Result<Report, MigrateError> {
    up_telling(database, &|_| ()).await
}

/// [`up`], and tells what it finds and does.
pub async fn up_telling(database: &Database, tell: Tell<'_>) -> Result<Report, MigrateError> {
    let mut report = Report::default();
    let is_postgres = database.dialect() == Dialect::Postgres;
    if is_postgres && let Some(applied) = adopt::up(database, tell).await? {
        report.applied = applied;
        let rest = apply(database).await.map_err(|error| {
            error.half_way(
                "the application's tables have our columns and indexes, but the services' own \
                 tables could not be made",
            )
        })?;
        report.applied.extend(rest);
    } else {
        report.applied = apply(database).await?;
    }
    if is_postgres {
        adopt::build_late(database, tell).await?;
        for line in letters::warnings(database.connection()).await? {
            tell(&line);
        }
    }
    Ok(report)
}

/// Applies what is pending, in one transaction.
async fn apply(database: &Database) -> Result<Vec<&'static str>, MigrateError> {
    let transaction = exclusive::begin(database).await?;
    let applied = match up_within(&transaction, database.dialect()).await {
        // it was taken over before, so somebody has given it back since
        Err(MigrateError::Application(_)) if database.dialect() == Dialect::Postgres => {
            return Err(MigrateError::Contradicted);
        }
        applied => applied?,
    };
    transaction.commit().await?;
    Ok(applied)
}

/// What [`up`] would do, or why it would stop. Changes nothing.
pub async fn plan_up(database: &Database) -> Result<Plan, MigrateError> {
    let dialect = database.dialect();
    let transaction = exclusive::begin_to_try(database).await?;
    let mut lines = Vec::new();
    if dialect == Dialect::Postgres {
        lines = adopt::plan_up(&transaction).await?;
    }
    let applied = bookkeeping::read(&transaction, dialect).await?;
    let pending: Vec<_> = pending(&applied).collect();
    if lines.is_empty() {
        look(&transaction, dialect, &applied).await?;
        if dialect == Dialect::Postgres {
            lines = adopt::plan_late(&transaction).await?;
            if !pending.is_empty() {
                lines.push(trigrams::make(&transaction).await?);
            }
        }
    }
    lines.extend(
        pending
            .iter()
            .map(|migration| format!("applies  {}", migration.name)),
    );
    if dialect == Dialect::Postgres {
        lines.extend(letters::warnings(&transaction).await?);
    }
    transaction.rollback().await?;
    Ok(Plan(lines))
}

/// Undoes what `up` made: a database of our own only with `drop_data`, rows
/// included; one that was taken over without a row of the application. Without
/// bookkeeping there is nothing to undo.
pub async fn down(database: &Database, how: Down) -> Result<Report, MigrateError> {
    down_telling(database, how, &|_| ()).await
}

/// [`down`], and tells what it finds and does.
pub async fn down_telling(
    database: &Database,
    how: Down,
    tell: Tell<'_>,
) -> Result<Report, MigrateError> {
    if database.dialect() == Dialect::Postgres
        && let Some(dropped) = adopt::leave(database, how, tell).await?
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
pub async fn plan_down(database: &Database, how: Down) -> Result<Plan, MigrateError> {
    let transaction = exclusive::begin_to_read(database).await?;
    if database.dialect() == Dialect::Postgres
        && let Some(lines) = adopt::plan_to_leave(&transaction, how).await?
    {
        transaction.rollback().await?;
        return Ok(Plan(lines));
    }
    let applied = bookkeeping::read(&transaction, database.dialect()).await?;
    transaction.rollback().await?;
    refuse_to_drop(&applied, how.drop_data)?;
    let applied = applied.iter().rev();
    Ok(Plan(
        applied
            .map(|row| format!("drops    {}, with all rows", row.name))
            .collect(),
    ))
}

/// [`down`] and [`up`] in one transaction, on a database that holds nothing else.
pub async fn fresh(database: &Database, drop_data: bool) -> Result<Report, MigrateError> {
    fresh_telling(database, drop_data, &|_| ()).await
}

/// [`fresh`], and tells what it does without.
pub async fn fresh_telling(
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
    let applied = up_within(&transaction, dialect).await?;
    transaction.commit().await?;
    Ok(Report {
        dropped: down.dropped,
        applied,
    })
}

/// What is applied and what is pending.
pub async fn status(database: &Database) -> Result<Status, MigrateError> {
    let applied = bookkeeping::read_now(database).await?;
    let under_way = database.dialect() == Dialect::Postgres
        && adopt::is_under_way(database.connection()).await?;
    let application = if applied.is_empty() && !under_way {
        found::of_application(database.connection(), database.dialect()).await?
    } else {
        None
    };
    let pending = pending(&applied).map(|migration| (migration.name.to_owned(), State::Pending));
    let mut migrations: Vec<_> = applied
        .iter()
        .map(|row| {
            let known = MIGRATIONS
                .iter()
                .any(|migration| migration.name == row.name);
            (
                row.name.clone(),
                State::Applied {
                    origin: row.origin,
                    at: row.at,
                    known,
                },
            )
        })
        .chain(pending)
        .collect();
    migrations.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(Status {
        migrations,
        application,
        under_way,
    })
}

/// Whether every migration of this build is applied; later ones may be, too, so
/// that old and new builds run side by side.
pub async fn applied(database: &Database) -> Result<bool, MigrateError> {
    let applied = bookkeeping::read_now(database).await?;
    Ok(MIGRATIONS
        .iter()
        .all(|migration| holds(&applied, migration.name)))
}

async fn up_within(
    transaction: &DatabaseTransaction,
    dialect: Dialect,
) -> Result<Vec<&'static str>, MigrateError> {
    let applied = bookkeeping::read(transaction, dialect).await?;
    look(transaction, dialect, &applied).await?;
    let pending: Vec<_> = pending(&applied).collect();
    // of a database that was taken over, the indexes were built before, concurrently
    let build_indexes = !is_adopted(&applied) && !pending.is_empty();
    let mut schema_of_trigrams = String::new();
    if build_indexes && dialect == Dialect::Postgres {
        trigrams::make(transaction).await?;
        schema_of_trigrams = trigrams::schema(transaction).await?;
    }
    bookkeeping::make(transaction, dialect).await?;
    for migration in &pending {
        for text in migration.texts(dialect).create {
            transaction.execute_unprepared(text).await?;
        }
        for index in migration.indexes(dialect).filter(|_| build_indexes) {
            let definition = index.definition(&schema_of_trigrams);
            let create = format!("CREATE INDEX {} {definition}", index.name);
            transaction.execute_unprepared(&create).await?;
        }
        bookkeeping::record(transaction, migration.name, Origin::Created).await?;
    }
    let mut indexes = pending
        .iter()
        .flat_map(|migration| migration.indexes(dialect));
    if build_indexes && !applied.is_empty() && indexes.any(|index| index.is_of_trigrams()) {
        // for rows that are there: without statistics of their expressions the indexes
        // are hardly used
        transaction.execute_unprepared("ANALYZE requests").await?;
    }
    Ok(pending.iter().map(|migration| migration.name).collect())
}

/// Refuses what would stop `up` in a database of our own. One that was taken over is
/// looked at by [`adopt`], before its first step.
async fn look(
    on: &impl ConnectionTrait,
    dialect: Dialect,
    applied: &[Applied],
) -> Result<(), MigrateError> {
    // The one place that decides how the tables come about: a database of the
    // application is not ours to create in.
    if applied.is_empty()
        && let Some(names) = found::of_application(on, dialect).await?
    {
        return Err(MigrateError::Application(names));
    }
    if is_adopted(applied) || pending(applied).next().is_none() {
        return Ok(());
    }
    if dialect == Dialect::Postgres {
        letters::refuse_encoding(on, false).await?;
    }
    let mut names = vec![bookkeeping::TABLE];
    let mut tables = names.clone();
    for migration in pending(applied) {
        names.extend(migration.created(dialect));
        names.extend(migration.indexes(dialect).map(|index| index.name));
        tables.extend(migration.indexes(dialect).map(|index| index.table));
    }
    taken::refuse(on, dialect, &names, |bearer| {
        // whoever reads it refuses a table that is not ours
        bearer.is_table() && bearer.name == bookkeeping::TABLE
    })
    .await?;
    match dialect {
        Dialect::Postgres => rights::refuse(on, &tables).await,
        Dialect::Sqlite => Ok(()),
    }
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
    for migration in MIGRATIONS
        .iter()
        .rev()
        .filter(|migration| holds(&applied, migration.name))
    {
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

fn refuse_to_drop(applied: &[Applied], drop_data: bool) -> Result<(), MigrateError> {
    if let Some(unknown) = bookkeeping::unknown(applied) {
        return Err(MigrateError::UnknownMigrations(unknown));
    }
    if is_adopted(applied) {
        return Err(MigrateError::Adopted);
    }
    if !applied.is_empty() && !drop_data {
        return Err(MigrateError::WouldDropData);
    }
    Ok(())
}

fn is_adopted(applied: &[Applied]) -> bool {
    applied.iter().any(|row| row.origin == Origin::Adopted)
}

/// The migrations that are still to be applied.
fn pending(applied: &[Applied]) -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS
        .iter()
        .filter(|migration| !holds(applied, migration.name))
}

fn holds(applied: &[Applied], name: &str) -> bool {
    applied.iter().any(|row| row.name == name)
}
