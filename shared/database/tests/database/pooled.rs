//! A pooler between a service and PostgreSQL, which drops the settings of connections.

use contract::time::Clock;
use database::{Database, Fault, PoolLimits, fault};
use sea_orm::ConnectionTrait as _;
use std::time::{Duration, Instant};
use testing::{Cluster, Kind, Role, TestDatabase, pooler::Pooler, proxy::TcpProxy};

#[tokio::test]
async fn a_connection_through_a_pooler_that_drops_its_settings_is_refused_and_it_is_said() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    let direct = test.open(&Clock::system()).await;
    assert!(direct.condition().await.unwrap().is_migrated);
    for mode in ["session", "transaction", "statement"] {
        let pooler = Pooler::start(Cluster::shared(), mode);
        let url = test.url_pooled(&pooler, Role::Auth);
        let pooled = Database::open(&url, PoolLimits::default(), Clock::system());
        let pooled = pooled.await.unwrap();
        for error in [
            pooled.condition().await.unwrap_err(),
            pooled.begin().await.unwrap_err(),
            pooled.connection().connection_to_keep().await.unwrap_err(),
            pooled
                .connection()
                .execute_unprepared("SELECT 1")
                .await
                .unwrap_err(),
        ] {
            let said = error.to_string();
            assert!(
                said.contains("directly, not through a pooler"),
                "{mode}: {said}"
            );
            assert_eq!(fault(&error), Fault::Unavailable, "{mode}: {said}");
        }
    }
}

/// How often four calls at once are made.
const CALLS: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_whose_connections_are_refused_makes_about_one_a_second() {
    let test = TestDatabase::empty(Kind::Postgres).await;
    // behind a pooler, and before a server that is read-only
    let read_only = format!(
        "ALTER ROLE {} IN DATABASE \"{}\" SET default_transaction_read_only = on",
        Role::Requests.name(),
        test.url.expose().rsplit('/').next().unwrap(),
    );
    test.execute(&read_only).await;
    let pooler = Pooler::start(Cluster::shared(), "session");
    for (server, role, why) in [
        (pooler.address(), Role::Auth, "not through a pooler"),
        (test.address(), Role::Requests, "the server is read-only"),
    ] {
        let proxy = TcpProxy::start(server);
        let limits = PoolLimits {
            acquire_timeout: Duration::from_millis(100),
            ..PoolLimits::default()
        };
        let url = test.url_through(&proxy, role);
        let pool = Database::open(&url, limits, Clock::system()).await.unwrap();
        let call = async || {
            let outcome = pool.connection().execute_unprepared("SELECT 1").await;
            outcome.unwrap_err().to_string()
        };
        // on a slow machine a connection may take longer than a call waits
        while !call().await.contains(why) {}
        let (since, before) = (Instant::now(), proxy.connections());
        for _ in 0..CALLS {
            tokio::join!(call(), call(), call(), call());
        }
        let made = proxy.connections() - before;
        let most = since.elapsed().as_secs() + 1;
        assert!(made <= most, "{why}: {made} connections instead of {most}");
    }
}
