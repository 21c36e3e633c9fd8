//! An outage of the database is never an answer. PostgreSQL alone has a
//! server that can be away.

use crate::{
    forge::{Forged, key_file},
    rows::eventually,
    served::{Served as _, unauthenticated},
};
use auth_service::config::Config;
use proto::auth::v1::{
    CreateSessionRequest, ListSessionsRequest, RefreshSessionRequest, RegisterRequest,
    RevokeSessionRequest, TokenPair, ValidateSessionRequest,
};
use sea_orm::ConnectionTrait as _;
use std::time::Duration;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, as_in_production, as_service, refusal, with_token},
    proxy::TcpProxy,
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

/// What a caller gives a call: twice as long as a call may take, so that the answer is
/// there before, on whatever machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) auth: Auth,
    pub(crate) proxy: TcpProxy,
    pub(crate) live: TokenPair,
    revoked: TokenPair,
}

/// An auth-service whose database can be taken away, a session, and one that was
/// revoked.
pub(crate) async fn world() -> World {
    world_configured(as_in_production).await
}

async fn world_configured(configure: impl FnOnce(&mut Config)) -> World {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let proxy = TcpProxy::start(database.address());
    let url = database.url_through(&proxy, Role::Auth);
    let auth = Auth::start_configured(database, &url, &[], configure).await;
    auth.add_customer("sara@example.com").await;
    let live = auth.log_in("sara@example.com").await.tokens.unwrap();
    let revoked = auth.log_in("sara@example.com").await.tokens.unwrap();
    auth.revoke(&revoked.access_token).await.unwrap();
    World {
        auth,
        proxy,
        live,
        revoked,
    }
}

fn patient<T>(mut request: Request<T>) -> Request<T> {
    request.set_timeout(PATIENCE);
    request
}

/// What every RPC answers to a caller with patience.
async fn answers(world: &World) -> Vec<(&'static str, Result<(), Status>)> {
    let (mut client, mut internal) = (world.auth.client(), world.auth.internal_client());
    let email = "sara@example.com".to_owned();
    let register = RegisterRequest {
        name: "Sara".to_owned(),
        email: format!("{}@example.com", contract::ids::SessionId::random()),
        phone: "1".to_owned(),
        password: PASSWORD.to_owned(),
        ..RegisterRequest::default()
    };
    let log_in = CreateSessionRequest {
        email,
        password: PASSWORD.to_owned(),
        device_info: String::new(),
    };
    let refresh = RefreshSessionRequest {
        refresh_token: world.live.refresh_token.clone(),
    };
    // a session of nobody: the others must live on
    let sid = contract::ids::SessionId::random().to_string();
    let token = Forged::from(&world.live.access_token)
        .claim("sid", sid)
        .signed_by(&key_file(&world.auth));
    let revoke = RevokeSessionRequest { token };
    let list = with_token(ListSessionsRequest::default(), &world.live.access_token);
    let validate = as_service(ValidateSessionRequest {
        access_token: world.live.access_token.clone(),
    });
    let (mut refreshing, mut revoking) = (client.clone(), client.clone());
    let (mut logging_in, mut registering) = (client.clone(), client.clone());
    // at once: each may take all of its time
    let (validated, listed, refreshed, revoked, logged_in, registered) = tokio::join!(
        internal.validate_session(patient(validate)),
        client.list_sessions(patient(list)),
        refreshing.refresh_session(patient(Request::new(refresh))),
        revoking.revoke_session(patient(Request::new(revoke))),
        logging_in.create_session(patient(Request::new(log_in))),
        registering.register(patient(Request::new(register))),
    );
    vec![
        ("ValidateSession", validated.map(drop)),
        ("ListSessions", listed.map(drop)),
        ("RefreshSession", refreshed.map(drop)),
        ("RevokeSession", revoked.map(drop)),
        ("CreateSession", logged_in.map(drop)),
        ("Register", registered.map(drop)),
    ]
}

