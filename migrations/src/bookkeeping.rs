//! The table that says which migrations a database holds, and how it came by
//! them. A table of our own, since it has to tell made from adopted, which
//! decides what `down` may drop.

use crate::{
    error::MigrateError,
    found::{self, Names},
    migration::MIGRATIONS,
};
use contract::time::Timestamp;
use database::{Database, Dialect};
use sea_orm::{ConnectionTrait, DbErr, Statement, TryGetable};

/// Its name.
pub(crate) const TABLE: &str = "ticketing_migrations";

/// How a database came by what a migration describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `up` made it, so `down` may drop it.
    Created,
    /// The application had made it, and `up` fitted it; it is not ours to drop.
    Adopted,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        [Self::Created, Self::Adopted]
            .into_iter()
            .find(|origin| origin.text() == text)
    }

    /// As the bookkeeping keeps it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Adopted => "adopted",
        }
    }
}

/// A row of it.
pub(crate) struct Applied {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) at: Timestamp,
}

/// Makes the table, unless it is there.
pub(crate) async fn make(on: &impl ConnectionTrait, dialect: Dialect) -> Result<(), DbErr> {
    on.execute_unprepared(match dialect {
        Dialect::Postgres => {
            "CREATE TABLE IF NOT EXISTS ticketing_migrations (
                name text PRIMARY KEY,
                origin text NOT NULL CHECK (origin IN ('created', 'adopted')),
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
            )"
        }
        Dialect::Sqlite => {
            "CREATE TABLE IF NOT EXISTS ticketing_migrations (
                name TEXT PRIMARY KEY,
                origin TEXT NOT NULL CHECK (origin IN ('created', 'adopted')),
                applied_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000)
            ) STRICT"
        }
    })
    .await
    .map(drop)
}

/// Drops the table, with which the database is as `up` found it.
pub(crate) async fn drop_table(on: &impl ConnectionTrait) -> Result<(), DbErr> {
    on.execute_unprepared("DROP TABLE IF EXISTS ticketing_migrations")
        .await
        .map(drop)
}

/// Empties the table, in a database that is being given back.
pub(crate) async fn forget_all(on: &impl ConnectionTrait) -> Result<(), DbErr> {
    on.execute_unprepared("DELETE FROM ticketing_migrations")
        .await
        .map(drop)
}

/// Records a migration.
pub(crate) async fn record(
    on: &impl ConnectionTrait,
    name: &str,
    origin: Origin,
) -> Result<(), DbErr> {
    on.execute_raw(Statement::from_sql_and_values(
        on.get_database_backend(),
        "INSERT INTO ticketing_migrations (name, origin) VALUES ($1, $2)",
        [name.into(), origin.text().into()],
    ))
    .await
    .map(drop)
}

/// What it holds, by name; nothing where there is no such table.
pub(crate) async fn read(
    on: &impl ConnectionTrait,
    dialect: Dialect,
) -> Result<Vec<Applied>, MigrateError> {
    let columns = ["name", "origin", "applied_at"];
    if !found::is_there(on, dialect, TABLE, &columns).await? {
        return Ok(Vec::new());
    }
    let rows = on
        .query_all_raw(Statement::from_string(
            dialect.backend(),
            "SELECT name, origin, applied_at FROM ticketing_migrations ORDER BY name",
        ))
        .await?;
    rows.iter()
        .map(|row| {
            let origin: String = row.try_get("", "origin")?;
            Ok(Applied {
                name: row.try_get("", "name")?,
                origin: Origin::parse(&origin).ok_or(MigrateError::UnknownOrigin(origin))?,
                at: Timestamp::try_get(row, "", "applied_at").map_err(DbErr::from)?,
            })
        })
        .collect()
}

/// Migrations that only a newer build knows.
pub(crate) fn unknown(applied: &[Applied]) -> Option<Names> {
    let known = |row: &Applied| {
        MIGRATIONS
            .iter()
            .any(|migration| migration.name == row.name)
    };
    let unknown = applied.iter().filter(|row| !known(row));
    Names::some(unknown.map(|row| row.name.clone()).collect())
}

/// What it holds, asked outside of a transaction.
pub(crate) async fn read_now(database: &Database) -> Result<Vec<Applied>, MigrateError> {
    read(database.connection(), database.dialect()).await
}
