//! All that is measured, and what it is called with: a database with rows, the programs, and
//! tokens of its sessions.

use crate::{
    load::CONNECTIONS,
    pages::{Caller, Page, Pages},
    processes::Processes,
    programs::Echo,
    supply::{Session, Signed, Signer, Supply},
};
use auth_service::tokens::TokenKind;
use contract::ids::{SessionId, UserId};
use local::{Options, generate};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use testing::{
    Cluster, Kind, Role, TestDatabase,
    auth::{channel, prepared_folder},
    service::{Service, folder},
};
use tonic::transport::Channel;

/// The most sessions that one kind of call has.
const SESSIONS: usize = 20_000;

pub(crate) struct Stage {
    /// By their database's owner.
    pub(crate) connection: PgConnection,
    pub(crate) processes: Processes,
    pub(crate) channels: Channels,
    /// Of one session.
    pub(crate) hot: Arc<Supply>,
    /// Tokens that all differ. A server remembers their signatures.
    pub(crate) warm: Arc<Supply>,
    /// How many different tokens `warm` has.
    pub(crate) tokens: usize,
    pub(crate) pages: Vec<Arc<Page>>,
    signer: Signer,
    validated: Vec<Session>,
    refreshed: Vec<Session>,
    // they end with this value
    database: TestDatabase,
    folder: tempfile::TempDir,
    _echo: Echo,
    _services: [Service; 3],
}

/// Connections to each listener.
pub(crate) struct Channels {
    pub(crate) echo: Vec<Channel>,
    pub(crate) validation: Vec<Channel>,
    /// Of another replica, for the tokens that are shown once: these would drive others
    /// out of the signatures that the first one keeps.
    pub(crate) validation_afresh: Vec<Channel>,
    pub(crate) refresh: Vec<Channel>,
    pub(crate) requests: Vec<Channel>,
}

impl Stage {
    /// Fills a database with `rows` requests and `rows` sessions, signs `tokens` different
    /// tokens, and starts the programs that Cargo built in this profile.
    pub(crate) async fn new(rows: i32, tokens: usize, profile: &str) -> Self {
        let database = TestDatabase::migrated(Kind::Postgres).await;
        let options = Options {
            database_url: database.url.clone(),
            requests: rows,
            sessions: rows,
            seed: 1,
        };
        Box::pin(generate(&options)).await.expect("rows");
        let mut connection = PgConnection::connect(database.url.expose())
            .await
            .expect("a connection");
        let share = |part: i32| SESSIONS.min(usize::try_from(rows / part).unwrap_or(SESSIONS));
        let customers = "u.user_type = 'customer'";
        let mut refreshed = sessions(&mut connection, customers, share(4) + share(2)).await;
        let validated = refreshed.split_off(share(4));
        let partner = sessions(&mut connection, "u.partner_id = 1", 1).await;
        let staff = sessions(&mut connection, "u.user_type = 'admin'", 1).await;
        for session in [&validated, &partner, &staff] {
            // the first use of each was long ago
            let used = "UPDATE user_sessions SET used_at = rotated_at WHERE id = ANY($1)";
            update(&mut connection, used, session).await;
        }
        execute(&mut connection, "VACUUM (ANALYZE)").await;
        execute(&mut connection, "CHECKPOINT").await;

        let files = prepared_folder();
        let signer = Signer::new(&files.path().join("keys"));
        let token_of = |session: &[Session]| signer.sign(TokenKind::Access, session, 1);
        let callers = [partner, staff].map(|session| token_of(&session).remove(0).text);
        let (hot, warm) = (
            token_of(&validated),
            signer.sign(TokenKind::Access, &validated, tokens),
        );
        let programs = Programs {
            database: &database,
            files: &files,
            folder: folder(profile),
        };
        let [auth, afresh] = [programs.auth().await, programs.auth().await];
        let requests = programs.requests(&auth).await;
        let echo = Echo::start(&programs.folder).await;
        let channels = Channels {
            echo: connections(echo.address),
            validation: connections(auth.address("internal")),
            validation_afresh: connections(afresh.address("internal")),
            refresh: connections(afresh.address("public")),
            requests: connections(requests.address("public")),
        };
        let pages = pages(&mut connection, &channels, &callers).await;
        Self {
            processes: Processes([
                vec![auth.id(), afresh.id()],
                vec![requests.id()],
                vec![Cluster::shared().process()],
                vec![echo.id()],
                vec![std::process::id()],
            ]),
            connection,
            channels,
            hot: Supply::endless(hot),
            warm: Supply::endless(warm),
            tokens,
            pages,
            signer,
            validated,
            refreshed,
            database,
            folder: files,
            _echo: echo,
            _services: [auth, afresh, requests],
        }
    }