/// Every RPC says UNAVAILABLE by itself, before its caller stops listening: a
/// client that gives up says CANCELLED.
async fn all_unavailable(world: &World) {
    for (rpc, answer) in answers(world).await {
        let status = answer.expect_err(rpc);
        assert_eq!(status.code(), Code::Unavailable, "{rpc}: {status}");
        let details = status.get_error_details();
        let reason = details
            .error_info()
            .map(|info| info.reason.clone())
            .unwrap_or_default();
        let reasons = [
            "DATABASE_UNAVAILABLE",
            "VALIDATION_UNAVAILABLE",
            "DEADLINE_REACHED",
        ];
        assert!(reasons.contains(&reason.as_str()), "{rpc}: {reason}");
        assert!(details.retry_info().is_some(), "{rpc}");
    }
}

/// Every RPC is served again; some time may pass until each broken connection is
/// replaced.
async fn all_served_again(world: &World) {
    eventually("every RPC is served again", async || {
        answers(world)
            .await
            .iter()
            .all(|(_, answer)| answer.is_ok())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_database_away_every_call_is_unavailable_and_served_again_after() {
    let world = world().await;
    all_served_again(&world).await;
    world.proxy.cut().await;
    all_unavailable(&world).await;
    all_unavailable(&world).await;
    world.proxy.restore().await;
    all_served_again(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_database_silent_every_call_is_unavailable_and_served_again_after() {
    let world = world().await;
    all_served_again(&world).await;
    world.proxy.hang().await;
    all_unavailable(&world).await;
    all_unavailable(&world).await;
    world.proxy.restore().await;
    all_served_again(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_idle_connections_that_are_silent_every_call_is_served() {
    let world = world_configured(|config| {
        // idle for long enough
        config.pool.check_after = Duration::ZERO;
    })
    .await;
    world.proxy.vanish().await;
    for (rpc, answer) in answers(&world).await {
        answer.expect(rpc);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn around_an_outage_no_valid_token_is_refused_and_no_revoked_one_accepted() {
    let world = world().await;
    let ended = unauthenticated("SESSION_ENDED");
    let send = async |token: &str| {
        let request = as_service(ValidateSessionRequest {
            access_token: token.to_owned(),
        });
        world
            .auth
            .internal_client()
            .validate_session(patient(request))
            .await
    };
    let outages = async {
        for _ in 0..2 {
            world.proxy.cut().await;
            all_unavailable(&world).await;
            world.proxy.restore().await;
            all_served_again(&world).await;
            world.proxy.hang().await;
            all_unavailable(&world).await;
            world.proxy.restore().await;
            all_served_again(&world).await;
        }
    };
    let requesting = async {
        loop {
            if let Err(status) = send(&world.live.access_token).await {
                assert_eq!(status.code(), Code::Unavailable, "{status}");
            }
            let revoked = refusal(send(&world.revoked.access_token).await);
            assert!(
                revoked == ended || revoked.0 == Code::Unavailable,
                "{revoked:?}"
            );
        }
    };
    tokio::select! {
        () = outages => {}
        () = requesting => {}
    }
    send(&world.live.access_token)
        .await
        .expect("valid as before");
    assert_eq!(refusal(send(&world.revoked.access_token).await), ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_refused_by_itself_needs_no_database() {
    let world = world().await;
    world.proxy.cut().await;
    let broken = format!("{}x", world.live.access_token);
    assert_eq!(
        refusal(world.auth.validate(&broken).await).0,
        Code::Unauthenticated
    );
    let other_kind = refusal(world.auth.validate(&world.live.refresh_token).await);
    assert_eq!(other_kind, unauthenticated("TOKEN_TYPE_MISMATCH"));
}

/// A caller that waits for a row keeps a connection from all others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_another_transaction_keeps_is_an_outage() {
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer("sara@example.com").await;
    let replica = auth
        .another_replica_configured(&[], |config| {
            config.pool.lock_timeout = Duration::from_millis(50);
        })
        .await;
    let other = auth.database.open(&auth.clock).await;
    let holder = other.begin().await.unwrap();
    let hold = "SELECT id FROM users FOR UPDATE";
    holder.execute_unprepared(hold).await.unwrap();
    let log_in = || CreateSessionRequest {
        email: "sara@example.com".to_owned(),
        password: PASSWORD.to_owned(),
        device_info: String::new(),
    };
    let refused = refusal(replica.client().create_session(log_in()).await);
    assert_eq!(
        refused,
        (Code::Unavailable, "DATABASE_UNAVAILABLE".to_owned())
    );
    holder.rollback().await.unwrap();
    replica
        .client()
        .create_session(log_in())
        .await
        .expect("the row is free");
}
