//! Health: readiness follows the database, liveness never asks it.

use crate::{
    outages::{World, world},
    process::{Process, configured},
    rows::eventually,
};
use proto::auth::v1::CreateSessionRequest;
use testing::{
    Cluster, Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, channel, refusal},
    pooler::Pooler,
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;

async fn health(world: &World, service: &str) -> i32 {
    let mut health = HealthClient::new(channel(world.auth.replica.ops));
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    health
        .check(request)
        .await
        .expect("it answers")
        .into_inner()
        .status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_follows_the_database_and_liveness_does_not() {
    let world = world().await;
    let names = [
        "",
        auth_service::app::AUTH_SERVICE,
        auth_service::app::VALIDATION_SERVICE,
    ];
    let becomes = async |status: i32| {
        for name in names {
            eventually("its health follows", async || {
                health(&world, name).await == status
            })
            .await;
            assert_eq!(health(&world, server::serve::LIVENESS).await, SERVING);
        }
    };
    becomes(SERVING).await;
    world.proxy.cut().await;
    becomes(NOT_SERVING).await;
    world.proxy.restore().await;
    becomes(SERVING).await;
    world.proxy.hang().await;
    becomes(NOT_SERVING).await;
    world.proxy.restore().await;
    becomes(SERVING).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_migrations_it_is_alive_and_not_ready() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let auth = Auth::start_on(database).await;
    let status = refusal(
        auth.client()
            .create_session(CreateSessionRequest {
                email: "sara@example.com".to_owned(),
                password: PASSWORD.to_owned(),
                device_info: String::new(),
            })
            .await,
    );
    assert_ne!(status.0, Code::Unauthenticated, "{status:?}");
    let mut health = HealthClient::new(channel(auth.replica.ops));
    for (service, expected) in [("", NOT_SERVING), (server::serve::LIVENESS, SERVING)] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        assert_eq!(
            health.check(request).await.unwrap().into_inner().status,
            expected
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_that_drops_its_settings_it_is_not_ready_and_says_why() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let folder = tempfile::tempdir().unwrap();
    for mode in ["session", "transaction"] {
        let pooler = Pooler::start(Cluster::shared(), mode);
        let url = database.url_pooled(&pooler, Role::Auth);
        let process = Process::start(configured(folder.path(), &url)).await;
        eventually("it says why", async || {
            let printed = process.printed();
            let mut lines = printed.lines().filter(|line| line.contains("not ready"));
            lines.any(|line| line.contains("directly, not through a pooler"))
        })
        .await;
        let mut health = HealthClient::new(channel(process.ops));
        let answer = health.check(HealthCheckRequest::default()).await;
        assert_eq!(answer.unwrap().into_inner().status, NOT_SERVING, "{mode}");
        let printed = process.printed();
        assert!(!printed.contains("after_connect"), "{mode}: {printed}");
        let said = printed.matches("refusing connections to the database");
        // each of its two pools says it once
        assert!((1..=2).contains(&said.count()), "{mode}: {printed}");
    }
}
