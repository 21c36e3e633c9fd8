//! The table of applied migrations. It also says whether `up` made the tables or took them over,
//! which decides what `down` may drop.

use crate::{
    error::{MigrateError, listed},
    migration::{MIGRATIONS, Migration},
    query,
};
use contract::time::Timestamp;
use database::Dialect;
use sea_orm::{ConnectionTrait, DbErr, Statement};

/// The name of the table.
pub const TABLE: &str = "ticketing_migrations";

/// Where the tables of a migration come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `up` made it, so `down` may drop it.
    Created,
    /// The application had made them, and `up` adapted them. They must not be dropped.
    Adopted,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        [Self::Created, Self::Adopted]
            .into_iter()
            .find(|origin| origin.text() == text)
    }

    /// The text in the table.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Adopted => "adopted",
        }
    }
}

/// The content of the table.
pub struct Applied(Vec<Row>);

/// A row of it.
pub struct Row {
    /// The migration's name.
    pub name: String,
    /// Where the tables of the migration come from.
    pub origin: Origin,
    /// When it was recorded.
    pub at: Timestamp,
}

impl Applied {
    /// The rows, in the order of the migrations' names.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.0
    }

    /// Whether it holds no migration.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds the migration of this name.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.0.iter().any(|row| row.name == name)
    }

    /// Whether the application had made its tables.
    #[must_use]
    pub fn is_adopted(&self) -> bool {
        self.0.iter().any(|row| row.origin == Origin::Adopted)
    }

    /// The migrations that are still to be applied.
    pub fn pending(&self) -> impl Iterator<Item = &'static Migration> {
        MIGRATIONS
            .iter()
            .filter(|migration| !self.holds(migration.name))
    }

    /// Migrations that only a newer build knows.
    #[must_use]
    pub fn unknown(&self) -> Vec<&str> {
        let known = |name: &str| MIGRATIONS.iter().any(|migration| migration.name == name);
        let names = self.0.iter().map(|row| row.name.as_str());
        names.filter(|name| !known(name)).collect()
    }

    /// Refuses to undo, or to build on, migrations that only a newer build knows.
    pub fn refuse_unknown(&self) -> Result<(), MigrateError> {
        match listed(&self.unknown()) {
            Some(unknown) => Err(MigrateError::UnknownMigrations(unknown)),
            None => Ok(()),
        }
    }
}

/// Creates the table, unless it exists.
pub async fn make(on: &impl ConnectionTrait, dialect: Dialect) -> Result<(), DbErr> {
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

/// Drops the table. The database is then as `up` found it.
pub async fn drop_table(on: &impl ConnectionTrait) -> Result<(), DbErr> {
    on.execute_unprepared("DROP TABLE IF EXISTS ticketing_migrations")
        .await
        .map(drop)
}

/// Empties the table, in a database that is being given back.
pub async fn forget_all(on: &impl ConnectionTrait) -> Result<(), DbErr> {
    on.execute_unprepared("DELETE FROM ticketing_migrations")
        .await
        .map(drop)
}

/// Records a migration.
pub async fn record(on: &impl ConnectionTrait, name: &str, origin: Origin) -> Result<(), DbErr> {
    on.execute_raw(Statement::from_sql_and_values(
        on.get_database_backend(),
        "INSERT INTO ticketing_migrations (name, origin) VALUES ($1, $2)",
        [name.into(), origin.text().into()],
    ))
    .await
    .map(drop)
}

/// Reads the table; empty if it does not exist.
pub async fn read(on: &impl ConnectionTrait, dialect: Dialect) -> Result<Applied, MigrateError> {
    let columns = ["name", "origin", "applied_at"];
    if !is_there(on, dialect, TABLE, &columns).await? {
        return Ok(Applied(Vec::new()));
    }
    let query = "SELECT name, origin, applied_at FROM ticketing_migrations ORDER BY name";
    let rows: Vec<(String, String, Timestamp)> = query::rows(on, query, []).await?;
    let rows = rows.into_iter().map(|(name, origin, at)| {
        let origin = Origin::parse(&origin).ok_or(MigrateError::UnknownOrigin(origin))?;
        Ok(Row { name, origin, at })
    });
    rows.collect::<Result<_, _>>().map(Applied)
}

/// Whether the table exists. Another table with this name, which lacks one of these columns, is
/// refused.
pub async fn is_there(
    on: &impl ConnectionTrait,
    dialect: Dialect,
    table: &str,
    columns: &[&str],
) -> Result<bool, MigrateError> {
    let query = match dialect {
        // of pg_class, and not to_regclass alone: that may answer from before the other
        // run ended for which this transaction waited
        Dialect::Postgres => {
            "SELECT CASE relkind WHEN 'r' THEN attname::text END AS name
             FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND NOT attisdropped
             WHERE pg_class.oid = to_regclass($1)"
        }
        Dialect::Sqlite => {
            "SELECT CASE s.type WHEN 'table' THEN c.name END AS name
             FROM sqlite_schema AS s, pragma_table_info(s.name) AS c WHERE lower(s.name) = $1"
        }
    };
    let found: Vec<Option<String>> = query::rows(on, query, [table.into()]).await?;
    let has = |name: &&str| found.iter().flatten().any(|found| found == *name);
    if found.is_empty() || columns.iter().all(has) {
        return Ok(!found.is_empty());
    }
    Err(MigrateError::NamesTaken(table.to_owned()))
}
