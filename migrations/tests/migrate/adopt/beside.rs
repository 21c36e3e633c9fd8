//! The old application at work while `up` and `down` run, on as many requests and
//! sessions as TICKETING_ROWS says. Prints how long each took, and for how long the
//! application's slowest statement waited.

use super::{
    KEEP,
    old_database::{OldDatabase, open},
};
use crate::fingerprint::lines;
use contract::time::Clock;
use database::{Database, PoolLimits};
use sea_orm::ConnectionTrait;
use sqlx::{Connection as _, PgConnection};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};
use testing::{TestDatabase, later_migrations::columns_added_to};

/// The application gives up after this wait; how long it waited is printed. It is longer than
/// a machine takes that does much else.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '1min'";

fn fill(shape: char, rows: u32) -> String {
    let (columns, values) = match shape {
        'a' => (
            "token, refresh_token",
            "'token of ' || n, 'refresh token of ' || n",
        ),
        _ => ("session_id", "'session_' || n"),
    };
    format!(
        "INSERT INTO requests (request_number, customer_id, customer_phone, customer_name, customer_lat, customer_lng,
                               customer_address, category_id, pickup_option_id, partner_id, created_at)
         SELECT 'MORE-' || n, 3, '+20 1' || lpad(n::text, 9, '0'),
                (ARRAY['Mona Hassan', 'أحمد علي', 'فاطمة الزهراء', 'Omar Said'])[1 + n % 4] || ' ' || n % 1000,
                0, 0, '', 1, 1, 1 + n % 2, now() - n * interval '30 seconds'
         FROM generate_series(1, {rows}) AS n;
         INSERT INTO user_sessions (user_id, expires_at, {columns})
         SELECT 1 + n % 3, now(), {values} FROM generate_series(1, {rows}) AS n"
    )
}

/// One connection, told apart from those of `migrate` by its name.
async fn one_connection(test: &TestDatabase, name: &str) -> Database {
    let limits = PoolLimits {
        connections: 1,
        acquire_timeout: Duration::from_secs(30),
        statement_timeout: Duration::ZERO,
        ..PoolLimits::default()
    };
    let pool = Database::open(&test.url, limits, Clock::system())
        .await
        .unwrap();
    let name = format!("SET application_name = '{name}'; {LOCK_TIMEOUT}");
    pool.connection().execute_unprepared(&name).await.unwrap();
    pool
}

/// Takes requests and works them off, purges, and in shape (b) logs people in, until
/// told to end. The longest that a statement took.
async fn old_application(test: &TestDatabase, shape: char, end: &AtomicBool) -> Duration {
    // no pool, which would replace a connection that is slow to answer
    let mut connection = PgConnection::connect(test.url.expose()).await.unwrap();
    sqlx::raw_sql(LOCK_TIMEOUT)
        .execute(&mut connection)
        .await
        .unwrap();
    let mut statements: Vec<&'static str> = vec![
        "INSERT INTO requests (request_number, customer_id, customer_phone, customer_name, customer_lat, customer_lng,
                               customer_address, category_id, pickup_option_id)
         SELECT 'REQ-' || nextval('requests_id_seq'), 3, '', '', 0, 0, '', 1, 1",
        "UPDATE requests SET status = 'confirmed', confirmed_at = now() WHERE id = (SELECT max(id) FROM requests)",
        "INSERT INTO request_status_log (request_id, status, changed_by_id) VALUES (1, 'confirmed', 1)",
        "UPDATE users SET last_login_at = now() WHERE id = 1",
    ];
    if shape == 'b' {
        statements.extend([
            "INSERT INTO user_sessions (user_id, session_id, expires_at, device_info, ip_address)
             SELECT 1, 'session ' || nextval('user_sessions_id_seq'), now() + interval '7 days', 'Firefox', NULL",
            "UPDATE user_sessions SET is_active = true, expires_at = now() WHERE session_id = 'session_1'",
        ]);
    }
    let mut longest = Duration::ZERO;
    while !end.load(Ordering::Relaxed) {
        for statement in &statements {
            let begun = Instant::now();
            sqlx::raw_sql(*statement)
                .execute(&mut connection)
                .await
                .unwrap();
            longest = longest.max(begun.elapsed());
        }
    }
    longest
}

/// Looks again and again at what `migrate` has locked, until told to end. Tables of
/// the application, and how.
async fn locks(test: &TestDatabase, end: &AtomicBool) -> BTreeSet<String> {
    let pool = one_connection(test, "observer").await;
    let mut seen = BTreeSet::new();
    while !end.load(Ordering::Relaxed) {
        seen.extend(
            lines(
                &pool,
                "SELECT DISTINCT c.relname || ' ' || l.mode AS line
                 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid
                 WHERE a.application_name = 'ticketing' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                   AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'ticketing\\_%'",
            )
            .await,
        );
    }
    seen
}

async fn beside(shape: char) {
    let rows = std::env::var("TICKETING_ROWS")
        .ok()
        .and_then(|rows| rows.parse().ok());
    let rows = rows.unwrap_or(20_000);
    let test = OldDatabase::of_shape(shape).make().await;
    let filling = one_connection(&test, "filling").await;
    filling
        .connection()
        .execute_unprepared(&fill(shape, rows))
        .await
        .unwrap();
    for command in ["up", "down"] {
        if command == "down" {
            // for down to delete
            filling
                .connection()
                .execute_unprepared(&format!(
                    "INSERT INTO user_sessions (user_id, expires_at, session_id, generation)
                     SELECT 1 + n % 3, now(), 'ours_' || n, 1 FROM generate_series(1, {rows}) AS n"
                ))
                .await
                .unwrap();
        }
        let end = AtomicBool::new(false);
        let (taken, longest, locks) = tokio::join!(
            async {
                let pool = open(&test).await;
                let begun = Instant::now();
                if command == "up" {
                    crate::up(&pool).await.unwrap();
                } else {
                    crate::down(&pool, KEEP).await.unwrap();
                }
                end.store(true, Ordering::Relaxed);
                begun.elapsed()
            },
            old_application(&test, shape, &end),
            locks(&test, &end),
        );
        println!(
            "({shape}) {command} with {rows} requests and {rows} sessions: {taken:.1?}; the application's \
             slowest statement: {longest:.1?} ({LOCK_TIMEOUT}); locks seen: {locks:?}"
        );
        for lock in &locks {
            let (table, mode) = lock.split_once(' ').unwrap();
            let harmless = [
                "AccessShareLock",
                "RowExclusiveLock",
                "ShareUpdateExclusiveLock",
            ];
            // a column is added in an instant
            let changes = table == "user_sessions" || !columns_added_to(table).is_empty();
            assert!(harmless.contains(&mode) || changes, "{lock}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_application_works_while_its_sessions_stay() {
    Box::pin(beside('b')).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_application_works_while_its_sessions_go() {
    Box::pin(beside('a')).await;
}
