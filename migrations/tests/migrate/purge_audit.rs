//! `purge-audit`: what is older than an age goes, in batches, and nothing else.

use crate::fingerprint::lines;
use contract::time::Clock;
use migrations::MigrateError;
use sea_orm::ConnectionTrait;
use std::num::NonZeroU16;
use std::process::Output;
use testing::{Kind, TestDatabase};
use tokio::process::Command;

async fn purge(database: &TestDatabase, older_than: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_migrate"))
        .args(["purge-audit", "--older-than", older_than])
        .env_clear()
        .env("DATABASE_URL", database.url.expose())
        .output()
        .await
        .expect("the program runs")
}

/// Adds so many events, each some seconds older than the age of 30 days.
async fn add(database: &TestDatabase, events: u32, seconds: i64) {
    let ago = 30 * 86_400 + seconds;
    let then = match database.kind {
        Kind::Postgres => format!("clock_timestamp() - interval '{ago} seconds'"),
        Kind::Sqlite => {
            format!("CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000 - {ago} * 1000000")
        }
    };
    database
        .execute(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {events}) \
             INSERT INTO ticketing_audit_events (occurred_at, event, outcome, cause) \
             SELECT {then}, 'create_session', 'refused', '{seconds}' FROM n"
        ))
        .await;
}

fn printed(output: &Output) -> (Option<i32>, &str) {
    let text = if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    };
    (output.status.code(), std::str::from_utf8(text).unwrap())
}

testing::on_both_databases! {
    async fn old_events_go_in_batches_and_younger_ones_stay(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        add(&database, 2_500, 600).await;
        add(&database, 3, -600).await;
        let output = purge(&database, "31d").await;
        assert_eq!(printed(&output), (Some(0), "purged   0 audit events older than 31d\n"));
        let output = purge(&database, "30d").await;
        assert_eq!(printed(&output), (Some(0), "purged   2500 audit events older than 30d\n"));
        let pool = database.open(&Clock::system()).await;
        let left = lines(&pool, "SELECT cause AS line FROM ticketing_audit_events").await;
        assert_eq!(left, ["-600"; 3]);
        let output = purge(&database, "30d").await;
        assert_eq!(printed(&output), (Some(0), "purged   0 audit events older than 30d\n"));
    }

    async fn a_batch_that_fails_leaves_those_before_it_purged(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        add(&database, 1_000, 900).await;
        add(&database, 1, 600).await;
        let pool = database.open(&Clock::system()).await;
        let refuse = match kind {
            Kind::Postgres => "
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'kept'; END $$;
                CREATE TRIGGER refuse BEFORE DELETE ON ticketing_audit_events FOR EACH ROW
                WHEN (OLD.cause = '600') EXECUTE FUNCTION refuse();",
            Kind::Sqlite => "
                CREATE TRIGGER refuse BEFORE DELETE ON ticketing_audit_events
                WHEN OLD.cause = '600' BEGIN SELECT RAISE(ABORT, 'kept'); END;",
        };
        pool.connection().execute_unprepared(refuse).await.unwrap();
        let days = NonZeroU16::new(30).unwrap();
        let error = migrations::purge_audit(&pool, days).await.unwrap_err();
        assert!(error.to_string().contains("kept"), "{error}");
        let left = lines(&pool, "SELECT cause AS line FROM ticketing_audit_events").await;
        assert_eq!(left, ["600"], "the batch of the oldest is gone");
    }

    async fn a_database_without_the_log_is_told_what_makes_it(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        let pool = database.open(&Clock::system()).await;
        let error = migrations::purge_audit(&pool, NonZeroU16::MIN).await.unwrap_err();
        assert!(matches!(error, MigrateError::NoAuditLog), "{error:?}");
        assert_eq!(purge(&database, "1d").await.status.code(), Some(1));
    }
}
