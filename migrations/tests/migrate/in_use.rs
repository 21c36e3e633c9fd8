//! `up` on a database that `migrate` made, whose requests are read and written meanwhile.

use crate::{
    adopt::up,
    fingerprint::{fingerprint, lines},
};
use contract::time::Clock;
use database::Database;
use testing::{Kind, TestDatabase, within_the_limit};

/// What the version before left.
const BEFORE: &str = "
    DELETE FROM ticketing_migrations WHERE name = '0006_folded_search';
    DROP INDEX ticketing_requests_folded_number, ticketing_requests_folded_name, ticketing_requests_folded_phone";

const INVALID: &str =
    "SELECT indexrelid::regclass::text AS line FROM pg_index WHERE NOT indisvalid";

/// The process that builds an index, once it waits for a lock of whatever kind.
async fn waiting(pool: &Database, index: &str) -> String {
    let query = format!(
        "SELECT a.pid::text AS line FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
         WHERE a.datname = current_database() AND a.query LIKE 'CREATE INDEX%{index}%' AND NOT l.granted"
    );
    loop {
        if let Some(pid) = lines(pool, &query).await.pop() {
            return pid;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_written_while_an_index_of_a_later_migration_is_built() {
    within_the_limit(Box::pin(async {
        let test = TestDatabase::migrated(Kind::Postgres).await;
        let pool = test.open(&Clock::system()).await;
        let everything = fingerprint(&pool).await;
        test.execute(BEFORE).await;
        let other = test.open(&Clock::system()).await;
        let writing = crate::holding(&other, "UPDATE requests SET rating = 5 WHERE id = 1").await;
        let worker = pool.clone();
        let at_work = tokio::spawn(async move { crate::up(&worker).await });
        let pid = waiting(&other, "ticketing_requests_folded_number").await;
        // a service writes meanwhile, and has no patience
        test.execute("SET lock_timeout = '1s'; UPDATE requests SET rating = 4 WHERE id = 2")
            .await;

        // what a stop leaves is built anew
        crate::cut_off(&other, &pid, at_work).await;
        writing.rollback().await.unwrap();
        let left = ["ticketing_requests_folded_number"];
        assert_eq!(lines(&pool, INVALID).await, left);
        assert!(!crate::is_migrated(&pool).await.unwrap());
        let (report, said) = up(&pool).await;
        assert_eq!(report.applied, ["0006_folded_search"]);
        assert!(said.contains(&format!("built    {} on", left[0])), "{said}");
        assert_eq!(lines(&pool, INVALID).await, [""; 0]);
        assert_eq!(fingerprint(&pool).await, everything);
        assert!(crate::is_migrated(&pool).await.unwrap());
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn indexes_that_an_interrupted_run_built_are_used() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    let pool = test.open(&Clock::system()).await;
    let everything = fingerprint(&pool).await;
    test.execute(
        "DELETE FROM ticketing_migrations WHERE name = '0006_folded_search';
         DROP INDEX ticketing_requests_folded_phone",
    )
    .await;
    let plan = migrations::plan_up(&pool).await.unwrap();
    let (report, said) = up(&pool).await;
    assert_eq!(report.applied, ["0006_folded_search"]);
    assert_eq!(
        plan,
        "found    the extension pg_trgm, which search by index needs\n\
         builds   1 index on requests; reading and writing go on\n\
         applies  0006_folded_search"
    );
    assert!(
        said.ends_with("built    ticketing_requests_folded_phone on requests (1 of 1)\n"),
        "{said}"
    );
    assert_eq!(fingerprint(&pool).await, everything);
}
