//! `up` and `down` cut off, at points chosen and at random: run again, they finish.

use super::{
    locks::waiting,
    old_database::{OldDatabase, checksums, old_log_in, open},
    our_indexes, session_columns, up,
};
use crate::fingerprint::{fingerprint, lines};
use contract::time::Clock;
use database::{Database, PoolLimits};
use migrations::Down;
use std::{
    process::Stdio,
    time::{Duration, Instant},
};
use testing::{Kind, PATIENCE, Role, TestDatabase, proxy::TcpProxy, random, within_the_limit};
use tokio::process::{Child, Command};

const INVALID: &str =
    "SELECT indexrelid::regclass::text AS line FROM pg_index WHERE NOT indisvalid";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_whose_build_was_cut_off_is_built_anew() {
    within_the_limit(Box::pin(async {
        let test = OldDatabase::of_shape('b').make().await;
        let (pool, other) = (open(&test).await, open(&test).await);
        let open_transaction =
            crate::holding(&other, "UPDATE users SET name = 'Ada' WHERE id = 1").await;
        let worker = pool.clone();
        let at_work = tokio::spawn(async move { crate::up(&worker).await });
        let pid = waiting(&other, &at_work, "CREATE INDEX%ticketing_users_").await;
        let error = crate::cut_off(&other, &pid, at_work).await;
        let left = lines(&other, INVALID).await;
        assert_eq!(left.len(), 1);
        assert!(error.to_string().contains(&left[0]), "{error} / {left:?}");
        open_transaction.rollback().await.unwrap();

        assert!(!crate::is_migrated(&pool).await.unwrap());
        let status = migrations::status(&pool).await.unwrap();
        assert!(
            status.contains("not done: `migrate up` continues"),
            "{status}"
        );
        old_log_in(&test, "meanwhile").await;
        let (_, said) = up(&pool).await;
        assert!(
            said.contains("an interrupted `up`") && said.contains(&format!("built    {}", left[0])),
            "{said}"
        );
        assert!(lines(&other, INVALID).await.is_empty());
        assert!(crate::is_migrated(&pool).await.unwrap());
    }))
    .await;
}

fn migrate(test: &TestDatabase, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_migrate"))
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", test.url.expose())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program runs")
}

/// Ends every process of the database that works for a `migrate`.
async fn end_backends(pool: &Database) {
    let query = "SELECT pg_terminate_backend(pid)::text AS line FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'ticketing'";
    lines(pool, query).await;
}

/// Begins a command and cuts it off after some part of `whole`: kills the program,
/// or the connections under it, or both. Says how it ended.
async fn cut_off(
    test: &TestDatabase,
    arguments: &[&str],
    whole: Duration,
    random: &mut fastrand::Rng,
) -> String {
    let other = open(test).await;
    let child = migrate(test, arguments);
    // not a wait for anything: the point in time is what is random
    tokio::time::sleep(whole.mul_f64(random.f64())).await;
    let how = random.u8(0..3);
    let mut child = child;
    if how != 0 {
        end_backends(&other).await;
    }
    if how != 1 {
        child.start_kill().unwrap();
    }
    let output = child.wait_with_output().await.unwrap();
    if how == 1 && !output.status.success() {
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.starts_with("migrate: ") && said.lines().count() == 1,
            "{said}"
        );
    }
    other.connection().close_by_ref().await.unwrap();
    format!(
        "{} after {} lines",
        ["killed", "disconnected", "killed and disconnected"][usize::from(how)],
        String::from_utf8_lossy(&output.stdout).lines().count()
    )
}

/// A few thousand more requests and sessions, so that there is something to do.
const MORE: &str = "
    INSERT INTO requests (request_number, customer_id, customer_phone, customer_name, customer_lat, customer_lng,
                          customer_address, category_id, pickup_option_id, partner_id)
    SELECT 'MORE-' || n, 3, '', '', 0, 0, '', 1, 1, 1 + n % 2 FROM generate_series(1, 10000) AS n";

