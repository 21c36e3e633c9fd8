//! Writes rows into a database.

use super::{Row, Table};
use database::{Database, Dialect};
use sea_orm::{ConnectionTrait, DbErr, Statement, sea_query::Query};

/// Rows in one INSERT: with 25 values each, far below both databases' limits.
const BATCH: usize = 100;

/// Inserts rows.
pub(crate) async fn insert(
    on: &impl ConnectionTrait,
    database: &Database,
    table: Table,
    rows: impl IntoIterator<Item = Row>,
) -> Result<(), DbErr> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let mut insert = Query::insert();
        insert
            .into_table(table.name)
            .columns(table.columns.iter().copied());
        for row in rows.by_ref().take(BATCH) {
            insert.values_panic(row.into_iter().map(|value| value.expression(database)));
        }
        on.execute(&insert).await?;
    }
    Ok(())
}

/// Advances the database's sequences past the ids of the inserted rows. SQLite does so by itself.
pub(crate) async fn continue_ids(
    on: &impl ConnectionTrait,
    database: &Database,
    table: &str,
) -> Result<(), DbErr> {
    if database.dialect() == Dialect::Postgres {
        let text = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), \
             (SELECT COALESCE(max(id), 1) FROM {table}))"
        );
        on.query_one_raw(Statement::from_string(database.dialect().backend(), text))
            .await?;
    }
    Ok(())
}
