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

use database::Database;
use migrations::{Down, MigrateError, NAMES, Report};
use testing::{fingerprint, old_database::OLD_APPLICATION};

async fn up(database: &Database) -> Result<Report, MigrateError> {
    migrations::up(database, &|_| ()).await
}

async fn down(database: &Database, how: Down) -> Result<Report, MigrateError> {
    migrations::down(database, how, &|_| ()).await
}

async fn fresh(database: &Database, drop_data: bool) -> Result<Report, MigrateError> {
    migrations::fresh(database, drop_data, &|_| ()).await
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
