//! Connections to the database that died while nobody used them: an operator ended them, or
//! the server was restarted. No call pays for that. PostgreSQL alone has connections that die.

use crate::served::Served as _;
use contract::ids::SessionId;
use futures_util::future::{BoxFuture, join_all};
use proto::auth::v1::{
    ChangePasswordRequest, CreateSessionRequest, ListAuditEventsRequest, ListSessionsRequest,
    RefreshSessionRequest, RegisterRequest, RevokeAllSessionsRequest, RevokeOwnSessionRequest,
    RevokeSessionRequest, RevokeUserSessionsRequest, TokenPair, ValidateSessionRequest,
    revoke_user_sessions_request::Scope,
};
use testing::{
    Kind, Role,
    auth::{Auth, PASSWORD, TestUser, as_service, with_token},
    dead_connections::assert_answered,
};
use tonic::Status;

/// Calls of one kind: twice as many as there are connections.
const CALLS: usize = 16;
const STAFF: &str = "admin@example.com";

type Call = BoxFuture<'static, Result<(), Status>>;

struct World {
    auth: Auth,
    staff: String,
}

/// Somebody who is logged in.
struct User {
    id: i32,
    email: String,
    session: String,
    tokens: TokenPair,
}

impl World {
    async fn start() -> Self {
        let auth = Auth::start(Kind::Postgres).await;
        let staff = TestUser {
            email: STAFF,
            user_type: "admin",
            role: "admin",
            partner_id: None,
        };
        auth.add_user(staff).await;
        let staff = auth.log_in(STAFF).await.tokens.unwrap().access_token;
        Self { auth, staff }
    }

    async fn user(&self) -> User {
        let email = format!("{}@example.com", SessionId::random());
        let id = self.auth.add_customer(&email).await;
        let answer = self.auth.log_in(&email).await;
        User {
            id,
            email,
            session: answer.session.unwrap().session_id,
            tokens: answer.tokens.unwrap(),
        }
    }

    /// Makes calls of one kind, after each connection was used and died, at once or one
    /// after the other: all are answered.
    async fn are_answered(&self, kind: impl Fn(&Self, User) -> Call) {
        for at_once in [true, false] {
            let mut calls = Vec::new();
            for _ in 0..CALLS {
                calls.push(kind(self, self.user().await));
            }
            let lists = (0..CALLS).map(|_| self.auth.list(&self.staff));
            join_all(lists).await;
            assert_answered(&self.auth.database, Role::Auth, calls, at_once).await;
        }
    }
}

/// The answer to a call, made when it is asked for.
macro_rules! call {
    ($client:expr, $rpc:ident, $request:expr) => {{
        let (mut client, request) = ($client, $request);
        Box::pin(async move { client.$rpc(request).await.map(drop) })
    }};
}

macro_rules! no_call_of_these_kinds_fails_because_connections_died {
    ($($rpc:ident($world:ident, $user:ident) = $client:ident($request:expr);)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $rpc() {
            let world = World::start().await;
            world
                .are_answered(|$world, $user| call!($world.auth.$client(), $rpc, $request))
                .await;
        }
    )+};
}

/// It is asked again on another connection.
mod what_only_reads_is_answered_after_all_connections_died {
    use super::*;

    no_call_of_these_kinds_fails_because_connections_died! {
        validate_session(world, user) = internal_client(as_service(ValidateSessionRequest {
            access_token: user.tokens.access_token,
        }));
        list_sessions(world, user) = client(with_token(
            ListSessionsRequest::default(),
            &user.tokens.access_token,
        ));
        list_audit_events(world, _user) = client(with_token(
            ListAuditEventsRequest::default(),
            &world.staff,
        ));
        revoke_user_sessions(world, user) = client(with_token(
            RevokeUserSessionsRequest {
                scope: Some(Scope::UserId(user.id)),
                reason: "only counted".to_owned(),
                validate_only: true,
            },
            &world.staff,
        ));
    }
}

/// It begins on a connection that lives.
mod what_writes_is_answered_after_all_connections_died {
    use super::*;

    no_call_of_these_kinds_fails_because_connections_died! {
        create_session(world, user) = client(CreateSessionRequest {
            email: user.email,
            password: PASSWORD.to_owned(),
            device_info: String::new(),
        });
        register(world, user) = client(RegisterRequest {
            name: "Sara".to_owned(),
            email: format!("other-{}", user.email),
            phone: "+966 50 123 4567".to_owned(),
            password: PASSWORD.to_owned(),
            ..RegisterRequest::default()
        });
        refresh_session(world, user) = client(RefreshSessionRequest {
            refresh_token: user.tokens.refresh_token,
        });
        revoke_session(world, user) = client(RevokeSessionRequest {
            token: user.tokens.access_token,
        });
        revoke_own_session(world, user) = client(with_token(
            RevokeOwnSessionRequest { session_id: user.session },
            &user.tokens.access_token,
        ));
        revoke_all_sessions(world, user) = client(with_token(
            RevokeAllSessionsRequest { keep_current: Some(false) },
            &user.tokens.access_token,
        ));
        revoke_user_sessions(world, user) = client(with_token(
            RevokeUserSessionsRequest {
                scope: Some(Scope::UserId(user.id)),
                reason: "a stolen laptop".to_owned(),
                validate_only: false,
            },
            &world.staff,
        ));
        change_password(world, user) = client(with_token(
            ChangePasswordRequest {
                current_password: PASSWORD.to_owned(),
                new_password: "another one that nobody else has".to_owned(),
            },
            &user.tokens.access_token,
        ));
    }
}
