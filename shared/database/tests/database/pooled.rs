//! A pooler between a service and PostgreSQL, which drops the settings of connections.

use contract::time::Clock;
use database::{Database, Fault, PoolLimits, fault};
use sea_orm::ConnectionTrait as _;
use testing::{Cluster, Kind, Role, TestDatabase, pooler::Pooler};

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