/// Cuts `up` off ten times on databases of a shape; every second one is given back
/// instead of finished.
async fn cut_off_at_random(shapes: [char; 2]) {
    let mut random = random();
    let made = TestDatabase::migrated(Kind::Postgres).await;
    let made = open(&made).await;
    for shape in shapes {
        let original = OldDatabase::of_shape(shape).make().await;
        original.execute(MORE).await;
        let trial = original.copy().await;
        let begun = Instant::now();
        assert!(
            migrate(&trial, &["up"])
                .wait_with_output()
                .await
                .unwrap()
                .status
                .success()
        );
        let whole = begun.elapsed();
        for round in 0..5 {
            let test = original.copy().await;
            let pool = open(&test).await;
            let before = checksums(&pool).await;
            pool.connection().close_by_ref().await.unwrap();
            println!(
                "({shape}) {}",
                cut_off(&test, &["up"], whole, &mut random).await
            );

            let pool = open(&test).await;
            if ['b', 'd'].contains(&shape) {
                old_log_in(&test, "meanwhile").await;
            }
            assert_eq!(checksums(&pool).await, before);
            let back = round % 2 == 1;
            if back {
                let output = migrate(&test, &["down"]).wait_with_output().await.unwrap();
                assert!(output.status.success(), "{output:?}");
                assert!(our_indexes(&pool).await.is_empty());
            }
            let output = migrate(&test, &["up"]).wait_with_output().await.unwrap();
            assert!(output.status.success(), "{output:?}");
            assert!(crate::is_migrated(&pool).await.unwrap());
            assert!(lines(&pool, INVALID).await.is_empty());
            assert_eq!(our_indexes(&pool).await, our_indexes(&made).await);
            assert_eq!(session_columns(&pool).await, session_columns(&made).await);
            assert_eq!(checksums(&pool).await, before);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_that_was_cut_off_finishes_where_sessions_stay() {
    within_the_limit(Box::pin(cut_off_at_random(['b', 'd']))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_that_was_cut_off_finishes_where_sessions_go() {
    within_the_limit(Box::pin(cut_off_at_random(['a', 'c']))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn down_that_was_cut_off_finishes() {
    within_the_limit(Box::pin(async {
        let mut random = random();
        let original = OldDatabase::of_shape('b').make().await;
        let pool = open(&original).await;
        let (before, rows) = (fingerprint(&pool).await, checksums(&pool).await);
        crate::up(&pool).await.unwrap();
        pool.connection().close_by_ref().await.unwrap();
        let trial = original.copy().await;
        let begun = Instant::now();
        let down = ["down", "--keep-session-id"];
        assert!(
            migrate(&trial, &down)
                .wait_with_output()
                .await
                .unwrap()
                .status
                .success()
        );
        let whole = begun.elapsed();
        for round in 0..8 {
            let test = original.copy().await;
            println!("{}", cut_off(&test, &down, whole, &mut random).await);
            old_log_in(&test, "meanwhile").await;
            let pool = open(&test).await;
            if round % 2 == 1 {
                crate::up(&pool).await.unwrap();
                assert!(crate::is_migrated(&pool).await.unwrap());
            }
            let how = Down {
                keep_session_id: true,
                ..Down::default()
            };
            crate::down(&pool, how).await.unwrap();
            assert_eq!(fingerprint(&pool).await, before);
            let mut now = checksums(&pool).await;
            now.retain(|line| !line.starts_with("user_sessions"));
            assert_eq!(now, rows);
        }
    }))
    .await;
}

/// The connection of the second step is dead without a word: the server has ended its process,
/// or has done the work, and nothing of that arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_died_without_a_word_stops_the_second_step() {
    within_the_limit(Box::pin(async {
        for is_ended in [true, false] {
            let test = OldDatabase::of_shape('b').make().await;
            let other = open(&test).await;
            let proxy = TcpProxy::start(test.address());
            let url = test.url_through(&proxy, Role::Owner);
            // as `migrate` has it
            let limits = PoolLimits {
                connections: 1,
                acquire_timeout: PATIENCE,
                ..PoolLimits::default()
            };
            let pool = Database::open(&url, limits, Clock::system()).await.unwrap();
            let holding =
                crate::holding(&other, "UPDATE users SET name = 'Ada' WHERE id = 1").await;
            let at_work = tokio::spawn(async move { crate::up(&pool).await });
            let pid = waiting(&other, &at_work, "CREATE INDEX%ticketing_users_").await;
            proxy.vanish().await;
            if is_ended {
                let end = format!("SELECT pg_terminate_backend({pid})::text AS line");
                lines(&other, &end).await;
            }
            holding.rollback().await.unwrap();
            let error = at_work.await.unwrap().unwrap_err().to_string();
            for said in [
                "the index ticketing_users_partner_id on users could not be built: ",
                "cannot reach the database: the connection is dead",
                "run the same command again",
            ] {
                assert!(error.contains(said), "{error}");
            }
            // the next run is not kept out by what the server keeps for the dead connection
            let pool = open(&test).await;
            crate::up(&pool).await.unwrap();
            assert!(crate::is_migrated(&pool).await.unwrap());
        }
    }))
    .await;
}
