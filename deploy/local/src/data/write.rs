//! Two ways into a database: INSERT, on either, and COPY, on PostgreSQL.

use super::{Row, Table};
use sea_orm::{ConnectionTrait, DbErr, Statement, sea_query::Query};
use shared::database::{Database, Dialect};
use sqlx::postgres::PgPoolCopyExt as _;

/// Rows in one INSERT: with 25 values each, far below both databases' limits.
const BATCH: usize = 100;
/// Bytes sent to COPY at once.
const CHUNK: usize = 256 * 1_024;

/// Inserts rows; `on_batch` hears how many are in.
pub(crate) async fn insert(
    on: &impl ConnectionTrait,
    database: &Database,
    table: Table,
    rows: impl IntoIterator<Item = Row>,
    on_batch: impl Fn(usize),
) -> Result<(), DbErr> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let mut insert = Query::insert();
        insert
            .into_table(table.name)
            .columns(table.columns.iter().copied());
        let mut count = 0;
        for row in rows.by_ref().take(BATCH) {
            insert.values_panic(row.into_iter().map(|value| value.expression(database)));
            count += 1;
        }
        on.execute(&insert).await?;
        on_batch(count);
    }
    Ok(())
}

/// Copies rows into a table of PostgreSQL; `on_batch` hears how many were sent.
pub(crate) async fn copy(
    database: &Database,
    table: Table,
    rows: impl IntoIterator<Item = Row>,
    on_batch: impl Fn(usize),
) -> Result<(), sqlx::Error> {
    let pool = database.connection().get_postgres_connection_pool();
    let statement = format!(
        "COPY {} ({}) FROM STDIN",
        table.name,
        table.columns.join(", ")
    );
    let mut copying = pool.copy_in_raw(&statement).await?;
    let mut chunk = String::with_capacity(CHUNK + 4_096);
    let mut count = 0;
    for row in rows {
        for (position, value) in row.iter().enumerate() {
            if position > 0 {
                chunk.push('\t');
            }
            value.copy_into(&mut chunk);
        }
        chunk.push('\n');
        count += 1;
        if chunk.len() >= CHUNK {
            copying.send(chunk.as_bytes()).await?;
            // a server that takes all at once would let no other copy begin
            tokio::task::yield_now().await;
            chunk.clear();
            on_batch(count);
            count = 0;
        }
    }
    copying.send(chunk.as_bytes()).await?;
    copying.finish().await?;
    on_batch(count);
    Ok(())
}

/// Lets the ids that the database gives go on after those that rows brought
/// along. SQLite does so by itself.
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
