//! Hand-written queries, whose rows are read in the order of their columns.

use sea_orm::{ConnectionTrait, DbErr, Statement, TryGetableMany, Value};

/// The rows of a query.
pub async fn rows<T: TryGetableMany>(
    on: &impl ConnectionTrait,
    query: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>, DbErr> {
    let query = Statement::from_sql_and_values(on.get_database_backend(), query, values);
    let rows = on.query_all_raw(query).await?;
    rows.iter()
        .map(sea_orm::QueryResult::try_get_many_by_index)
        .collect()
}

/// The one row of a query that always returns one.
pub async fn row<T: TryGetableMany>(on: &impl ConnectionTrait, query: &str) -> Result<T, DbErr> {
    let missing = || DbErr::RecordNotFound(format!("no row: {query}"));
    rows(on, query, []).await?.pop().ok_or_else(missing)
}

/// A list of names, as the value of an array.
pub fn array<'a>(names: impl IntoIterator<Item = &'a str>) -> Value {
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    names.into()
}
