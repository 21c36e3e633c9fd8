//! `up`: once, twice, two at once, and where it must not.

use crate::{
    OLD_APPLICATION,
    fingerprint::{fingerprint, lines},
};
use contract::time::Clock;
use database::{Database, PoolLimits};
use migrations::{Down, MigrateError, NAMES, Report};
use sea_orm::{
    ConnectionTrait as _,
    sea_query::{Expr, ExprTrait as _, Query},
};
use testing::{Kind, TestDatabase};

testing::on_both_databases! {
    async fn up_twice_changes_nothing(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        let pool = database.open(&Clock::system()).await;
        assert!(!crate::is_migrated(&pool).await.unwrap());
        let first = crate::up(&pool).await.unwrap();
        assert_eq!(first.applied, NAMES);
        let made = fingerprint(&pool).await;

        assert_eq!(crate::up(&pool).await.unwrap(), Report::default());
        assert_eq!(fingerprint(&pool).await, made);
        assert!(crate::is_migrated(&pool).await.unwrap());
    }

    async fn of_two_at_once_one_applies_and_the_other_finds_nothing_to_do(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        let one = database.open(&Clock::system()).await;
        let other = database.open(&Clock::system()).await;
        let (one, other) = tokio::join!(crate::up(&one), crate::up(&other));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert!(one.applied.is_empty() != other.applied.is_empty(), "{one:?}, {other:?}");
    }

    async fn a_single_table_of_the_application_stops_up(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        database.execute("CREATE TABLE users (id integer)").await;
        let pool = database.open(&Clock::system()).await;
        let before = fingerprint(&pool).await;
        let error = crate::up(&pool).await.unwrap_err();
        match kind {
            Kind::Postgres => assert!(matches!(error, MigrateError::Incomplete { .. }), "{error:?}"),
            Kind::Sqlite => assert!(matches!(error, MigrateError::Application(_)), "{error:?}"),
        }
        assert!(error.to_string().contains("users"), "{error}");
        assert_eq!(fingerprint(&pool).await, before);
    }

    async fn unrelated_tables_do_not_stop_up(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        database.execute("CREATE TABLE unrelated (id integer)").await;
        let pool = database.open(&Clock::system()).await;
        crate::up(&pool).await.unwrap();
    }

    async fn the_bookkeeping_says_that_the_tables_were_created(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let pool = database.open(&Clock::system()).await;
        let status = migrations::status(&pool).await.unwrap();
        assert_eq!(status.lines().count(), NAMES.len(), "{status}");
        for (line, name) in status.lines().zip(NAMES) {
            assert!(line.starts_with(&format!("applied  {name}  created 20")), "{line}");
            assert!(!line.contains("by a newer build"), "{line}");
        }
        let now = |micros| pool.dialect().now(micros);
        let lately = Query::select()
            .column("name")
            .from("ticketing_migrations")
            .and_where(Expr::col("applied_at").between(now(-600_000_000), now(0)))
            .take();
        let lately = pool.connection().query_all(&lately).await.unwrap();
        assert_eq!(lately.len(), NAMES.len());
    }

    async fn migrations_of_a_newer_build_do_not_stop_up(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        database
            .execute("INSERT INTO ticketing_migrations (name, origin) VALUES ('9999_later', 'created')")
            .await;
        let pool = database.open(&Clock::system()).await;
        assert!(crate::is_migrated(&pool).await.unwrap());
        assert_eq!(crate::up(&pool).await.unwrap(), Report::default());
        let status = migrations::status(&pool).await.unwrap();
        assert!(status.contains("9999_later") && status.contains("by a newer build"), "{status}");
    }
}

/// The last statement fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_up_leaves_nothing_behind() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database
        .execute(
            "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF current_query() LIKE '%ticketing_user_sessions_expires_at%' THEN RAISE 'refused'; END IF;
             END $$;
             CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse()",
        )
        .await;
    let pool = database.open(&Clock::system()).await;
    let before = fingerprint(&pool).await;
    let error = crate::up(&pool).await.unwrap_err();
    assert!(matches!(error, MigrateError::Database(_)), "{error:?}");
    assert_eq!(fingerprint(&pool).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_application_is_neither_made_anew_nor_dropped() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database.execute(OLD_APPLICATION).await;
    let pool = database.open(&Clock::system()).await;
    let before = fingerprint(&pool).await;

    let error = crate::fresh(&pool, true).await.unwrap_err();
    assert!(matches!(error, MigrateError::OthersTables(_)), "{error:?}");
    assert_eq!(
        crate::down(&pool, Down::default()).await.unwrap(),
        Report::default()
    );

    assert_eq!(fingerprint(&pool).await, before);
    let status = migrations::status(&pool).await.unwrap();
    assert!(status.contains("holds the application's own"), "{status}");
    assert!(!crate::is_migrated(&pool).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_type_of_the_application_stops_up() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database
        .execute("CREATE TYPE request_status_enum AS ENUM ('submitted')")
        .await;
    let pool = database.open(&Clock::system()).await;
    let error = crate::up(&pool).await.unwrap_err();
    assert!(
        matches!(error, MigrateError::Incomplete { .. }),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_where_the_search_path_says() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database.execute("CREATE SCHEMA elsewhere").await;
    let url = format!(
        "{}?options=-c%20search_path%3Delsewhere",
        database.url.expose()
    );
    let url = url.parse().unwrap();
    let elsewhere = Database::open(&url, PoolLimits::default(), Clock::system())
        .await
        .unwrap();
    crate::up(&elsewhere).await.unwrap();
    let schemas = lines(
        &elsewhere,
        "SELECT DISTINCT schemaname::text AS line FROM pg_tables
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    )
    .await;
    assert_eq!(schemas, ["elsewhere"]);
    assert!(crate::is_migrated(&elsewhere).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_application_may_live_in_another_schema() {
    let test = TestDatabase::empty(Kind::Postgres).await;
    test.execute("CREATE SCHEMA elsewhere; CREATE TABLE user_sessions (id text)")
        .await;
    let url = format!(
        "{}?options=-c%20search_path%3Delsewhere,public",
        test.url.expose()
    );
    let limits = PoolLimits::default();
    let pool = Database::open(&url.parse().unwrap(), limits, Clock::system())
        .await
        .unwrap();
    pool.connection()
        .execute_unprepared(OLD_APPLICATION)
        .await
        .unwrap();
    let before = fingerprint(&pool).await;
    crate::up(&pool).await.unwrap();
    assert!(crate::is_migrated(&pool).await.unwrap());
    let ours = "SELECT DISTINCT nspname::text AS line FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
                WHERE relname LIKE 'ticketing\\_%'";
    assert_eq!(lines(&pool, ours).await, ["elsewhere"]);
    let keep = Down {
        keep_session_id: true,
        ..Down::default()
    };
    crate::down(&pool, keep).await.unwrap();
    assert!(lines(&pool, ours).await.is_empty());
    assert_eq!(fingerprint(&pool).await, before);
}
