//! What stands in the database, and how tests wait for what a background task
//! writes.

use contract::time::Clock;
use sea_orm::{ConnectionTrait, Statement};
use std::time::Duration;
use testing::TestDatabase;

/// The first column of every row that a query gives, as text; NULL is `None`.
pub(crate) async fn texts(database: &TestDatabase, query: &str) -> Vec<Option<String>> {
    let pool = database.open(&Clock::system()).await;
    let statement = Statement::from_string(pool.dialect().backend(), query);
    let rows = pool.connection().query_all_raw(statement).await;
    let rows = rows.unwrap_or_else(|error| panic!("{query}: {error}"));
    let read = |row: &sea_orm::QueryResult| row.try_get_by_index(0).expect("a text");
    let texts = rows.iter().map(read).collect();
    pool.connection().close_by_ref().await.unwrap();
    texts
}

/// The one text that a query gives.
pub(crate) async fn text(database: &TestDatabase, query: &str) -> Option<String> {
    let texts = texts(database, query).await;
    assert_eq!(texts.len(), 1, "{query}");
    texts.into_iter().next().unwrap()
}

/// A column of the one session in the database, as text.
pub(crate) async fn session_column(database: &TestDatabase, column: &str) -> Option<String> {
    let query = format!("SELECT CAST({column} AS text) FROM user_sessions");
    text(database, &query).await
}

/// Whether the one session in the database is active, and why it ended.
pub(crate) async fn session_status(database: &TestDatabase) -> (bool, Option<String>) {
    let active = text(
        database,
        "SELECT CASE WHEN is_active THEN 'yes' ELSE 'no' END FROM user_sessions",
    );
    (
        active.await.as_deref() == Some("yes"),
        session_column(database, "end_reason").await,
    )
}

/// Waits for what a background task does, as long as a loaded machine may take.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not seen within half a minute: {what}");
}

/// Waits until the first use of the one session is in its row.
pub(crate) async fn first_use_is_written(database: &TestDatabase) {
    eventually("the first use", || async {
        session_column(database, "used_at").await.is_some()
    })
    .await;
}
