//! What `up` and `down` lock, and what they do when somebody else holds a lock.

use super::{
    KEEP,
    old_database::{OldDatabase, checksums, old_log_in, old_sessions, open},
};
use crate::fingerprint::{fingerprint, lines};
use database::Database;
use migrations::{Down, MigrateError, Report};
use sea_orm::ConnectionTrait;
use testing::{TestDatabase, within_the_limit};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::JoinHandle,
};

/// A request that the old application is about to take, in a transaction that stays
/// open.
const A_REQUEST: &str = "
    INSERT INTO requests (request_number, customer_id, customer_phone, customer_name, customer_lat, customer_lng,
                          customer_address, category_id, pickup_option_id)
    VALUES ('REQ-20251124-9999', 3, '', '', 0, 0, '', 1, 1)";

/// A transaction like it, for `down`. It reads no table to which a migration adds a column: such a
/// table is locked to drop the column, and the transaction would stop that.
const A_READER: &str = "SELECT 1 FROM users";

/// The process of the database that runs a statement (a pattern), once it does and
/// waits for another transaction.
pub(super) async fn waiting<T>(
    pool: &Database,
    at_work: &JoinHandle<T>,
    statement: &str,
) -> String {
    let query = format!(
        "SELECT a.pid::text AS line FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
         WHERE a.datname = current_database() AND a.query LIKE '{statement}%' AND a.state = 'active'
           AND l.locktype IN ('transactionid', 'virtualxid') AND NOT l.granted"
    );
    loop {
        if let Some(pid) = lines(pool, &query).await.pop() {
            return pid;
        }
        assert!(!at_work.is_finished(), "ended without a wait: {statement}");
    }
}

/// The locks that a process has or waits for, on tables of the application.
async fn locks(pool: &Database, pid: &str) -> Vec<String> {
    let query = format!(
        "SELECT DISTINCT c.relname || ' ' || l.mode AS line FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
         WHERE l.pid = {pid} AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY 1"
    );
    lines(pool, &query).await
}

