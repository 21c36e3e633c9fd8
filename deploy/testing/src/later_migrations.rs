//! What the migrations after the first one add to the tables of the old application, as the
//! migrations declare it. Tests that compare such tables, or go back to an earlier build, read it
//! here, so that a new migration changes none of them.

use database::Dialect;
use schema::migration::{MIGRATIONS, Migration, TABLES};

/// The columns, with their tables. Those of `user_sessions` are not among them, because the first
/// migration makes them.
pub fn added_columns() -> impl Iterator<Item = (&'static str, &'static str)> {
    later().flat_map(|migration| migration.columns(Dialect::Postgres))
}

/// The columns that are added to this table.
#[must_use]
pub fn columns_added_to(table: &str) -> Vec<&'static str> {
    let columns = added_columns().filter(|(to, _)| *to == table);
    columns.map(|(_, column)| column).collect()
}

/// Statements that leave a database of this build as a build with the first migration alone would
/// have left it. The database is one of the old application that was taken over.
#[must_use]
pub fn undo_all() -> String {
    let drops = later().map(|migration| migration.texts(Dialect::Postgres).drop);
    let drops: Vec<_> = drops.filter(|drop| !drop.is_empty()).collect();
    let indexes: Vec<_> = later()
        .flat_map(|migration| migration.indexes(Dialect::Postgres))
        .map(|index| index.name)
        .collect();
    format!(
        "{};
         DROP INDEX {};
         DELETE FROM ticketing_migrations WHERE name <> '{}';
         UPDATE ticketing_adoption SET indexes = ARRAY(
             SELECT name FROM unnest(indexes) AS name WHERE name <> ALL ('{{{}}}'));
         DROP EXTENSION pg_trgm",
        drops.join("; "),
        indexes.join(", "),
        TABLES.name,
        indexes.join(","),
    )
}

/// The same for a database that this build made.
#[must_use]
pub fn undo_all_of_our_own() -> String {
    let script = undo_all();
    let statements = script.split(';');
    let of_both = statements.filter(|statement| !statement.contains("ticketing_adoption"));
    of_both.collect::<Vec<_>>().join(";")
}

/// The migrations after the first one, newest first, as `down` undoes them.
fn later() -> impl Iterator<Item = &'static Migration> {
    let migrations = MIGRATIONS.iter().rev();
    migrations.filter(|migration| migration.name != TABLES.name)
}
