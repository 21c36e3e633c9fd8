//! The data generator, on tables of ours and on the old application's; and the demo data.

use std::process::{Command, Output};
use testing::{Kind, TestDatabase};

/// The application's tables as they stood before us.
const OLD_APPLICATION: &str =
    include_str!("../../../../migrations/tests/fixtures/old_application.sql");

fn generate(database: &TestDatabase, seed: u32) {
    generate_at(database.url.expose(), seed);
}

fn generate_at(url: &str, seed: u32) {
    let done = Command::new(env!("CARGO_BIN_EXE_ticketing-local"))
        .args(["generate", "--requests=500", "--sessions=200"])
        .arg(format!("--seed={seed}"))
        .arg(format!("--database-url={url}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    assert!(!said.contains("WARN"), "{said}");
}

fn demo(database: &TestDatabase) -> Output {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_ticketing-local"));
    demo.args(["demo", "--demo-requests=20"])
        .env("DATABASE_URL", database.url.expose())
        .output()
        .unwrap()
}

fn write_demo_data(database: &TestDatabase) -> String {
    let done = demo(database);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    String::from_utf8(done.stdout).unwrap()
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

#[tokio::test]
async fn the_same_seed_gives_the_same_data() {
    let [first, second, third] = [
        TestDatabase::migrated(Kind::Postgres).await,
        TestDatabase::migrated(Kind::Postgres).await,
        TestDatabase::migrated(Kind::Postgres).await,
    ];
    generate(&first, 1);
    generate(&second, 1);
    generate(&third, 2);
    let same = figures(&first).await;
    assert_eq!(same[..2], [500, 8], "as many as asked for, in every status");
    assert_eq!(same, figures(&second).await);
    assert_ne!(same, figures(&third).await);
}

#[tokio::test]
async fn generated_sessions_are_live_and_requests_end_where_their_log_ends() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    generate(&database, 1);
    for (wrong, query) in [
        (
            "sessions that are not live",
            "user_sessions WHERE NOT is_active OR expires_at <= now() OR created_at > now()",
        ),
        (
            "requests whose log ends with another status",
            "requests r WHERE status <> (SELECT status FROM request_status_log l \
             WHERE l.request_id = r.id ORDER BY timestamp DESC LIMIT 1)",
        ),
        (
            "branches of another partner",
            "requests r JOIN branches b ON b.id = r.branch_id WHERE b.partner_id <> r.partner_id",
        ),
        (
            "changes that are yet to come",
            "request_status_log WHERE timestamp > now()",
        ),
    ] {
        let query = format!("SELECT CAST(count(*) AS integer) FROM {query}");
        assert_eq!(database.query_number(&query).await, 0, "{wrong}");
    }
    // what comes next gets ids of its own
    let next = "INSERT INTO users (name, email, password, role_id, user_type) \
                SELECT 'a', 'a@example.com', '', id, 'customer' FROM roles LIMIT 1";
    database.execute(next).await;
}

testing::on_both_databases! {
    async fn demo_data_is_written_once_and_where_no_users_are(kind: Kind) {
        let count = "SELECT CAST(count(*) AS integer) FROM requests";
        let [fresh, used] = [TestDatabase::migrated(kind).await, TestDatabase::migrated(kind).await];
        for _ in 0..2 {
            let said = write_demo_data(&fresh);
            assert!(said.contains("Log in as partner@swift.example"), "{said}");
            assert_eq!(fresh.query_number(count).await, 20);
        }
        used.execute(
            "INSERT INTO users (name, email, password, role_id, user_type) \
             SELECT 'a', 'a@example.com', '', id, 'customer' FROM roles WHERE name = 'customer'",
        )
        .await;
        let said = write_demo_data(&used);
        assert!(said.contains("nothing was written"), "{said}");
        assert_eq!(used.query_number(count).await, 0);
    }

    async fn demo_data_for_a_database_without_tables_names_the_command_that_makes_them(kind: Kind) {
        let said = demo(&TestDatabase::empty(kind).await);
        let printed = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(1), "{printed}");
        assert!(printed.contains("run `migrate up` first"), "{printed}");
    }
}

#[tokio::test]
async fn the_old_applications_tables_get_its_own_sessions_from_a_role_that_owns_only_them() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let owner = "owner_of_the_old_tables";
    database
        .execute(&format!(
            "CREATE ROLE {owner} LOGIN; GRANT CREATE ON SCHEMA public TO {owner};
             SET ROLE {owner}; {OLD_APPLICATION}; RESET ROLE;"
        ))
        .await;
    let url = database.url.expose();
    generate_at(&url.replacen("postgres@", &format!("{owner}@"), 1), 1);
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
async fn a_database_with_data_or_another_kind_is_left_alone() {
    let used = TestDatabase::migrated(Kind::Postgres).await;
    generate(&used, 1);
    let sqlite = TestDatabase::migrated(Kind::Sqlite).await;
    for (database, words) in [
        (&used, "has users already"),
        (&sqlite, "on PostgreSQL alone"),
    ] {
        let again = Command::new(env!("CARGO_BIN_EXE_ticketing-local"))
            .arg("generate")
            .arg(format!("--database-url={}", database.url.expose()))
            .output()
            .unwrap();
        assert_eq!(again.status.code(), Some(1));
        let said = String::from_utf8_lossy(&again.stderr);
        assert!(said.contains(words), "{said}");
    }
}
