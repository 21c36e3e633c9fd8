//! A user, auth-service behind a [`Front`], and clients of one session.

use crate::front::Front;
use client::session_client::{MemoryStore, Pair, PairStore, SessionClient, SessionError, Settings};
use contract::bearer::BearerToken;
use proto::auth::v1::{CreateSessionRequest, ValidateSessionRequest};
use std::{net::SocketAddr, time::Duration};
use testing::{
    Kind, PATIENCE,
    auth::{Auth, PASSWORD, as_service, channel},
};
use tonic::Status;

pub(crate) const EMAIL: &str = "sara@example.com";
pub(crate) const OVERLAP: Duration = Duration::from_mins(1);
/// The access token is good, and its refresh due whatever the jitter.
pub(crate) const DUE: Duration = Duration::from_secs(900 - 55);
/// The access token is over.
pub(crate) const OVER: Duration = Duration::from_secs(901);

pub(crate) struct World {
    pub(crate) auth: Auth,
    pub(crate) front: Front,
}

impl World {
    pub(crate) async fn start(kind: Kind) -> Self {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        let front = Front::start(auth.replica.public).await;
        Self { auth, front }
    }

    /// A client that is not logged in.
    pub(crate) fn client<S: PairStore>(&self, store: S) -> SessionClient<S> {
        self.client_by_way_of(self.front.address, store)
    }

    pub(crate) fn client_by_way_of<S: PairStore>(
        &self,
        address: SocketAddr,
        store: S,
    ) -> SessionClient<S> {
        SessionClient::with(channel(address), store, self.settings())
    }

    /// A client with the patience of production, which a refresh may outlast.
    pub(crate) fn hasty_client<S: PairStore>(
        &self,
        address: SocketAddr,
        store: S,
    ) -> SessionClient<S> {
        let settings = Settings {
            patience: Settings::default().patience,
            ..self.settings()
        };
        SessionClient::with(channel(address), store, settings)
    }

    /// For a client that waits for a newer token as long as it takes.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            patience: PATIENCE,
            clock: self.auth.clock.clone(),
            ..Settings::default()
        }
    }

    /// A client that has just logged in, and its store.
    pub(crate) async fn logged_in(&self) -> (SessionClient<MemoryStore>, MemoryStore) {
        let store = MemoryStore::default();
        let client = self.client(store.clone());
        client.log_in(credentials()).await.unwrap();
        (client, store)
    }

    /// Uses the pair in force, so that the next refresh due turns the session.
    pub(crate) async fn use_pair(&self) {
        let now = self.auth.clock.now();
        let used = match self.auth.database.kind {
            Kind::Postgres => format!("'{now}'"),
            Kind::Sqlite => now.micros().to_string(),
        };
        let script = format!("UPDATE user_sessions SET used_at = {used} WHERE used_at IS NULL");
        self.auth.database.execute(&script).await;
    }

    /// Uses the pair, and lets time pass.
    pub(crate) async fn use_and_wait(&self, time: Duration) {
        self.use_pair().await;
        self.auth.clock.advance(time);
    }

    pub(crate) async fn validate(&self, token: &BearerToken) -> Result<(), Status> {
        let request = as_service(ValidateSessionRequest {
            access_token: token.expose().to_owned(),
        });
        let mut client = self.auth.replica.validation_client();
        client.validate_session(request).await.map(drop)
    }

    /// The generation in force.
    pub(crate) async fn generation(&self) -> i32 {
        let query = "SELECT generation FROM user_sessions WHERE generation IS NOT NULL";
        self.auth.database.query_number(query).await
    }

    /// Whether the one session goes on.
    pub(crate) async fn is_active(&self) -> bool {
        let query = "SELECT CASE WHEN is_active THEN 1 ELSE 0 END FROM user_sessions";
        self.auth.database.query_number(query).await == 1
    }
}

pub(crate) fn credentials() -> CreateSessionRequest {
    CreateSessionRequest {
        email: EMAIL.to_owned(),
        password: PASSWORD.to_owned(),
        device_info: String::new(),
    }
}

pub(crate) async fn kept(store: &impl PairStore) -> Pair {
    store.load().await.unwrap().expect("a pair")
}

/// The token that a client gives is the one that its store keeps.
pub(crate) async fn token<S: PairStore>(client: &SessionClient<S>, store: &S) -> BearerToken {
    let token = client.access_token().await.expect("a token");
    assert_eq!(token.expose(), kept(store).await.access_token.expose());
    token
}

/// The reason for which a client asks for a log-in.
pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<T, SessionError>) -> String {
    let error = answer.expect_err("a refusal");
    assert!(error.requires_log_in(), "{error:?}");
    error.to_string()
}
