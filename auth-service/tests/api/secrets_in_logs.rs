//! A real process at its most talkative prints no secret.

use crate::{
    life,
    process::{Process, configured},
    rows::{eventually, text},
};
use testing::{Kind, Role, TestDatabase, auth::SERVICE_TOKEN};

const DATABASE_PASSWORD: &str = "s3cret-of-the-database";

testing::on_both_databases! {
    async fn no_secret_is_in_the_logs(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let url = database.url_as(Role::Auth);
        let url = url.expose().replace("_auth@", &format!("_auth:{DATABASE_PASSWORD}@"));
        assert_eq!(url.contains(DATABASE_PASSWORD), kind == Kind::Postgres);
        let folder = tempfile::tempdir().unwrap();
        let mut command = configured(folder.path(), &url.parse().unwrap());
        command.env("RUST_LOG", "trace");
        let process = Process::start(command).await;
        let secrets = life::live(&process, async || {
            let unmarked = "SELECT CAST(COUNT(*) AS text) FROM user_sessions WHERE used_at IS NULL";
            eventually("the first use", async || text(&database, unmarked).await.as_deref() == Some("1")).await;
            // an hour ago: past the overlap
            let hour = match kind {
                Kind::Postgres => "interval '1 hour'",
                Kind::Sqlite => "3600000000",
            };
            database.execute(&format!("UPDATE user_sessions SET used_at = used_at - {hour}")).await;
        })
        .await;
        process.terminate().await;
        let (code, printed) = process.ended().await;
        assert_eq!(code, 0);

        let level = |level: &str| printed.contains(&format!("\"level\":\"{level}\""));
        assert!(level("INFO") && level("TRACE"), "it talks");
        for shown in ["session created", "log-in refused", "session refreshed", "session ended"] {
            assert!(printed.contains(shown), "the logs lack {shown}");
        }
        let mut detector = secrets.detector();
        detector.text("the service token", SERVICE_TOKEN);
        detector.text("the database's password", DATABASE_PASSWORD);
        let key = std::fs::read_dir(folder.path().join("keys")).unwrap().next().unwrap().unwrap();
        let key = std::fs::read_to_string(key.path()).unwrap();
        for line in key.lines().filter(|line| line.len() >= 16 && !line.starts_with("-----")) {
            detector.text("the signing key", line);
        }
        let hash = text(&database, "SELECT password FROM users").await.unwrap();
        detector.text("the password's hash", &hash[hash.len() - 40..]);
        let found: Vec<_> = printed
            .lines()
            .filter(|line| !detector.found_in(line).is_empty())
            .take(3)
            .collect();
        assert!(found.is_empty(), "{:?} in {found:?}", detector.found_in(&printed));
    }
}
