//! Sessions that expired long ago are deleted, a few at a time, by one replica.

use crate::{
    rows::{eventually, texts},
    served::{Served as _, unauthenticated},
};
use auth_service::store::retentions;
use contract::time::{Clock, Timestamp};
use database::{Database, PURGE_LOCK, Retention};
use sea_orm::ConnectionTrait as _;
use server::{
    housekeeping::{BATCH, Housekeeper, MOST_BATCHES},
    serve::metrics_registry,
};
use std::time::Duration;
use testing::{
    Kind, TestDatabase,
    auth::{Auth, refusal},
    metrics::scrape,
};

const RETENTION: Duration = Duration::from_hours(24 * 30);

/// Adds a user's sessions, named by their numbers, all expired at one time.
async fn insert(database: &TestDatabase, count: u32, expired: Timestamp, generation: &str) {
    let time = match database.kind {
        Kind::Postgres => format!("timestamptz '{expired}'"),
        Kind::Sqlite => expired.micros().to_string(),
    };
    let script = format!(
        "INSERT INTO users (name, email, password, role_id, user_type)
         SELECT 'Ada', 'ada@example.com', '', id, 'customer' FROM roles WHERE name = 'customer'
         ON CONFLICT DO NOTHING;
         INSERT INTO user_sessions (user_id, session_id, expires_at, generation, is_active)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
         SELECT u.id, CAST(n AS text) || ' {expired} {generation}', {time}, {generation}, n % 2 = 0
         FROM numbers, users u WHERE u.email = 'ada@example.com'"
    );
    database.execute(&script).await;
}

async fn sessions(database: &TestDatabase) -> i32 {
    database
        .query_number("SELECT CAST(COUNT(*) AS integer) FROM user_sessions")
        .await
}

fn housekeeper(database: &Database) -> Housekeeper {
    let mut registry = metrics_registry("test", "0");
    Housekeeper::new(database.clone(), retentions(RETENTION), &mut registry)
}

fn session_retention() -> Retention {
    retentions(RETENTION)[0]
}

/// So long ago.
fn ago(clock: &Clock, duration: Duration) -> Timestamp {
    let micros = i64::try_from(duration.as_micros()).unwrap();
    Timestamp::from_micros(clock.now().micros() - micros)
}

