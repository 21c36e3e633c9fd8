//! The four commands, each in one transaction.

use crate::{
    bookkeeping::{self, Applied, Origin},
    error::MigrateError,
    exclusive,
    found::{self, Names},
    migration::MIGRATIONS,
    report::{Report, State, Status},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use shared::database::{Database, Dialect};

/// Applies what is pending. On an empty database that is everything; on one that
/// holds tables of the application which `up` did not make, it stops.
pub async fn up(database: &Database) -> Result<Report, MigrateError> {
    let transaction = exclusive::begin(database).await?;
    let report = up_within(&transaction, database.dialect()).await?;
    transaction.commit().await?;
    Ok(report)
}

/// Drops what `up` made, rows included, if told so by `drop_data`. Without
/// bookkeeping there is nothing to drop.
pub async fn down(database: &Database, drop_data: bool) -> Result<Report, MigrateError> {
    let transaction = exclusive::begin(database).await?;
    let report = down_within(&transaction, database.dialect(), drop_data).await?;
    transaction.commit().await?;
    Ok(report)
}

/// [`down`] and [`up`] in one transaction, on a database that holds nothing else.
pub async fn fresh(database: &Database, drop_data: bool) -> Result<Report, MigrateError> {
    let transaction = exclusive::begin(database).await?;
    let dialect = database.dialect();
    if let Some(others) = found::of_others(&transaction, dialect).await? {
        return Err(MigrateError::OthersTables(others));
    }
    let down = down_within(&transaction, dialect, drop_data).await?;
    let up = up_within(&transaction, dialect).await?;
    transaction.commit().await?;
    Ok(Report {
        dropped: down.dropped,
        ..up
    })
}

/// What is applied and what is pending.
pub async fn status(database: &Database) -> Result<Status, MigrateError> {
    let applied = bookkeeping::read_now(database).await?;
    let application = if applied.is_empty() {
        found::of_application(database.connection(), database.dialect()).await?
    } else {
        None
    };
    let pending = MIGRATIONS
        .iter()
        .filter(|migration| !holds(&applied, migration.name))
        .map(|migration| (migration.name.to_owned(), State::Pending));
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
) -> Result<Report, MigrateError> {
    let applied = bookkeeping::read(transaction, dialect).await?;
    // The one place that decides how the tables come about: a database of the
    // application is not ours to create in.
    if applied.is_empty()
        && let Some(names) = found::of_application(transaction, dialect).await?
    {
        return Err(MigrateError::Application(names));
    }
    let mut report = Report::default();
    bookkeeping::make(transaction, dialect).await?;
    for migration in MIGRATIONS
        .iter()
        .filter(|migration| !holds(&applied, migration.name))
    {
        for text in migration.texts(dialect).create {
            transaction.execute_unprepared(text).await?;
        }
        bookkeeping::record(transaction, migration.name, Origin::Created).await?;
        report.applied.push(migration.name);
    }
    Ok(report)
}

async fn down_within(
    transaction: &DatabaseTransaction,
    dialect: Dialect,
    drop_data: bool,
) -> Result<Report, MigrateError> {
    let applied = bookkeeping::read(transaction, dialect).await?;
    let unknown = applied
        .iter()
        .filter(|row| {
            !MIGRATIONS
                .iter()
                .any(|migration| migration.name == row.name)
        })
        .map(|row| row.name.clone())
        .collect();
    if let Some(unknown) = Names::some(unknown) {
        return Err(MigrateError::UnknownMigrations(unknown));
    }
    if applied.iter().any(|row| row.origin == Origin::Adopted) {
        return Err(MigrateError::Adopted);
    }
    if !applied.is_empty() && !drop_data {
        return Err(MigrateError::WouldDropData);
    }
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
    bookkeeping::drop_table(transaction).await?;
    Ok(report)
}

fn holds(applied: &[Applied], name: &str) -> bool {
    applied.iter().any(|row| row.name == name)
}
