//! `migrate`, on both databases: what `up` makes, what it refuses, and that `down`
//! leaves nothing behind.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails where it meets what it did not expect"
)]

mod adopt;
mod command_line;
mod documents;
mod down;
mod grants;
mod in_use;
mod indexes;
mod letters;
mod purge_audit;
mod schema;
mod stop;
mod up;

use database::{Database, Transaction};
use migrations::{Down, MigrateError, NAMES, Report};
use sea_orm::ConnectionTrait as _;
use testing::{fingerprint, old_database::OLD_APPLICATION};
use tokio::task::JoinHandle;

async fn up(database: &Database) -> Result<Report, MigrateError> {
    migrations::up(database, &|_| ()).await
}

async fn down(database: &Database, how: Down) -> Result<Report, MigrateError> {
    migrations::down(database, how, &|_| ()).await
}

async fn fresh(database: &Database, drop_data: bool) -> Result<Report, MigrateError> {
    migrations::fresh(database, drop_data, &|_| ()).await
}

/// A transaction that has run a statement, and stays open.
async fn holding(database: &Database, statement: &str) -> Transaction {
    let transaction = database.begin().await.unwrap();
    transaction.execute_unprepared(statement).await.unwrap();
    transaction
}

/// Ends the process of the database that works for a command, and says how the command ended.
async fn cut_off(
    other: &Database,
    pid: &str,
    at_work: JoinHandle<Result<Report, MigrateError>>,
) -> MigrateError {
    let end = format!("SELECT pg_terminate_backend({pid})::text AS line");
    fingerprint::lines(other, &end).await;
    let error = at_work.await.unwrap().unwrap_err();
    assert!(
        matches!(error, MigrateError::Interrupted { .. }),
        "{error:?}"
    );
    error
}

/// Whether all migrations are applied.
async fn is_migrated(database: &Database) -> Result<bool, MigrateError> {
    let status = migrations::status(database).await?;
    let is_applied = |name| status.contains(&format!("applied  {name}  "));
    Ok(NAMES.into_iter().all(is_applied))
}

/// The migrations as `down` undoes them: the newest first.
fn newest_first() -> Vec<&'static str> {
    NAMES.into_iter().rev().collect()
}
