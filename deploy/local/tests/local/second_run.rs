//! Stopping, starting again, and starting over.

use crate::process::Running;
use proto::{
    auth::v1::{
        CreateSessionRequest, CreateSessionResponse, RegisterRequest,
        auth_service_client::AuthServiceClient,
    },
    requests::v1::{
        ListPartnerRequestsRequest, partner_requests_service_client::PartnerRequestsServiceClient,
    },
};
use std::{net::TcpStream, path::Path};
use testing::{
    Kind, TestDatabase,
    auth::{channel, with_token},
};
use tonic::{Code, Status};

const OPERATIONS: &str = "operation@platform.example";

async fn log_in(running: &Running, email: &str) -> Result<CreateSessionResponse, Status> {
    let request = CreateSessionRequest {
        email: email.to_owned(),
        password: local::demo::PASSWORD.to_owned(),
        device_info: String::new(),
    };
    let mut client = AuthServiceClient::new(channel(running.auth()));
    Ok(client.create_session(request).await?.into_inner())
}

/// How many requests a token's user sees.
async fn count(running: &Running, access_token: &str) -> Result<i64, Status> {
    let request = ListPartnerRequestsRequest {
        include_total_size: true,
        ..ListPartnerRequestsRequest::default()
    };
    let mut client = PartnerRequestsServiceClient::new(channel(running.requests()));
    let answer = client.list_partner_requests(with_token(request, access_token));
    Ok(answer.await?.into_inner().total_size.expect("asked for"))
}

fn access_token(answer: CreateSessionResponse) -> String {
    answer.tokens.expect("tokens").access_token
}

async fn register(running: &Running, email: &str) {
    let request = RegisterRequest {
        name: "Of the first run".to_owned(),
        email: email.to_owned(),
        phone: "+966 50 000 0000".to_owned(),
        password: local::demo::PASSWORD.to_owned(),
        ..RegisterRequest::default()
    };
    let mut client = AuthServiceClient::new(channel(running.auth()));
    client.register(request).await.expect("registered");
}

/// Starts on a data directory, with its own SQLite database or on PostgreSQL.
fn start(folder: &Path, database: &TestDatabase, flags: &[&str]) -> Running {
    let url = format!("--database-url={}", database.url.expose());
    let mut all = flags.to_vec();
    if database.kind == Kind::Postgres {
        all.push(&url);
    }
    Running::start(folder, &all)
}

testing::on_both_databases! {
    async fn a_second_run_keeps_the_data_and_a_fresh_one_starts_over(kind: Kind) {
        let folder = tempfile::tempdir().unwrap();
        let database = TestDatabase::empty(kind).await;
        let few = "--demo-requests=40";

        let first = start(folder.path(), &database, &[few]);
        let token = access_token(log_in(&first, OPERATIONS).await.unwrap());
        let demo = count(&first, &token).await.unwrap();
        register(&first, "first@example.com").await;
        let addresses = [first.auth(), first.auth_internal(), first.requests()];
        assert_eq!(first.terminate().code(), Some(0));
        for address in addresses {
            assert!(TcpStream::connect(address).is_err(), "{address} still answers");
        }

        // the keys are kept, so the session goes on
        let second = start(folder.path(), &database, &[few]);
        assert_eq!(count(&second, &token).await.unwrap(), demo);
        log_in(&second, "first@example.com").await.unwrap();
        assert_eq!(second.terminate().code(), Some(0));

        let third = start(folder.path(), &database, &["--demo-requests=30", "--fresh"]);
        let refused = count(&third, &token).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
        let unknown = log_in(&third, "first@example.com").await.unwrap_err();
        assert_eq!(unknown.code(), Code::Unauthenticated, "{unknown}");
        let token = access_token(log_in(&third, OPERATIONS).await.unwrap());
        assert!(count(&third, &token).await.unwrap() < demo);
    }

    async fn a_database_with_users_of_its_own_gets_no_demo_data(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        database
            .execute(
                "INSERT INTO users (name, email, password, role_id, user_type) \
                 SELECT 'Own', 'own@example.com', 'none', id, 'customer' FROM roles \
                 WHERE name = 'customer'",
            )
            .await;
        let folder = tempfile::tempdir().unwrap();
        let url = format!("--database-url={}", database.url.expose());
        let running = Running::start(folder.path(), &[&url]);
        let says = "# The database has users of its own: log in as one of them.";
        assert!(running.printed.contains(says), "{}", running.printed);
        assert!(!running.printed.contains(local::demo::PASSWORD), "{}", running.printed);
        let commands = running.printed.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(commands.count(), 0, "nothing to paste: {}", running.printed);
        drop(running);
        assert_eq!(database.query_number("SELECT CAST(count(*) AS int) FROM users").await, 1);
        assert_eq!(database.query_number("SELECT CAST(count(*) AS int) FROM requests").await, 0);
    }
}

#[tokio::test]
async fn a_run_that_was_killed_leaves_nothing_that_stops_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(folder.path(), &["--demo-requests=40"]);
    let token = access_token(log_in(&first, OPERATIONS).await.unwrap());
    let demo = count(&first, &token).await.unwrap();
    // by SIGKILL
    drop(first);
    let second = Running::start(folder.path(), &[]);
    assert_eq!(count(&second, &token).await.unwrap(), demo);
}

#[tokio::test]
async fn a_fresh_start_keeps_other_files_in_the_data_directory() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("keys/mine.txt");
    fs::create_dir(folder.path().join("keys")).unwrap();
    fs::write(folder.path().join("lock"), "data").unwrap();
    let few = "--demo-requests=40";
    let first = Running::start(folder.path(), &[few]);
    let mode = fs::metadata(folder.path().join("ticketing.db"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "it holds password hashes");
    assert_eq!(first.terminate().code(), Some(0));
    assert_eq!(
        fs::read_to_string(folder.path().join("lock")).unwrap(),
        "data"
    );

    fs::write(&theirs, "data").unwrap();
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_ticketing-local"))
        .args(["--fresh", few, "--data-directory"])
        .arg(folder.path())
        .args([
            "--auth-public-listen=127.0.0.1:0",
            "--auth-internal-listen=127.0.0.1:0",
        ])
        .output()
        .unwrap();
    assert_eq!(
        refused.status.code(),
        Some(1),
        "a key directory with something else in it"
    );
    assert!(String::from_utf8_lossy(&refused.stderr).contains("mine.txt"));
    assert_eq!(fs::read_to_string(theirs).unwrap(), "data");
}
