//! `auth-service sessions end-all`, for the day after a restore: what was ended
//! since the back-up is active in the restored rows.

use crate::{
    life::PASSWORD,
    process::{self, Process, command, configured},
    rows::{text, texts},
    served::{Served as _, unauthenticated},
};
use proto::auth::v1::{CreateSessionRequest, RegisterRequest, TokenPair};
use std::path::Path;
use testing::{Kind, Role, TestDatabase, auth::refusal};

const ACTIVE: &str = "SELECT CAST(COUNT(*) AS text) FROM user_sessions WHERE is_active";

async fn register(process: &Process) -> TokenPair {
    let request = RegisterRequest {
        name: "Sara".to_owned(),
        email: "sara@example.com".to_owned(),
        phone: "1".to_owned(),
        password: PASSWORD.to_owned(),
        ..RegisterRequest::default()
    };
    let answer = process.public_client().register(request).await.unwrap();
    answer.into_inner().tokens.unwrap()
}

async fn log_in(process: &Process) -> TokenPair {
    let request = CreateSessionRequest {
        email: "sara@example.com".to_owned(),
        password: PASSWORD.to_owned(),
        device_info: String::new(),
    };
    let answer = process.public_client().create_session(request).await;
    answer.unwrap().into_inner().tokens.unwrap()
}

async fn start(folder: &Path, database: &TestDatabase) -> Process {
    Process::start(configured(folder, &database.url_as(Role::Auth))).await
}

async fn stop(process: Process) {
    process.terminate().await;
    let (code, printed) = process.ended().await;
    assert_eq!(code, 0, "{printed}");
}

/// The command with nothing but a database.
async fn end_all(database: &TestDatabase) -> (i32, String) {
    let mut command = command();
    command
        .args(["sessions", "end-all", "--reason", "restore"])
        .env("DATABASE_URL", database.url_as(Role::Auth).expose());
    process::run(command).await
}

testing::on_both_databases! {
    async fn a_session_revoked_after_the_back_up_stays_refused(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let process = start(folder.path(), &database).await;
        let revoked = register(&process).await;
        let other = log_in(&process).await;
        stop(process).await;
        let columns = "user_id, expires_at, created_at";
        database
            .execute(&format!("INSERT INTO user_sessions (session_id, {columns}) SELECT 'sess_1', {columns} FROM user_sessions WHERE id = 1"))
            .await;
        let (restored, as_it_is) = (database.copy().await, database.copy().await);

        let process = start(folder.path(), &database).await;
        process.revoke(&revoked.access_token).await.expect("acknowledged");
        stop(process).await;

        // without the command, the back-up revives it
        let process = start(folder.path(), &as_it_is).await;
        process.validate(&revoked.access_token).await.expect("why there is the command");
        stop(process).await;

        let (code, printed) = end_all(&restored).await;
        assert_eq!(code, 0, "{printed}");
        assert!(printed.lines().any(|line| line == "sessions ended: 2"), "{printed}");
        assert_eq!(text(&restored, ACTIVE).await.as_deref(), Some("0"), "the old application's too");
        let reasons = "SELECT COALESCE(end_reason, 'not ours') FROM user_sessions ORDER BY id";
        let reasons = texts(&restored, reasons).await;
        assert_eq!(reasons.iter().flatten().collect::<Vec<_>>(), ["restored", "restored", "not ours"]);
        let process = start(folder.path(), &restored).await;
        for tokens in [&revoked, &other] {
            let ended = unauthenticated("SESSION_ENDED");
            assert_eq!(refusal(process.validate(&tokens.access_token).await), ended);
            assert_eq!(refusal(process.refresh(&tokens.refresh_token).await), ended);
        }
        let new = log_in(&process).await;
        process.validate(&new.access_token).await.expect("a new log-in");
        stop(process).await;
        let (code, printed) = end_all(&restored).await;
        assert_eq!(code, 0, "{printed}");
        assert!(printed.lines().any(|line| line == "sessions ended: 1"), "{printed}");
    }
}

#[tokio::test]
async fn the_command_asks_for_a_reason_and_a_database() {
    let mut without = command();
    without.args(["sessions", "end-all"]);
    let (code, printed) = process::run(without).await;
    assert_eq!(code, 64, "{printed}");
    assert!(printed.contains("--reason"), "{printed}");
    let mut nowhere = command();
    nowhere.args(["sessions", "end-all", "--reason", "restore"]);
    let (code, printed) = process::run(nowhere).await;
    assert_eq!(code, 64, "{printed}");
    assert!(printed.contains("DATABASE_URL: "), "{printed}");
}

#[tokio::test]
async fn a_database_that_is_away_is_said_and_is_no_success() {
    let mut away = command();
    away.args(["sessions", "end-all", "--reason", "restore"])
        .args([
            "--database-url",
            "postgres://user:s3cret@127.0.0.1:1/nowhere",
        ]);
    let (code, printed) = process::run(away).await;
    assert_eq!(code, 1, "{printed}");
    assert!(
        printed.contains("the database does not answer"),
        "{printed}"
    );
    assert!(!printed.contains("s3cret"), "{printed}");
}
