//! The data generator: the same seed gives the same data, on tables of ours and
//! on the old application's.

use std::process::Command;
use testing::{Kind, TestDatabase};

/// The application's tables as they stood before us.
const OLD_APPLICATION: &str =
    include_str!("../../../../migrations/tests/fixtures/old_application.sql");

fn generate(database: &TestDatabase, seed: u32) {
    let done = Command::new(env!("CARGO_BIN_EXE_ticketing-local"))
        .args(["generate", "--requests=500", "--sessions=200"])
        .arg(format!("--seed={seed}"))
        .arg(format!("--database-url={}", database.url.expose()))
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// Some figures that differ unless the data are the same.
async fn figures(database: &TestDatabase) -> Vec<i32> {
    let mut figures = Vec::new();
    for query in [
        "SELECT CAST(count(*) AS integer) FROM requests",
        "SELECT CAST(count(DISTINCT status) AS integer) FROM requests",
        "SELECT CAST(sum(length(customer_name) * (id % 97)) AS integer) FROM requests",
        "SELECT CAST(count(*) AS integer) FROM request_assignments",
        "SELECT CAST(count(*) AS integer) FROM request_status_log",
        "SELECT CAST(count(*) AS integer) FROM user_sessions",
        "SELECT CAST(sum(user_id) AS integer) FROM user_sessions",
    ] {
        figures.push(database.query_number(query).await);
    }
    figures
}

testing::on_both_databases! {
    async fn the_same_seed_gives_the_same_data(kind: Kind) {
        let [first, second, third] = [
            TestDatabase::migrated(kind).await,
            TestDatabase::migrated(kind).await,
            TestDatabase::migrated(kind).await,
        ];
        generate(&first, 1);
        generate(&second, 1);
        generate(&third, 2);
        let same = figures(&first).await;
        assert_eq!(same[..2], [500, 8], "as many as asked for, in every status");
        assert_eq!(same, figures(&second).await);
        assert_ne!(same, figures(&third).await);
    }
}

#[tokio::test]
async fn the_old_applications_tables_get_its_own_sessions() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database.execute(OLD_APPLICATION).await;
    generate(&database, 1);
    let sessions =
        "SELECT CAST(count(*) AS integer) FROM user_sessions WHERE session_id LIKE 'sess_%'";
    assert_eq!(database.query_number(sessions).await, 200);
    assert_eq!(
        database
            .query_number("SELECT CAST(count(*) AS integer) FROM requests")
            .await,
        500
    );
}

#[tokio::test]
async fn a_database_with_data_is_left_alone() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    generate(&database, 1);
    let again = Command::new(env!("CARGO_BIN_EXE_ticketing-local"))
        .arg("generate")
        .arg(format!("--database-url={}", database.url.expose()))
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("has users already"));
}
