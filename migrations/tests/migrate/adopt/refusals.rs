//! Databases that `up` does not take over: it says what it met, and changes nothing.

use super::old_database::{OldDatabase, checksums, old_sessions, open};
use crate::{
    OLD_APPLICATION,
    fingerprint::{fingerprint, lines},
};
use database::Database;
use migrations::MigrateError;
use sea_orm::ConnectionTrait;
use testing::{Kind, TestDatabase, later_migrations::columns_added_to};

/// Makes a database of a shape and changes it; then both `up` and its plan stop.
async fn refused(shape: char, change: &str) -> MigrateError {
    let test = OldDatabase::of_shape(shape).make().await;
    test.execute(change).await;
    let pool = open(&test).await;
    refused_as(&pool, &pool).await
}

/// Both `up` and its plan stop in a database of the old application, on this pool, and
/// nothing is changed, as one sees who may see everything.
pub(super) async fn refused_as(pool: &Database, superuser: &Database) -> MigrateError {
    let all = async || {
        let mut all = fingerprint(superuser).await;
        all.extend(checksums(superuser).await);
        all.extend(old_sessions(superuser).await);
        all
    };
    let before = all().await;
    let planned = migrations::plan_up(pool).await.unwrap_err();
    assert_eq!(all().await, before, "{planned}");
    let error = crate::up(pool).await.unwrap_err();
    assert_eq!(planned.to_string(), error.to_string());
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    assert_eq!(all().await, before, "{error}");
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_on_a_token_column_stops_up_and_is_named() {
    for shape in ['a', 'e'] {
        let error = refused(
            shape,
            "CREATE VIEW reports.tokens AS SELECT left(refresh_token, 5) AS start FROM user_sessions",
        )
        .await;
        assert!(matches!(error, MigrateError::Views(..)), "{error:?}");
        let named = "the view reports.tokens reads user_sessions.refresh_token";
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_shape_stops_up_and_is_described() {
    for (shape, change, said) in [
        (
            'b',
            "ADD COLUMN token text",
            "session_id character varying(100) not null, token text nullable",
        ),
        (
            'b',
            "ALTER COLUMN session_id DROP NOT NULL",
            "session_id character varying(100) nullable",
        ),
        (
            'b',
            "ALTER COLUMN session_id TYPE text",
            "session_id text not null",
        ),
        (
            'b',
            "DROP CONSTRAINT user_sessions_session_id_key",
            "a session_id that is not unique",
        ),
        (
            'b',
            "ADD COLUMN generation integer",
            "generation integer nullable",
        ),
        ('c', "ADD COLUMN token text", "token text nullable"),
        (
            'a',
            "ALTER COLUMN token DROP NOT NULL",
            "token character varying(500) nullable, refresh_token",
        ),
        (
            'e',
            "ALTER COLUMN token TYPE varchar(500)",
            "token character varying(500) nullable, refresh_token",
        ),
    ] {
        let error = refused(shape, &format!("ALTER TABLE user_sessions {change}")).await;
        assert!(matches!(error, MigrateError::UnknownShape(_)), "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_key_to_deleted_sessions_stops_up() {
    let table = "CREATE TABLE devices (session integer CONSTRAINT of_session REFERENCES user_sessions (id) ON DELETE CASCADE);
                 INSERT INTO devices SELECT id FROM user_sessions";
    for shape in ['a', 'c', 'd', 'e'] {
        let error = refused(shape, table).await;
        assert!(matches!(error, MigrateError::Referenced(_)), "{error:?}");
        assert!(
            error.to_string().contains("devices (of_session)"),
            "{error}"
        );
    }
    // where all stay, it is no hindrance
    let test = OldDatabase::of_shape('b').make().await;
    test.execute(table).await;
    let pool = open(&test).await;
    let before = checksums(&pool).await;
    crate::up(&pool).await.unwrap();
    assert_eq!(checksums(&pool).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_required_column_that_the_services_do_not_know_stops_up() {
    let error = refused(
        'b',
        "ALTER TABLE request_status_log ADD COLUMN reason text NOT NULL DEFAULT '';
         ALTER TABLE request_status_log ALTER COLUMN reason DROP DEFAULT",
    )
    .await;
    assert!(matches!(error, MigrateError::Unfilled(_)), "{error:?}");
    assert!(
        error.to_string().contains("request_status_log.reason"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_column_enum_or_table_of_another_kind_stops_up() {
    for (change, said) in [
        (
            "ALTER TABLE request_assignments ALTER COLUMN responded_at TYPE timestamp",
            "request_assignments.responded_at as timestamptz (it is timestamp)",
        ),
        (
            "ALTER TYPE partner_status_enum RENAME VALUE 'suspended' TO 'halted'",
            "partner_status_enum 'suspended'",
        ),
        (
            "ALTER TABLE request_status_log RENAME TO unpartitioned;
             CREATE TABLE request_status_log (LIKE unpartitioned INCLUDING DEFAULTS) PARTITION BY RANGE (id);
             CREATE TABLE every_id PARTITION OF request_status_log DEFAULT;
             INSERT INTO request_status_log SELECT * FROM unpartitioned",
            "lacks request_status_log as a table that is not partitioned, which",
        ),
        (
            "DROP TABLE partner_categories",
            "lacks partner_categories, which",
        ),
    ] {
        let error = refused('b', change).await;
        assert!(
            matches!(error, MigrateError::Incomplete { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_columns_that_services_need_are_those_that_migrations_declare() {
    let made = TestDatabase::migrated(Kind::Postgres).await;
    let made = open(&made).await;
    let columns = lines(
        &made,
        "SELECT table_name || '.' || column_name AS line FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name NOT LIKE 'ticketing\\_%'",
    )
    .await;
    let test = TestDatabase::empty(Kind::Postgres).await;
    test.execute(OLD_APPLICATION).await;
    let pool = open(&test).await;
    let ours = [
        "generation",
        "rotated_at",
        "used_at",
        "absolute_expires_at",
        "password_digest",
        "ended_at",
        "end_reason",
        "session_id",
    ];
    for column in columns {
        let (table, name) = column.split_once('.').unwrap();
        let is_of_sessions = table == "user_sessions" && ours.contains(&name);
        if is_of_sessions || columns_added_to(table).contains(&name) {
            continue;
        }
        let rename = async |from: &str, to: &str| {
            let statement = format!("ALTER TABLE {table} RENAME COLUMN \"{from}\" TO \"{to}\"");
            pool.connection()
                .execute_unprepared(&statement)
                .await
                .unwrap();
        };
        rename(name, "gone").await;
        let error = migrations::plan_up(&pool).await.unwrap_err().to_string();
        assert!(
            error.contains(&format!("lacks {column}, which")),
            "{column}: {error}"
        );
        rename("gone", name).await;
    }
}