    /// Signs `count` access tokens that no server has seen yet.
    pub(crate) fn unseen(&self, count: usize) -> Vec<Signed> {
        self.signer.sign(TokenKind::Access, &self.validated, count)
    }

    /// Refresh tokens that nobody has seen yet, each of another session, which was used
    /// long ago and is to rotate.
    pub(crate) async fn refreshable(&mut self) -> Vec<Signed> {
        let again = "UPDATE user_sessions SET generation = 1, \
                     rotated_at = now() - interval '2 hours', used_at = now() - interval '1 hour' \
                     WHERE id = ANY($1)";
        update(&mut self.connection, again, &self.refreshed).await;
        execute(&mut self.connection, "VACUUM user_sessions").await;
        let sessions = &self.refreshed;
        self.signer
            .sign(TokenKind::Refresh, sessions, sessions.len())
    }

    /// The database's URL for its owner.
    pub(crate) fn url(&self) -> &str {
        self.database.url.expose()
    }

    /// A file that may be written.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.folder.path().join("scratch")
    }
}

/// How the services are started.
struct Programs<'a> {
    database: &'a TestDatabase,
    files: &'a tempfile::TempDir,
    folder: PathBuf,
}

impl Programs<'_> {
    async fn auth(&self) -> Service {
        let variables = [
            ("DATABASE_URL", self.url(Role::Auth)),
            ("SERVICE_TOKEN_FILE", self.file("token")),
            ("AUTH_KEYS_DIRECTORY", self.file("keys")),
        ];
        let listeners = ["public", "internal", "ops"];
        Service::start(&self.folder, "auth-service", &listeners, variables, &[]).await
    }

    async fn requests(&self, auth: &Service) -> Service {
        let auth = format!("http://{}", auth.address("internal"));
        let variables = [
            ("DATABASE_URL", self.url(Role::Requests)),
            ("SERVICE_TOKEN_FILE", self.file("token")),
            ("AUTH_SERVICE_URL", auth),
        ];
        let listeners = ["public", "ops"];
        Service::start(&self.folder, "requests-service", &listeners, variables, &[]).await
    }

    fn url(&self, role: Role) -> String {
        self.database.url_as(role).expose().to_owned()
    }

    fn file(&self, name: &str) -> String {
        self.files.path().join(name).display().to_string()
    }
}

fn connections(address: SocketAddr) -> Vec<Channel> {
    (0..CONNECTIONS).map(|_| channel(address)).collect()
}

async fn pages(
    connection: &mut PgConnection,
    channels: &Channels,
    callers: &[String; 2],
) -> Vec<Arc<Page>> {
    let name = "SELECT split_part(customer_name, ' ', 1) FROM requests \
                WHERE customer_name ~ '^[A-Za-z ]+$' LIMIT 1";
    let name: String = sqlx::query_scalar(name)
        .fetch_one(&mut *connection)
        .await
        .expect("a name");
    let [partner, staff] = callers;
    let partner = Caller {
        name: "a partner",
        token: partner,
        sees: "partner_id = 1",
    };
    let staff = Caller {
        name: "staff",
        token: staff,
        sees: "true",
    };
    let mut pages = Pages {
        channel: channels.requests[0].clone(),
        connection,
    };
    [
        pages.first(partner).await,
        pages.last(partner).await,
        pages.of_status(partner).await,
        pages.first(staff).await,
        pages.last(staff).await,
        pages.of_name(staff, &name).await,
    ]
    .map(Arc::new)
    .into()
}

/// Sessions of users of whom something holds.
async fn sessions(connection: &mut PgConnection, of: &str, count: usize) -> Vec<Session> {
    let query = format!(
        "SELECT s.id, s.session_id, s.user_id FROM user_sessions s \
         JOIN users u ON u.id = s.user_id WHERE {of} ORDER BY s.id LIMIT {count}"
    );
    let rows: Vec<(i32, String, i32)> = sqlx::query_as(AssertSqlSafe(query))
        .fetch_all(connection)
        .await
        .expect("sessions");
    assert!(!rows.is_empty(), "no session of a user with {of}");
    let session = |(row, id, user): (i32, String, i32)| Session {
        row,
        id: SessionId::parse(&id).expect("an id"),
        user: UserId(user),
    };
    rows.into_iter().map(session).collect()
}

async fn update(connection: &mut PgConnection, statement: &'static str, sessions: &[Session]) {
    let rows: Vec<_> = sessions.iter().map(|session| session.row).collect();
    let updated = sqlx::query(statement).bind(rows).execute(connection).await;
    updated.expect("sessions are updated");
}

async fn execute(connection: &mut PgConnection, statement: &'static str) {
    let done = sqlx::raw_sql(statement).execute(connection).await;
    done.expect(statement);
}
