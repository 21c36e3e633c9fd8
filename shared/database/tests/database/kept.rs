//! The connection that is kept for a statement that is sent all the time.

use contract::time::Clock;
use database::{Database, KeptConnection, PoolLimits};
use sea_orm::ConnectionTrait as _;
use std::{sync::Arc, time::Duration};
use testing::{Kind, Role, TestDatabase};

/// Which process of the server answers.
const PROCESS: &str = "SELECT pg_backend_pid()";

async fn number(kept: &KeptConnection, query: &'static str) -> i32 {
    let rows = kept.query_all(query, |query| query).await.unwrap();
    rows[0].try_get_by_index(0).unwrap()
}

async fn kept_of(test: &TestDatabase, limits: PoolLimits) -> KeptConnection {
    let url = test.url_as(Role::Auth);
    let database = Database::open(&url, limits, Clock::system()).await.unwrap();
    KeptConnection::new(database)
}

#[tokio::test]
async fn one_connection_serves_every_statement_also_after_one_that_is_refused() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    let limits = PoolLimits {
        generic_plans: true,
        joins_by_index: true,
        ..PoolLimits::default()
    };
    let kept = kept_of(&test, limits).await;
    let process = number(&kept, PROCESS).await;
    kept.query_all("SELECT 1 / 0", |query| query)
        .await
        .unwrap_err();
    let doubled = kept
        .query_all("SELECT 2 * $1", |query| query.bind(21))
        .await;
    assert_eq!(doubled.unwrap()[0].try_get_by_index::<i32>(0).unwrap(), 42);
    assert_eq!(number(&kept, PROCESS).await, process);
    let settings = "SELECT concat_ws(' ', current_setting('plan_cache_mode'), \
                    current_setting('enable_hashjoin'), current_setting('enable_mergejoin'))";
    let settings = kept.query_all(settings, |query| query).await.unwrap();
    let settings: String = settings[0].try_get_by_index(0).unwrap();
    assert_eq!(settings, "force_generic_plan off off");
}

#[tokio::test]
async fn a_connection_that_died_is_replaced_and_the_statement_answered() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    // asked before it is used, or not
    for check_after in [Duration::ZERO, Duration::MAX] {
        let limits = PoolLimits {
            check_after,
            ..PoolLimits::default()
        };
        let kept = kept_of(&test, limits).await;
        let process = number(&kept, PROCESS).await;
        assert_eq!(test.end_connections_of(Role::Auth).await, 1);
        assert_ne!(number(&kept, PROCESS).await, process);
    }
}

#[tokio::test]
async fn a_connection_that_is_too_old_is_replaced() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    let limits = PoolLimits {
        max_lifetime: Duration::ZERO,
        ..PoolLimits::default()
    };
    let kept = kept_of(&test, limits).await;
    let process = number(&kept, PROCESS).await;
    assert_ne!(number(&kept, PROCESS).await, process);
}

/// Its answer would be read as that of the next.
#[tokio::test]
async fn a_statement_that_is_given_up_takes_its_connection_along() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    let kept = Arc::new(kept_of(&test, PoolLimits::default()).await);
    let process = number(&kept, PROCESS).await;
    let holder = test.open(&Clock::system()).await.begin().await.unwrap();
    holder
        .execute_unprepared("SELECT pg_advisory_xact_lock(7)")
        .await
        .unwrap();
    let waits = Arc::clone(&kept);
    let waiting = tokio::spawn(async move {
        number(
            &waits,
            "SELECT 7 FROM (SELECT pg_advisory_xact_lock(7)) AS held",
        )
        .await
    });
    test.wait_for_waiting(1).await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_ne!(number(&kept, PROCESS).await, process);
    holder.rollback().await.unwrap();
}
