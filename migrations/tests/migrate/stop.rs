//! A stop is heard by every command, also where `migrate` is the first process of a
//! container, and leaves nothing half done.

use crate::fingerprint::lines;
use contract::time::Clock;
use database::{Database, PoolLimits};
use testing::{
    Kind, TestDatabase,
    first_process::{FirstProcess, MOMENTS, SilentServer},
};

const COMMANDS: [&[&str]; 8] = [
    &["up"],
    &["up", "--plan"],
    &["down"],
    &["down", "--plan"],
    &["fresh", "--drop-data"],
    &["status"],
    &["purge-audit", "--older-than=400d"],
    &["grants", "--auth-role=auth", "--requests-role=requests"],
];

fn start(arguments: &[&str], url: &str) -> FirstProcess {
    let program = env!("CARGO_BIN_EXE_migrate");
    FirstProcess::start(program, arguments, [("DATABASE_URL", url)])
}

/// It failed, and says why and what to do.
#[track_caller]
fn assert_stopped((code, said): &(Option<i32>, String)) {
    assert_eq!(*code, Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("migrate: told to stop before it was done")
            && said.contains("run the same command again"),
        "{said}"
    );
}

#[test]
fn a_command_that_waits_for_its_database_is_ended_by_a_stop_and_says_so() {
    for arguments in COMMANDS {
        let server = SilentServer::start();
        let process = start(arguments, &server.url());
        let _waits = server.called();
        println!("{arguments:?}");
        assert_stopped(&process.stopped());
    }
}

#[test]
fn a_stop_at_any_moment_ends_a_command() {
    for arguments in COMMANDS {
        let server = SilentServer::start();
        for moment in MOMENTS {
            println!("{arguments:?} at {moment}");
            assert_stopped(&start(arguments, &server.url()).stopped_at(moment));
        }
    }
}

testing::on_both_databases! {
    async fn up_that_was_told_to_stop_at_any_moment_is_finished_by_the_next(kind: Kind) {
        let mut stopped = 0;
        for moment in MOMENTS {
            let test = TestDatabase::empty(kind).await;
            let (process, url) = (start(&["up"], test.url.expose()), test.url.clone());
            let end = tokio::task::block_in_place(|| process.stopped_at(moment));
            println!("at {moment}: {end:?}");
            if end.0 != Some(0) {
                assert_stopped(&end);
                stopped += 1;
            }
            let limits = PoolLimits { connections: 1, ..PoolLimits::default() };
            let database = Database::open(&url, limits, Clock::system()).await.unwrap();
            crate::up(&database).await.unwrap();
            assert!(crate::is_migrated(&database).await.unwrap());
        }
        assert!(stopped > 0, "each was done before it was told");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_ends_what_a_command_that_was_told_to_stop_had_begun() {
    testing::within_the_limit(Box::pin(async {
        let test = TestDatabase::empty(Kind::Postgres).await;
        test.execute(
            "CREATE FUNCTION takes_an_hour() RETURNS event_trigger LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM pg_sleep(3600); END $$;
             CREATE EVENT TRIGGER takes_an_hour ON ddl_command_start
                 WHEN TAG IN ('CREATE TYPE') EXECUTE FUNCTION takes_an_hour()",
        )
        .await;
        let other = Database::open(&test.url, PoolLimits::default(), Clock::system())
            .await
            .unwrap();
        let at_work = "SELECT pid::text AS line FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event = 'PgSleep'";
        let process = start(&["up"], test.url.expose());
        let pid = loop {
            if let [pid] = lines(&other, at_work).await.as_slice() {
                break pid.clone();
            }
        };
        assert_stopped(&tokio::task::block_in_place(|| process.stopped()));
        let is_there = format!("SELECT pid::text AS line FROM pg_stat_activity WHERE pid = {pid}");
        while !lines(&other, &is_there).await.is_empty() {}
        let left = "SELECT relname::text AS line FROM pg_class WHERE relname LIKE 'ticketing%'";
        assert_eq!(lines(&other, left).await, [""; 0]);
    }))
    .await;
}
