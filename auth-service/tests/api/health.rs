//! Health: readiness follows the database, liveness never asks it.

use crate::{
    outages::{World, world},
    rows::eventually,
};
use proto::auth::v1::CreateSessionRequest;
use testing::{
    Kind, TestDatabase,
    auth::{Auth, PASSWORD, channel, refusal},
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

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
    const SERVING: i32 = 1;
    const NOT_SERVING: i32 = 2;
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
            assert_eq!(health(&world, shared::serve::LIVENESS).await, SERVING);
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
    for (service, expected) in [("", 2), (shared::serve::LIVENESS, 1)] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        assert_eq!(
            health.check(request).await.unwrap().into_inner().status,
            expected
        );
    }
}
