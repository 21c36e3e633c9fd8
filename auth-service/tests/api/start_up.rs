//! Start and stop of the process: what it says when it cannot start, and how it
//! ends.

use crate::{
    life::PASSWORD,
    process::{self, Process, command, configured},
    rows::{eventually, text},
    served::Served as _,
};
use contract::time::Clock;
use proto::auth::v1::RegisterRequest;
use sea_orm::ConnectionTrait as _;
use std::net::TcpListener;
use testing::{Kind, Role, TestDatabase};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

#[tokio::test]
async fn every_wrong_value_is_named_in_one_message_without_a_secret() {
    let mut command = command();
    command
        .env(
            "DATABASE_URL",
            "mysql://user:s3cret-of-the-database@host/database",
        )
        .env("AUTH_PUBLIC_LISTEN", "nowhere")
        .env("AUTH_OPS_LISTEN", "127.0.0.1:99999")
        .env("DATABASE_CONNECTIONS", "0")
        .env("AUTH_REFRESH_OVERLAP_SECONDS", "a minute")
        .env("AUTH_PASSWORD_HASH", "md5")
        .env("AUTH_AUDIENCE", "")
        .env("AUTH_HASHING_CONCURRENCY", "-1")
        .env("AUTH_THROTTLE_LOG_INS", "0")
        .env("AUTH_THROTTLE_REGISTRATIONS", "many");
    let (code, printed) = process::run(command).await;
    assert_eq!(code, 64, "{printed}");
    for variable in [
        "DATABASE_URL",
        "AUTH_PUBLIC_LISTEN",
        "AUTH_OPS_LISTEN",
        "DATABASE_CONNECTIONS",
        "AUTH_REFRESH_OVERLAP_SECONDS",
        "AUTH_PASSWORD_HASH",
        "AUTH_AUDIENCE",
        "AUTH_HASHING_CONCURRENCY",
        "AUTH_THROTTLE_LOG_INS",
        "AUTH_THROTTLE_REGISTRATIONS",
        // not given at all
        "AUTH_KEYS_DIRECTORY",
        "SERVICE_TOKEN_FILE",
    ] {
        assert!(
            printed.contains(&format!("{variable}: ")),
            "{variable} in {printed}"
        );
    }
    assert!(
        !printed.contains("AUTH_ISSUER"),
        "that one is right: {printed}"
    );
    assert_eq!(printed.lines().count(), 1, "{printed}");
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[tokio::test]
async fn lifetimes_that_do_not_fit_together_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = configured(folder.path(), &"sqlite://x?mode=rwc".parse().unwrap());
    command
        .env("AUTH_REFRESH_OVERLAP_SECONDS", "39")
        .env("AUTH_ACCESS_TOKEN_SECONDS", "155")
        .env("AUTH_REFRESH_TOKEN_SECONDS", "154")
        .env("AUTH_SESSION_SECONDS", "153");
    let (code, printed) = process::run(command).await;
    assert_eq!(code, 64, "{printed}");
    for (variable, least) in [
        ("AUTH_REFRESH_OVERLAP_SECONDS", 40),
        ("AUTH_ACCESS_TOKEN_SECONDS", 156),
        ("AUTH_REFRESH_TOKEN_SECONDS", 155),
        ("AUTH_SESSION_SECONDS", 154),
    ] {
        let message = format!("{variable}: must be at least {least}");
        assert!(printed.contains(&message), "{message} in {printed}");
    }
}

#[tokio::test]
async fn what_is_not_there_stops_the_start_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let url = "sqlite://x?mode=rwc".parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let nowhere = folder.path().join("nowhere");
    let short = folder.path().join("short");
    std::fs::write(&short, "s3cret-and-short").unwrap();
    let wrong = [
        (
            "AUTH_INTERNAL_LISTEN",
            taken.clone(),
            format!("cannot listen on {taken}"),
        ),
        (
            "AUTH_KEYS_DIRECTORY",
            nowhere.display().to_string(),
            format!("signing keys: {}: ", nowhere.display()),
        ),
        (
            "SERVICE_TOKEN_FILE",
            nowhere.display().to_string(),
            format!("service tokens: {}: ", nowhere.display()),
        ),
        (
            "SERVICE_TOKEN_FILE",
            short.display().to_string(),
            "must hold one or two tokens".to_owned(),
        ),
    ];
    for (variable, value, says) in wrong {
        let mut command = configured(folder.path(), &url);
        command.env(variable, value);
        let (code, printed) = process::run(command).await;
        assert_eq!(code, 1, "{variable}: {printed}");
        assert!(printed.contains(&says), "{printed}");
        let beside_logs: Vec<_> = printed
            .lines()
            .filter(|line| !line.starts_with('{'))
            .collect();
        assert_eq!(beside_logs.len(), 1, "{printed}");
        assert!(beside_logs[0].starts_with("auth-service: "), "{printed}");
        assert!(!printed.contains("s3cret"), "{printed}");
    }
}

async fn serves(process: &Process, service: &str) -> bool {
    let mut health = HealthClient::new(testing::auth::channel(process.ops));
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    health
        .check(request)
        .await
        .is_ok_and(|answer| answer.into_inner().status == 1)
}

fn sara() -> RegisterRequest {
    RegisterRequest {
        name: "Sara".to_owned(),
        email: "sara@example.com".to_owned(),
        phone: "1".to_owned(),
        password: PASSWORD.to_owned(),
        ..RegisterRequest::default()
    }
}

/// A registration waits for this table, as long as a statement may run.
const BARRIER: &str = "
CREATE TABLE barrier ();
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = 0 AS $$
BEGIN
    LOCK TABLE barrier IN ROW SHARE MODE;
    RETURN NEW;
END $$;
CREATE TRIGGER pass BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION pass()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_what_is_in_flight_finish() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(configured(folder.path(), &database.url_as(Role::Auth))).await;
    eventually("it serves", async || serves(&process, "").await).await;

    // a call that waits for a lock, for longer than a service's own statements would
    database.execute(BARRIER).await;
    let pool = database.open(&Clock::system()).await;
    let lock = pool.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE barrier").await.unwrap();
    let mut client = process.public_client();
    let call = tokio::spawn(async move { client.register(sara()).await });
    let waiting = "SELECT CAST(COUNT(*) AS text) FROM pg_locks WHERE NOT granted";
    eventually("the call waits", async || {
        text(&database, waiting).await.as_deref() != Some("0")
    })
    .await;

    process.terminate().await;
    eventually("it says that it stops", async || {
        !serves(&process, "").await
    })
    .await;
    assert!(!call.is_finished());
    lock.commit().await.unwrap();
    let answer = call.await.unwrap().expect("it finishes").into_inner();
    assert_eq!(answer.user.unwrap().email, "sara@example.com");
    let (code, printed) = process.ended().await;
    assert_eq!(code, 0, "{printed}");
}

testing::on_both_databases! {
    async fn a_stop_writes_the_last_first_uses(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(configured(folder.path(), &database.url_as(Role::Auth))).await;
        let answer = process.public_client().register(sara()).await.unwrap().into_inner();
        let token = answer.tokens.unwrap().access_token;
        process.validate(&token).await.expect("valid");
        process.terminate().await;
        let (code, printed) = process.ended().await;
        assert_eq!(code, 0, "{printed}");
        assert!(crate::rows::session_column(&database, "used_at").await.is_some());
    }
}