testing::on_both_databases! {
    async fn sessions_past_their_retention_go_and_no_others(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let clock = Clock::system();
        let pool = database.open(&clock).await;
        // the statement runs somewhat later than this is read
        let minute = Duration::from_mins(1);
        insert(&database, 2, ago(&clock, RETENTION + minute), "1").await;
        insert(&database, 3, ago(&clock, RETENTION.checked_sub(minute).unwrap()), "1").await;
        insert(&database, 4, ago(&clock, RETENTION + minute), "NULL").await;
        let past_retention = pool.past_retention(&session_retention()).await.unwrap();
        assert!((minute..2 * minute).contains(&past_retention), "{past_retention:?}");

        housekeeper(&pool).round().await;
        assert_eq!(sessions(&database).await, 3 + 4);
        assert_eq!(pool.past_retention(&session_retention()).await.unwrap(), Duration::ZERO);

        clock.advance(2 * minute);
        housekeeper(&pool).round().await;
        let left = texts(&database, "SELECT CAST(generation AS text) FROM user_sessions").await;
        assert_eq!(left, vec![None; 4], "the old application's");
    }

    async fn a_batch_and_a_round_are_bounded(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let clock = Clock::system();
        let pool = database.open(&clock).await;
        let count = BATCH * MOST_BATCHES + 7;
        insert(&database, count, ago(&clock, 2 * RETENTION), "1").await;
        assert_eq!(pool.purge(&session_retention(), 5).await.unwrap(), Some(5));
        housekeeper(&pool).round().await;
        assert_eq!(sessions(&database).await, 2);
        housekeeper(&pool).round().await;
        assert_eq!(sessions(&database).await, 0);
        assert_eq!(pool.purge(&session_retention(), 5).await.unwrap(), Some(0));
    }

    async fn replicas_at_once_delete_each_row_once(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let clock = Clock::system();
        let (one, other) = (database.open(&clock).await, database.open(&clock).await);
        insert(&database, 300, ago(&clock, 2 * RETENTION), "1").await;
        let purge = async |pool: &Database| {
            let mut purged = 0;
            while let Some(rows @ 1..) = pool.purge(&session_retention(), 20).await.unwrap() {
                purged += rows;
            }
            purged
        };
        let (one_purged, other_purged) = tokio::join!(purge(&one), purge(&other));
        // one that met the other gave up
        let rest = purge(&one).await;
        assert_eq!(one_purged + other_purged + rest, 300);
        assert_eq!(sessions(&database).await, 0);
    }

    async fn within_the_retention_no_answer_changes(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let ended = auth.log_in("sara@example.com").await.tokens.unwrap();
        auth.revoke(&ended.access_token).await.unwrap();
        let live = auth.log_in("sara@example.com").await.tokens.unwrap();
        let pool = auth.database.open(&auth.clock).await;
        let housekeeper = housekeeper(&pool);
        housekeeper.round().await;
        assert_eq!(refusal(auth.refresh(&ended.refresh_token).await), unauthenticated("SESSION_ENDED"));
        auth.refresh(&live.refresh_token).await.expect("it is live");
        auth.clock.advance(Duration::from_hours(24 * 7 + 1));
        housekeeper.round().await;
        assert_eq!(sessions(&auth.database).await, 2, "expired an hour ago");
        let token_expired = unauthenticated("TOKEN_EXPIRED");
        assert_eq!(refusal(auth.refresh(&live.refresh_token).await), token_expired);
        auth.clock.advance(RETENTION);
        housekeeper.round().await;
        assert_eq!(sessions(&auth.database).await, 0);
        assert_eq!(refusal(auth.refresh(&live.refresh_token).await), unauthenticated("SESSION_NOT_FOUND"));
    }

    async fn the_running_service_does_it_and_says_so(kind: Kind) {
        let auth = Auth::start(kind).await;
        insert(&auth.database, 3, ago(&auth.clock, 2 * RETENTION), "1").await;
        let replica = auth
            .another_replica_configured(&[], |config| config.housekeeping = Duration::from_millis(10))
            .await;
        let purged = "ticketing_auth_rows_purged_total{table=\"user_sessions\"}";
        eventually("the sessions go", async || {
            scrape(replica.ops).await.value(purged) == Some(3.0)
        })
        .await;
        assert_eq!(sessions(&auth.database).await, 0);
        let past_retention = "ticketing_auth_rows_past_retention_seconds{table=\"user_sessions\"}";
        assert_eq!(scrape(replica.ops).await.value(past_retention), Some(0.0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_replica_purges_a_round_does_nothing() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let clock = Clock::system();
    let pool = database.open(&clock).await;
    insert(&database, 2, ago(&clock, 2 * RETENTION), "1").await;
    let other = database.open(&clock).await.begin().await.unwrap();
    let lock = format!("SELECT pg_advisory_xact_lock({PURGE_LOCK})");
    other.execute_unprepared(&lock).await.unwrap();
    assert_eq!(pool.purge(&session_retention(), 5).await.unwrap(), None);
    housekeeper(&pool).round().await;
    assert_eq!(sessions(&database).await, 2);
    other.rollback().await.unwrap();
    housekeeper(&pool).round().await;
    assert_eq!(sessions(&database).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_somebody_is_at_is_skipped() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let clock = Clock::system();
    let pool = database.open(&clock).await;
    insert(&database, 3, ago(&clock, 2 * RETENTION), "1").await;
    let other = database.open(&clock).await.begin().await.unwrap();
    let hold = "SELECT id FROM user_sessions ORDER BY id LIMIT 1 FOR UPDATE";
    other.execute_unprepared(hold).await.unwrap();
    assert_eq!(pool.purge(&session_retention(), 5).await.unwrap(), Some(2));
    other.rollback().await.unwrap();
    assert_eq!(pool.purge(&session_retention(), 5).await.unwrap(), Some(1));
}

/// With a hundred thousand sessions none of which is due, the index is asked once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_due_the_table_is_not_read() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let clock = Clock::system();
    let pool = database.open(&clock).await;
    insert(&database, 100_000, clock.now(), "1").await;
    database.execute("ANALYZE user_sessions").await;
    let text = pool.purge_statement(&session_retention(), BATCH);
    let plan = texts(&database, &format!("EXPLAIN {text}")).await;
    let plan: Vec<String> = plan.into_iter().flatten().collect();
    let plan = plan.join("\n");
    assert!(
        plan.contains("ticketing_user_sessions_expires_at"),
        "{plan}"
    );
    assert!(!plan.contains("Seq Scan"), "{plan}");
}
