//! Each test has a database to itself.

use contract::time::Clock;
use database::Database;
use sea_orm::{ConnectionTrait, Statement};
use std::time::{Duration, Instant};
use testing::{Cluster, Kind, TestDatabase};

async fn count(database: &Database, query: &str) -> i64 {
    let statement = Statement::from_string(database.dialect().backend(), query);
    let row = database
        .connection()
        .query_one_raw(statement)
        .await
        .unwrap()
        .unwrap();
    row.try_get_by_index(0).unwrap()
}

testing::on_both_databases! {
    async fn a_test_does_not_see_the_rows_of_another(kind: Kind) {
        let (one, other) = tokio::join!(TestDatabase::migrated(kind), TestDatabase::migrated(kind));
        one.execute("INSERT INTO partners (name) VALUES ('Tow')").await;
        let partners = "SELECT count(*) FROM partners";
        assert_eq!(count(&one.open(&Clock::system()).await, partners).await, 1);
        assert_eq!(count(&other.open(&Clock::system()).await, partners).await, 0);
    }

    async fn an_empty_database_has_no_tables(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        let pool = database.open(&Clock::system()).await;
        assert_eq!(count(&pool, match kind {
            Kind::Postgres => "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
            Kind::Sqlite => "SELECT count(*) FROM sqlite_schema",
        }).await, 0);
    }
}

#[tokio::test]
async fn a_database_is_dropped_though_somebody_is_connected() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let pool = database.open(&Clock::system()).await;
    assert_eq!(count(&pool, "SELECT count(*) FROM partners").await, 0);
    let name = database.url.expose().rsplit('/').next().unwrap().to_owned();
    drop(database);

    let witness = TestDatabase::empty(Kind::Postgres).await;
    let witness = witness.open(&Clock::system()).await;
    let query = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    let begun = Instant::now();
    while count(&witness, &query).await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{name} is left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_cluster_of_ones_own_ends_with_its_value() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let address = cluster.address();
    tokio::net::TcpStream::connect(address).await.unwrap();
    tokio::task::spawn_blocking(|| drop(cluster)).await.unwrap();
    tokio::net::TcpStream::connect(address).await.unwrap_err();
}
