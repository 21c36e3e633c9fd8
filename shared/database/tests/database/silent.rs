//! Connections whose server is gone without a word: nothing that is sent on them is answered,
//! and nothing says that they are dead. PostgreSQL alone has such connections.

use crate::given_up::given_up_after;
use contract::time::Clock;
use database::{Database, Dialect, PoolLimits};
use sea_orm::{ConnectionTrait as _, Statement};
use std::time::Duration;
use testing::{Kind, PATIENCE, Role, TestDatabase, patient_limits, proxy::TcpProxy};

const READ: &str = "SELECT 1";
const WRITE: &str = "INSERT INTO written VALUES (1)";

/// A pool of one connection, which has been used, with the proxy that it goes through.
async fn world(limits: PoolLimits) -> (TestDatabase, TcpProxy, Database) {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database
        .execute("CREATE TABLE written (number integer)")
        .await;
    let proxy = TcpProxy::start(database.address());
    let limits = PoolLimits {
        connections: 1,
        ..limits
    };
    let url = database.url_through(&proxy, Role::Owner);
    let pool = Database::open(&url, limits, Clock::system()).await.unwrap();
    read(&pool).await;
    (database, proxy, pool)
}

async fn read(pool: &Database) {
    let select = Statement::from_string(Dialect::Postgres.backend(), READ);
    pool.connection().query_all_raw(select).await.unwrap();
}

/// The server is gone, once the connection was given back to the pool.
async fn vanish(pool: &Database, proxy: &TcpProxy) {
    let connections = pool.connection().get_postgres_connection_pool();
    while connections.num_idle() == 0 {
        tokio::task::yield_now().await;
    }
    proxy.vanish().await;
}

/// As long as a call may take. Nothing that is found dead takes as long.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work)
        .await
        .expect("an answer in time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_checked_first_is_replaced() {
    // each connection is asked before each use
    let limits = PoolLimits {
        check_after: Duration::ZERO,
        ..patient_limits()
    };
    let (database, proxy, pool) = world(limits).await;
    vanish(&pool, &proxy).await;
    in_time(read(&pool)).await;
    vanish(&pool, &proxy).await;
    let written = in_time(pool.connection().execute_unprepared(WRITE)).await;
    assert_eq!(written.unwrap().rows_affected(), 1);
    vanish(&pool, &proxy).await;
    let transaction = in_time(pool.begin()).await.unwrap();
    transaction.execute_unprepared(WRITE).await.unwrap();
    transaction.commit().await.unwrap();
    let count = "SELECT CAST(count(*) AS integer) FROM written";
    assert_eq!(database.query_number(count).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_a_caller_gave_up_waiting_for_is_replaced() {
    let limits = PoolLimits {
        // after which a server that is there has answered
        statement_timeout: Duration::from_secs(1),
        ..patient_limits()
    };
    let (_database, proxy, pool) = world(limits).await;
    vanish(&pool, &proxy).await;
    assert!(given_up_after(3, read(&pool)).await);
    in_time(read(&pool)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_does_not_begin_begins_on_another_connection() {
    let limits = PoolLimits {
        acquire_timeout: Duration::from_secs(3),
        statement_timeout: Duration::from_secs(1),
        ..patient_limits()
    };
    let (_database, proxy, pool) = world(limits).await;
    vanish(&pool, &proxy).await;
    let transaction = in_time(pool.begin()).await.unwrap();
    transaction.execute_unprepared(WRITE).await.unwrap();
    transaction.commit().await.unwrap();
}
