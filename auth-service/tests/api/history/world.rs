//! What a history is made against: three replicas on one database, and a
//! connection of our own to it.

use super::{record::Number, time::Time};
use crate::served::Served;
use contract::time::{Clock, Timestamp};
use database::{Database, DatabaseUrl, PoolLimits};
use proto::auth::v1::auth_service_client::AuthServiceClient;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DbErr, Statement};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use testing::auth::{channel, password_hash};
use tonic::transport::Channel;

/// Notes every rotation, every end and every new term of a session's row, in the transaction that
/// makes it. It does so as its owner: the service may not write elsewhere.
const TRIGGER: &str = "
CREATE TABLE history_changes (
    id bigserial PRIMARY KEY,
    session_id text NOT NULL,
    generation_before integer NOT NULL,
    generation integer NOT NULL,
    active_before boolean NOT NULL,
    active boolean NOT NULL,
    is_rotation boolean NOT NULL,
    rotated_at timestamptz NOT NULL
);
CREATE INDEX ON history_changes (session_id, id);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO history_changes
        (session_id, generation_before, generation, active_before, active, is_rotation, rotated_at)
    VALUES (NEW.session_id, OLD.generation, NEW.generation, OLD.is_active, NEW.is_active,
        NEW.rotated_at IS DISTINCT FROM OLD.rotated_at OR NEW.generation <> OLD.generation,
        NEW.rotated_at);
    RETURN NULL;
END $$;
CREATE TRIGGER note_change AFTER UPDATE ON user_sessions FOR EACH ROW
    WHEN (NEW.rotated_at IS DISTINCT FROM OLD.rotated_at OR NEW.generation <> OLD.generation
        OR NEW.is_active <> OLD.is_active OR NEW.expires_at <> OLD.expires_at)
    EXECUTE FUNCTION note_change();";

/// Sessions are short enough for some to come to their end, and an access token
/// to expire between two uses.
pub(crate) const FLAGS: [&str; 3] = [
    "--access-token-seconds=240",
    "--refresh-token-seconds=1200",
    "--session-seconds=1800",
];

/// Clients of one replica.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) public: AuthServiceClient<Channel>,
    pub(crate) internal: Channel,
}

impl Endpoint {
    pub(crate) fn at(public: SocketAddr, internal: SocketAddr) -> Self {
        Self {
            public: AuthServiceClient::new(channel(public)),
            internal: channel(internal),
        }
    }

    pub(crate) fn of(served: &impl Served) -> Self {
        Self::at(served.public(), served.internal())
    }
}

/// Three replicas, their database, and the time that they share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) time: Time,
    pub(crate) order: Arc<AtomicU64>,
    /// Faults after which every replica served again.
    pub(crate) survived: AtomicUsize,
    database: Database,
    replicas: Mutex<Vec<Endpoint>>,
    users: AtomicU32,
}

impl World {
    /// On a migrated database, with these replicas, which go by this clock.
    pub(crate) async fn new(url: &DatabaseUrl, clock: Clock, replicas: Vec<Endpoint>) -> Self {
        let database = Database::open(url, PoolLimits::default(), Clock::system())
            .await
            .expect("a pool");
        database
            .connection()
            .execute_unprepared(TRIGGER)
            .await
            .expect("a trigger");
        Self {
            time: Time::by(clock),
            order: Arc::default(),
            survived: AtomicUsize::new(0),
            database,
            replicas: Mutex::new(replicas),
            users: AtomicU32::new(1),
        }
    }

    /// One of the replicas.
    pub(crate) fn any(&self, choices: &mut fastrand::Rng) -> Endpoint {
        choices
            .choice(self.replicas.lock().unwrap().iter())
            .expect("three")
            .clone()
    }

    /// Another process takes a replica's place.
    pub(crate) fn replace(&self, index: usize, endpoint: Endpoint) {
        self.replicas.lock().unwrap()[index] = endpoint;
    }

    pub(crate) async fn execute(&self, script: &str) -> Result<(), DbErr> {
        let connection = self.database.connection();
        connection.execute_unprepared(script).await.map(|_| ())
    }

    /// Adds a user that nobody else has; its e-mail.
    pub(crate) async fn add_user(&self) -> String {
        let number = self.users.fetch_add(1, Ordering::SeqCst);
        let email = format!("user{number}@example.com");
        let hash = password_hash();
        let script = format!(
            "INSERT INTO users (name, email, password, role_id, user_type) \
             SELECT '{email}', '{email}', '{hash}', id, 'customer' FROM roles \
             WHERE name = 'customer' ON CONFLICT DO NOTHING"
        );
        self.insistently(async || self.execute(&script).await).await;
        email
    }

    /// What stands in the rows of these sessions, and how it came there.
    pub(crate) async fn rows(&self, sessions: &HashMap<String, Number>) -> Rows {
        let names: Vec<String> = sessions.keys().map(|id| format!("'{id}'")).collect();
        if names.is_empty() {
            return Rows::default();
        }
        let names = names.join(",");
        let changes = format!(
            "SELECT session_id, generation_before, generation, active_before, active, is_rotation, \
             rotated_at FROM history_changes WHERE session_id IN ({names}) ORDER BY id"
        );
        let rows = format!(
            "SELECT session_id, generation FROM user_sessions WHERE session_id IN ({names})"
        );
        let [changes, rows] = self.select_at_once([&changes, &rows]).await;
        let number = |row: &sea_orm::QueryResult| {
            let id: String = row.try_get("", "session_id").expect("a text");
            sessions[&id]
        };
        let changes = changes.iter().map(|row| super::record::Change {
            session: number(row),
            generation: ["generation_before", "generation"]
                .map(|column| row.try_get("", column).expect("a number")),
            active: ["active_before", "active"]
                .map(|column| row.try_get("", column).expect("a truth")),
            is_rotation: row.try_get("", "is_rotation").expect("a truth"),
            rotated_at: row.try_get::<Timestamp>("", "rotated_at").expect("a time"),
        });
        let rows = rows.iter().map(|row| {
            (
                number(row),
                row.try_get("", "generation").expect("a number"),
            )
        });
        Rows {
            changes: changes.collect(),
            rows: rows.collect(),
        }
    }

    /// What these queries give at one moment, whoever writes meanwhile.
    async fn select_at_once(&self, queries: [&str; 2]) -> [Vec<sea_orm::QueryResult>; 2] {
        self.insistently(async || {
            let moment = self.database.begin().await?;
            let level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
            moment.execute_unprepared(level).await?;
            let [first, second] =
                queries.map(|query| Statement::from_string(DatabaseBackend::Postgres, query));
            let first = moment.query_all_raw(first).await?;
            let second = moment.query_all_raw(second).await?;
            moment.commit().await?;
            Ok([first, second])
        })
        .await
    }

    /// Tries until the database answers: it may be away for a while.
    async fn insistently<T>(&self, attempt: impl AsyncFn() -> Result<T, DbErr>) -> T {
        for _ in 0..600 {
            match attempt().await {
                Ok(done) => return done,
                Err(_away) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        panic!("the database is away for half a minute");
    }
}

/// What the database says of sessions.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) changes: Vec<super::record::Change>,
    pub(crate) rows: Vec<(Number, super::record::Generation)>,
}