/// The old application at work, and in no mood to wait.
async fn goes_on(test: &TestDatabase) {
    test.execute(
        "SET lock_timeout = '1s';
         INSERT INTO requests (request_number, customer_id, customer_phone, customer_name, customer_lat, customer_lng,
                               customer_address, category_id, pickup_option_id)
         SELECT 'REQ-' || nextval('requests_id_seq'), 3, '', '', 0, 0, '', 1, 1;
         UPDATE requests SET status = 'confirmed', confirmed_at = now() WHERE id = 1;
         DELETE FROM requests WHERE request_number LIKE 'REQ-2%' AND id = 99;
         SELECT count(*) FROM requests JOIN users ON users.id = customer_id;",
    )
    .await;
    old_log_in(test, "meanwhile").await;
    test.execute("DELETE FROM user_sessions WHERE session_id = 'meanwhile'")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_an_index_that_is_built_or_dropped() {
    within_the_limit(Box::pin(async {
        let test = OldDatabase::of_shape('b').make().await;
        let (pool, other) = (open(&test).await, open(&test).await);
        for (open, statement, mode) in [
            (A_REQUEST, "CREATE INDEX%ticketing_requests_", "up"),
            (A_READER, "DROP INDEX%ticketing_users_", "down"),
        ] {
            let open_transaction = crate::holding(&other, open).await;
            let worker = pool.clone();
            let at_work = tokio::spawn(async move {
                if mode == "up" {
                    crate::up(&worker).await
                } else {
                    crate::down(&worker, KEEP).await
                }
            });
            let pid = waiting(&other, &at_work, statement).await;
            let held = locks(&other, &pid).await;
            assert!(
                !held.is_empty()
                    && held
                        .iter()
                        .all(|lock| lock.ends_with(" ShareUpdateExclusiveLock")),
                "{mode}: {held:?}"
            );
            goes_on(&test).await;
            assert_eq!(locks(&other, &pid).await, held, "it waits still");
            open_transaction.rollback().await.unwrap();
            at_work.await.unwrap().unwrap();
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_on_sessions_stops_up_and_down_after_a_short_wait() {
    within_the_limit(Box::pin(async {
        let test = OldDatabase::of_shape('b').make().await;
        let (pool, other) = (open(&test).await, open(&test).await);
        for mode in ["up", "down"] {
            let before = (
                fingerprint(&pool).await,
                checksums(&pool).await,
                old_sessions(&pool).await,
            );
            let reading = crate::holding(&other, "SELECT 1 FROM user_sessions").await;
            let run = async || {
                if mode == "up" {
                    crate::up(&pool).await
                } else {
                    crate::down(&pool, Down::default()).await
                }
            };
            let error = run().await.unwrap_err();
            assert!(matches!(error, MigrateError::LockTimeout), "{error:?}");
            assert!(error.to_string().contains("nothing was changed"), "{error}");
            reading.rollback().await.unwrap();
            let after = (
                fingerprint(&pool).await,
                checksums(&pool).await,
                old_sessions(&pool).await,
            );
            assert_eq!(after, before);
            run().await.unwrap();
        }
    }))
    .await;
}

/// The next line for the operator about somebody who is waited for.
async fn next_wait(told: &mut UnboundedReceiver<String>) -> String {
    loop {
        let line = told.recv().await.unwrap();
        if line.starts_with("waits ") {
            return line;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_is_told_for_whom_the_second_step_waits() {
    within_the_limit(Box::pin(async {
        let test = OldDatabase::of_shape('b').make().await;
        let (pool, other) = (open(&test).await, open(&test).await);
        for (open, mode) in [(A_REQUEST, "up"), (A_READER, "down")] {
            let holding =
                crate::holding(&other, "SET LOCAL application_name = 'old application'").await;
            holding.execute_unprepared(open).await.unwrap();
            let (sender, mut told) = unbounded_channel();
            let tell = move |line: &str| drop(sender.send(line.to_owned()));
            let work = async {
                if mode == "up" {
                    migrations::up(&pool, &tell).await.unwrap()
                } else {
                    migrations::down(&pool, KEEP, &tell).await.unwrap()
                }
            };
            let look = async {
                for _ in ["once", "and again"] {
                    let line = next_wait(&mut told).await;
                    let who = "(application old application, user postgres), open since 20";
                    assert!(
                        line.starts_with("waits    for the transaction of process ")
                            && line.contains(who),
                        "{line}"
                    );
                }
                holding.rollback().await.unwrap();
            };
            tokio::join!(work, look);
        }
    }))
    .await;
}

/// The rows that go are counted before the lock is asked for, and go by TRUNCATE: a
/// reader of every other table, even one that holds it locked, is not waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shape_needs_no_lock_on_another_table() {
    within_the_limit(Box::pin(async {
        for shape in ['a', 'd'] {
            let test = OldDatabase::of_shape(shape).make().await;
            let (pool, other) = (open(&test).await, open(&test).await);
            let holding = crate::holding(&other, "LOCK TABLE users, customers, roles, permissions, role_permissions, partners, branches,
                     requests, request_assignments, request_status_log IN ACCESS EXCLUSIVE MODE",).await;
            let worker = pool.clone();
            let at_work = tokio::spawn(async move { crate::up(&worker).await });
            // step one is done where its record is seen
            while !migrations::status(&pool).await.unwrap().contains("not done: ") {}
            holding.rollback().await.unwrap();
            at_work.await.unwrap().unwrap();
        }
    }))
    .await;
}

/// Runs a command until it has had its turn. Whoever waits for another `migrate` gives up after a
/// minute, which a loaded machine may take for the other's work, and is told to run again.
async fn in_turn(
    mut run: impl AsyncFnMut() -> Result<Report, MigrateError>,
) -> Result<Report, MigrateError> {
    loop {
        match run().await {
            Err(error)
                if error
                    .to_string()
                    .contains("another migrate is still at work") => {}
            done => return done,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_at_once_both_succeed() {
    within_the_limit(Box::pin(async {
        let test = OldDatabase::of_shape('d').make().await;
        let (one, other) = (open(&test).await, open(&test).await);
        let before = checksums(&one).await;
        let (first, second) = tokio::join!(
            in_turn(async || crate::up(&one).await),
            in_turn(async || crate::up(&other).await)
        );
        let applied = [first.unwrap().applied, second.unwrap().applied];
        assert!(applied.iter().any(|names| !names.is_empty()));
        assert!(crate::is_migrated(&one).await.unwrap());
        let (first, second) = tokio::join!(
            in_turn(async || crate::down(&one, KEEP).await),
            in_turn(async || crate::down(&other, KEEP).await)
        );
        let dropped = [first.unwrap().dropped, second.unwrap().dropped];
        assert!(dropped.iter().any(|names| !names.is_empty()));
        assert_eq!(checksums(&one).await, before);
    }))
    .await;
}

/// Whichever ends last, the database is either taken over or given back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_and_down_at_once_leave_one_of_the_two_states() {
    within_the_limit(Box::pin(async {
        let test = OldDatabase::of_shape('b').make().await;
        let (one, other) = (open(&test).await, open(&test).await);
        let (before, rows) = (fingerprint(&one).await, checksums(&one).await);
        for _ in 0..5 {
            crate::up(&one).await.unwrap();
            let (up, down) = tokio::join!(
                in_turn(async || crate::up(&one).await),
                in_turn(async || crate::down(&other, KEEP).await)
            );
            for error in [up.err(), down.err()].into_iter().flatten() {
                assert!(matches!(error, MigrateError::Contradicted), "{error:?}");
            }
            let status = migrations::status(&one).await.unwrap();
            assert!(!status.contains("not done: "), "{status}");
            if !crate::is_migrated(&one).await.unwrap() {
                assert_eq!(fingerprint(&one).await, before);
            }
            crate::down(&one, KEEP).await.unwrap();
            assert_eq!(fingerprint(&one).await, before);
            assert_eq!(checksums(&one).await, rows);
        }
    }))
    .await;
}
