//! Taking over the database of the old application in place, and giving it back.
//!
//! `up` works in two steps, and so does `down`. What an operator has to know:
//!
//! | step | changes | locked meanwhile | if it fails |
//! | --- | --- | --- | --- |
//! | `up`, 1 | creates the extension `pg_trgm`, if it does not exist. Adds the services' columns to `user_sessions`. In shapes (a), (c) and (e), drops the token columns and all rows; otherwise, the application's sessions stay | `user_sessions` exclusively, for an instant, whatever its size: only the catalogue changes, and rows go by TRUNCATE. It waits at most five seconds for the lock, and log-ins wait meanwhile | nothing is changed |
//! | `up`, 2 | for each migration: builds its indexes on the application's tables, and gathers statistics of `requests`; then makes the rest in one transaction | no reader or writer of rows waits. An index waits for the transactions that were open when its build began, however long they take | run `up` again: finished indexes stay, and an unfinished one is built again |
//! | `down`, 1 | deletes the services' sessions, and drops their columns in `user_sessions` and in other tables. Without `--keep-session-id`, drops `session_id` too, and adds empty token columns | as step 1 of `up`. The sessions are deleted before the table is locked, so nobody waits for that | nothing is changed |
//! | `down`, 2 | drops the services' indexes and bookkeeping, and the extension, if `up` created it and nothing else needs it | as step 2 of `up` | run `down` again |
//!
//! Anything that could stop either step is checked before the first: names that something else
//! uses, rights that the role lacks, the extension. If something happens in between, step two stops
//! and says so.
//!
//! What stops working: after step 1 of `up` on shapes (a), (c) and (e), nobody can log in to the
//! old application any more, and all of its users are logged out. On (b) and (d) it continues as
//! before. After `down` without `--keep-session-id`, an application of after 8 November 2025 cannot
//! log in. The services serve between the end of `up` and the beginning of `down`, so stop them
//! before `down`.
//!
//! `migrate` needs a connection of its own while it runs. Through a pooler that assigns connections
//! to transactions, two runs could meet in step 2.
//!
//! A database that `migrate` took over or made earlier gets later migrations by step 2 only, whose
//! second half `up` uses as well (`step_two` of the crate `migrations`).
//!
//! No other table is changed, and no row of one. The bookkeeping names a migration only when its
//! indexes exist. Without them, each page of requests would read the whole table, while the
//! application needs the same disks.

mod found;
mod leave;
mod needed;
mod plan;
mod record;
mod shape;

pub use leave::{leave, plan_to_leave};
pub use plan::fitted;
pub use record::{Record, TABLE};

use database::Dialect;
use found::Found;
use schema::{
    bookkeeping::{self, Applied},
    error::MigrateError,
    migration::{MIGRATIONS, TABLES},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use shape::OURS;

/// How far the taking over of a database has come.
pub enum Stage {
    /// The database is the application's. If there is a record, a `down` has given it back, and has
    /// not dropped all indexes yet.
    Found(Found, Option<Record>),
    /// Step one is done.
    Begun(Record),
}

/// Determines the stage, and refuses what would stop the take-over. `None` if the database holds
/// nothing of the application.
pub async fn look(
    on: &impl ConnectionTrait,
    applied: &Applied,
) -> Result<Option<Stage>, MigrateError> {
    match Record::read(on).await? {
        Some(record) if !record.leaving => Ok(Some(Stage::Begun(record))),
        _ if !applied.is_empty() => Ok(None),
        record => {
            let found = found::look(on).await?;
            Ok(found.map(|found| Stage::Found(found, record)))
        }
    }
}

impl Stage {
    /// Lines for the operator: what was found, and what will be done, except for indexes.
    #[must_use]
    pub fn lines(&self, applied: &Applied) -> Vec<String> {
        match self {
            Self::Found(found, _) => plan::of_found(found),
            Self::Begun(record) if applied.is_empty() => vec![plan::of_begun(record)],
            Self::Begun(_) => Vec::new(),
        }
    }

    /// Whether the record names this index as one of the services.
    #[must_use]
    pub fn has_recorded(&self, index: &str) -> bool {
        let (Self::Found(_, Some(record)) | Self::Begun(record)) = self else {
            return false;
        };
        record.indexes.iter().any(|name| name == index)
    }
}

/// Whether `up` has begun to take the database over, and no `down` has given it back.
pub async fn holds_the_application(on: &impl ConnectionTrait) -> Result<bool, MigrateError> {
    let applied = bookkeeping::read(on, Dialect::Postgres).await?;
    let record = Record::read(on).await?;
    Ok(applied.is_adopted() || record.is_some_and(|record| !record.leaving))
}

/// Whether a take-over is under way: begun by `up`, or half undone by `down`.
pub async fn is_under_way(on: &impl ConnectionTrait) -> Result<bool, MigrateError> {
    let applied = bookkeeping::read(on, Dialect::Postgres).await?;
    Ok(!applied.holds(TABLES.name) && Record::read(on).await?.is_some())
}

/// Step one: the shape of `user_sessions`, and the record of it.
pub async fn fit(transaction: &DatabaseTransaction, found: &Found) -> Result<(), MigrateError> {
    let shape = found.shape;
    let mut changes: Vec<String> = Vec::new();
    let mut columns: Vec<String> = Vec::new();
    if shape.keeps_sessions() {
        // by the unique index, and before the table is locked
        transaction
            .execute_unprepared("DELETE FROM user_sessions WHERE session_id = ''")
            .await?;
    } else {
        transaction
            .execute_unprepared("TRUNCATE user_sessions")
            .await?;
        let tokens = shape.tokens().iter();
        changes.extend(tokens.map(|name| format!("DROP COLUMN {name}")));
        // the table is empty, so neither the check nor the index takes time
        changes.push("ADD COLUMN session_id varchar(100) NOT NULL UNIQUE".to_owned());
        columns.push("session_id".to_owned());
    }
    changes.extend(OURS.map(|(name, kind)| format!("ADD COLUMN {name} {kind}")));
    columns.extend(OURS.map(|(name, _)| name.to_owned()));
    let alter = format!("ALTER TABLE user_sessions {}", changes.join(", "));
    transaction.execute_unprepared(&alter).await?;
    bookkeeping::make(transaction, Dialect::Postgres).await?;
    let indexes = MIGRATIONS
        .iter()
        .flat_map(|migration| migration.indexes(Dialect::Postgres));
    let names = indexes.map(|index| index.name);
    let record = Record {
        shape,
        columns,
        indexes: names.map(str::to_owned).collect(),
        leaving: false,
    };
    Ok(record.write(transaction).await?)
}
