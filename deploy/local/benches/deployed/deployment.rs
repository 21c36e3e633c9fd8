//! A database with rows, keys, and tokens of its sessions.

use crate::{PROFILE, distant::distant};
use auth_service::{
    model::Generation,
    tokens::{KeyRing, TokenKind, Tokens},
};
use contract::{
    ids::{SessionId, UserId},
    time::Clock,
};
use local::{Options, generate};
use sea_orm::{ConnectionTrait as _, QueryResult, Statement};
use secrecy::ExposeSecret as _;
use std::{sync::Arc, time::Duration};
use testing::{
    Kind, Role, TestDatabase,
    auth::prepared_folder,
    service::{Service, folder},
};

/// More than signatures are kept of.
const TOKENS: usize = 120_000;

/// What both services are started on.
pub(crate) struct Deployment {
    database: TestDatabase,
    folder: tempfile::TempDir,
    tokens: Tokens,
    clock: Clock,
}

impl Deployment {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::migrated(Kind::Postgres).await;
        let clock = Clock::system();
        let options = Options {
            database_url: database.url.clone(),
            requests: 100_000,
            sessions: 100_000,
            seed: 1,
        };
        Box::pin(generate(&options)).await.expect("rows");
        let folder = prepared_folder();
        let keys = KeyRing::open(folder.path().join("keys"), clock.clone()).expect("keys");
        let [issuer, audience] = ["ticketing-auth", "ticketing"].map(str::to_owned);
        Self {
            database,
            folder,
            tokens: Tokens::new(Arc::new(keys), issuer, audience),
            clock,
        }
    }

    /// Starts auth-service, with more variables.
    pub(crate) async fn auth(&self, more: &[(&str, &str)]) -> Service {
        let keys = self.folder.path().join("keys").display().to_string();
        let variables = [
            ("DATABASE_URL", self.url(Role::Auth)),
            ("SERVICE_TOKEN_FILE", self.service_token()),
            ("AUTH_KEYS_DIRECTORY", keys),
        ];
        Service::start(
            &folder(PROFILE),
            "auth-service",
            &["public", "internal", "ops"],
            variables,
            more,
        )
        .await
    }

    /// Starts requests-service, with more variables.
    pub(crate) async fn requests(&self, auth: &Service, more: &[(&str, &str)]) -> Service {
        let auth = format!("http://{}", auth.address("internal"));
        let variables = [
            ("DATABASE_URL", self.url(Role::Requests)),
            ("SERVICE_TOKEN_FILE", self.service_token()),
            ("AUTH_SERVICE_URL", auth),
        ];
        Service::start(
            &folder(PROFILE),
            "requests-service",
            &["public", "ops"],
            variables,
            more,
        )
        .await
    }

    fn url(&self, role: Role) -> String {
        self.database.url_as(role).expose().to_owned()
    }

    /// The database's URL for a service, as if it were far away.
    pub(crate) async fn distant_url(&self, role: Role) -> String {
        let near = self.database.address();
        let far = distant(near).await;
        self.url(role).replace(&near.to_string(), &far.to_string())
    }

    fn service_token(&self) -> String {
        self.folder.path().join("token").display().to_string()
    }

    /// So many access tokens, each another, of sessions that are alive.
    pub(crate) async fn access_tokens(&self) -> Arc<Vec<String>> {
        let tokens = self.issue(TokenKind::Access, "true", TOKENS).await;
        assert!(tokens.len() == TOKENS, "sessions that are alive");
        Arc::new(tokens)
    }

    /// So many refresh tokens, of sessions of customers that are alive.
    pub(crate) async fn refresh_tokens(&self, count: usize) -> Vec<String> {
        self.issue(TokenKind::Refresh, "u.user_type = 'customer'", count)
            .await
    }

    /// An access token of a user of a type.
    pub(crate) async fn access_token_of(&self, user_type: &str) -> String {
        let of_type = format!("u.user_type = '{user_type}'");
        self.issue(TokenKind::Access, &of_type, 1).await.remove(0)
    }

    /// The e-mail addresses of so many customers.
    pub(crate) async fn customers(&self, count: usize) -> Arc<Vec<String>> {
        let query = format!("SELECT email FROM users WHERE user_type = 'customer' LIMIT {count}");
        let rows = self.rows(query).await;
        let email = |row: &QueryResult| row.try_get_by_index(0).expect("an e-mail");
        Arc::new(rows.iter().map(email).collect())
    }

    /// Tokens of sessions that are alive, of users of whom something holds.
    async fn issue(&self, kind: TokenKind, of_users: &str, count: usize) -> Vec<String> {
        let query = format!(
            "SELECT s.session_id, s.user_id FROM user_sessions s JOIN users u ON u.id = s.user_id \
             WHERE s.is_active AND s.expires_at > now() + interval '1 hour' \
             AND s.generation = 1 AND {of_users} ORDER BY s.id DESC LIMIT {count}"
        );
        let rows = self.rows(query).await;
        let sessions: Vec<(SessionId, UserId)> = rows
            .iter()
            .map(|row| {
                let session: String = row.try_get_by_index(0).expect("an id");
                let user = row.try_get_by_index(1).expect("an id");
                (SessionId::parse(&session).expect("an id"), UserId(user))
            })
            .collect();
        let now = self.clock.now();
        let end = now + Duration::from_mins(14);
        let of = |(session, user): &(SessionId, UserId)| {
            let issued = self
                .tokens
                .issue(kind, *user, *session, Generation(1), now, end);
            issued.expect("a token").text.expose_secret().to_owned()
        };
        sessions.iter().cycle().take(count).map(of).collect()
    }

    async fn rows(&self, query: String) -> Vec<QueryResult> {
        let database = self.database.open(&self.clock).await;
        let statement = Statement::from_string(database.dialect().backend(), query);
        let rows = database.connection().query_all_raw(statement).await;
        rows.expect("rows")
    }
}
