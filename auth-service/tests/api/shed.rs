//! Too many calls at once, over the wire: log-ins and lists leave capacity for refreshes,
//! and these for validations. Calls are held in flight by rows that another
//! transaction keeps.

use crate::served::Served as _;
use database::Transaction;
use proto::auth::v1::{CreateSessionRequest, RefreshSessionRequest, TokenPair};
use sea_orm::ConnectionTrait as _;
use std::time::Duration;
use testing::{
    Kind,
    auth::{Auth, PASSWORD, Replica, channel},
    metrics::scrape,
};
use tokio::task::JoinHandle;
use tonic::{Code, Status};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt as _;

/// The least that can be configured: six for log-ins and lists, seven with refreshes
/// and revocations, eight with validations.
const CAPACITY: &str = "--calls-in-flight=8";
const SARA: &str = "sara@example.com";

type Held = JoinHandle<Result<(), Status>>;

/// A small replica, sessions, and a transaction that keeps rows from who would change
/// them. Who only reads them, as a validation does, does not wait.
struct World {
    auth: Auth,
    replica: Replica,
    keeper: Transaction,
    /// Sara's, whose row is kept, as her own.
    kept: TokenPair,
    /// Another one of hers, whose row is not.
    hers: TokenPair,
    /// Of somebody else.
    free: TokenPair,
}

impl World {
    async fn start() -> Self {
        let auth = Auth::start(Kind::Postgres).await;
        // one log-in after the other counts as a guess until it succeeds
        let flags = [
            CAPACITY,
            "--database-connections=16",
            "--throttle-log-ins=1000",
        ];
        let replica = auth.another_replica_with(&flags).await;
        auth.add_customer(SARA).await;
        auth.add_customer("omar@example.com").await;
        let log_in = async |email| auth.log_in(email).await.tokens.unwrap();
        let keeper = auth.database.open(&auth.clock).await.begin().await.unwrap();
        let kept = log_in(SARA).await;
        let keep = "SELECT id FROM user_sessions FOR UPDATE";
        keeper.execute_unprepared(keep).await.unwrap();
        let (hers, free) = (log_in(SARA).await, log_in("omar@example.com").await);
        let keep = "SELECT id FROM users WHERE email = 'sara@example.com' FOR UPDATE";
        keeper.execute_unprepared(keep).await.unwrap();
        Self {
            auth,
            replica,
            keeper,
            kept,
            hers,
            free,
        }
    }

    fn log_in(&self) -> Held {
        let mut client = self.replica.client();
        let request = CreateSessionRequest {
            email: SARA.to_owned(),
            password: PASSWORD.to_owned(),
            device_info: String::new(),
        };
        tokio::spawn(async move { client.create_session(request).await.map(drop) })
    }

    fn refresh(&self) -> Held {
        let mut client = self.replica.client();
        let request = RefreshSessionRequest {
            refresh_token: self.kept.refresh_token.clone(),
        };
        tokio::spawn(async move { client.refresh_session(request).await.map(drop) })
    }

    /// Returns once so many calls wait for the keeper.
    async fn wait_for_the_keeper(&self, calls: i32) {
        self.auth.database.wait_for_waiting(calls).await;
    }
}

fn is_shed(answer: Result<(), Status>) {
    let refusal = answer.expect_err("no capacity");
    assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal:?}");
    let details = refusal.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "OVERLOADED");
    let wait = details.retry_info().unwrap().retry_delay;
    assert_eq!(wait, Some(Duration::from_secs(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_ins_leave_capacity_for_refreshes_and_refreshes_for_validations() {
    let world = World::start().await;
    let replica = &world.replica;
    let mut held: Vec<Held> = (0..6).map(|_| world.log_in()).collect();
    world.wait_for_the_keeper(6).await;
    is_shed(world.log_in().await.unwrap());
    is_shed(replica.list(&world.free.access_token).await.map(drop));
    for _ in 0..3 {
        let refreshed = replica.refresh(&world.free.refresh_token).await;
        refreshed.expect("capacity for a refresh");
        let validated = replica.validate(&world.hers.access_token).await;
        validated.expect("capacity for a validation");
    }

    held.push(world.refresh());
    world.wait_for_the_keeper(7).await;
    is_shed(replica.refresh(&world.free.refresh_token).await.map(drop));
    is_shed(replica.revoke(&world.free.refresh_token).await);
    for token in [&world.hers.access_token, &world.free.access_token] {
        let validated = replica.validate(token).await;
        validated.expect("capacity for a validation");
    }
    for listener in [replica.public, replica.internal, replica.ops] {
        let requested = HealthCheckRequest::default();
        let mut health = HealthClient::new(channel(listener));
        let answer = health.check(requested).await.unwrap().into_inner();
        assert_eq!(answer.status, 1, "SERVING");
    }
    let scraped = scrape(replica.ops).await;
    assert_eq!(scraped.value("ticketing_auth_calls_shed_total"), Some(4.0));

    world.keeper.rollback().await.unwrap();
    for call in held {
        call.await.unwrap().expect("it was taken in");
    }
    replica.log_in_with(SARA, PASSWORD).await.expect("served");
    let sessions = "SELECT count(*)::int FROM user_sessions";
    let sessions = world.auth.database.query_number(sessions).await;
    assert_eq!(sessions, 3 + 6 + 1);
}
