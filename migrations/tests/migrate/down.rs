//! `down` and `fresh`: only when told so, only what `up` made, and all of it.

use crate::{
    fingerprint::{fingerprint, lines},
    newest_first,
};
use contract::time::Clock;
use migrations::{Down, MigrateError, NAMES, Report};
use testing::{Kind, TestDatabase, later_migrations::added_columns};

const DROP: Down = Down {
    drop_data: true,
    keep_session_id: false,
};

/// Rows that refer to each other in a circle.
const ROWS: &str = "
    INSERT INTO partners (name) VALUES ('Tow');
    INSERT INTO users (name, email, password, role_id, user_type, partner_id)
    SELECT 'Ada', 'ada@example.com', '', roles.id, 'partner', partners.id
    FROM roles, partners WHERE roles.name = 'partner';
    UPDATE partners SET created_by_id = (SELECT id FROM users);
    UPDATE role_permissions SET created_by_id = (SELECT id FROM users);
    INSERT INTO branches (partner_id, name, lat, lng, created_by_id)
    SELECT partner_id, 'North', 24.7, 46.6, id FROM users";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_in_use_stop_down_after_a_short_wait() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let user = database.open(&Clock::system()).await;
    let reading = crate::holding(&user, "SELECT 1 FROM users").await;
    let pool = database.open(&Clock::system()).await;
    let error = crate::down(&pool, DROP).await.unwrap_err();
    assert!(matches!(error, MigrateError::LockTimeout), "{error:?}");
    reading.rollback().await.unwrap();
    crate::down(&pool, DROP).await.unwrap();
}

testing::on_both_databases! {
    async fn down_refuses_to_drop_data_unasked(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let pool = database.open(&Clock::system()).await;
        let before = fingerprint(&pool).await;
        for error in [
            crate::down(&pool, Down::default()).await.unwrap_err(),
            crate::fresh(&pool, false).await.unwrap_err(),
        ] {
            assert!(matches!(error, MigrateError::WouldDropData), "{error:?}");
            assert!(error.to_string().contains("--drop-data"), "{error}");
        }
        assert_eq!(fingerprint(&pool).await, before);
    }

    async fn down_drops_exactly_what_up_made(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        database.execute("CREATE TABLE unrelated (id integer)").await;
        let pool = database.open(&Clock::system()).await;
        let before = fingerprint(&pool).await;
        crate::up(&pool).await.unwrap();
        database.execute(ROWS).await;

        let report = crate::down(&pool, DROP).await.unwrap();
        assert_eq!(report.dropped.first(), NAMES.last());
        let mut after = fingerprint(&pool).await;
        // SQLite's own, which comes with the first AUTOINCREMENT and never goes
        after.retain(|line| !line.contains("sqlite_sequence"));
        assert_eq!(after, before);
    }

    async fn the_plan_of_down_names_each_table_and_column_that_goes(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let pool = database.open(&Clock::system()).await;
        let tables = match kind {
            Kind::Postgres => "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public'",
            Kind::Sqlite => "SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        };
        let tables = lines(&pool, tables).await;
        let columns = added_columns().map(|(table, column)| format!("{table}.{column}"));
        let plan = migrations::plan_down(&pool, DROP).await.unwrap();
        let named: Vec<_> = plan.split([' ', ',', '\n']).collect();
        for name in tables.into_iter().chain(columns) {
            assert!(named.contains(&name.as_str()) || name == "ticketing_migrations", "{name}: {plan}");
        }
        let migrations = plan.lines().map(|line| line.split([' ', ':']).find(|word| word.starts_with('0')));
        assert_eq!(migrations.collect::<Option<Vec<_>>>().unwrap(), newest_first());
    }

    async fn down_without_bookkeeping_has_nothing_to_do(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        let pool = database.open(&Clock::system()).await;
        assert_eq!(crate::down(&pool, Down::default()).await.unwrap(), Report::default());
    }

    async fn objects_that_depend_on_the_tables_stop_down(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        database.execute("CREATE VIEW names AS SELECT name FROM users").await;
        let pool = database.open(&Clock::system()).await;
        match kind {
            Kind::Postgres => {
                let before = fingerprint(&pool).await;
                let error = crate::down(&pool, DROP).await.unwrap_err();
                assert!(matches!(error, MigrateError::Dependents(_)), "{error:?}");
                assert_eq!(fingerprint(&pool).await, before);
            }
            // there a view outlives its table, and is broken until that comes again
            Kind::Sqlite => {
                crate::down(&pool, DROP).await.unwrap();
            }
        }
    }

    async fn an_adopted_database_is_never_dropped(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        database.execute("UPDATE ticketing_migrations SET origin = 'adopted'").await;
        let pool = database.open(&Clock::system()).await;
        let before = fingerprint(&pool).await;
        for error in [
            crate::down(&pool, DROP).await.unwrap_err(),
            crate::fresh(&pool, true).await.unwrap_err(),
        ] {
            assert!(matches!(error, MigrateError::Adopted), "{error:?}");
        }
        assert_eq!(fingerprint(&pool).await, before);
    }

    async fn what_a_newer_build_made_stops_down(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        database
            .execute("INSERT INTO ticketing_migrations (name, origin) VALUES ('9999_later', 'created')")
            .await;
        let pool = database.open(&Clock::system()).await;
        let error = crate::down(&pool, DROP).await.unwrap_err();
        assert!(matches!(error, MigrateError::UnknownMigrations(_)), "{error:?}");
    }

    async fn fresh_makes_everything_anew(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        database.execute(ROWS).await;
        let pool = database.open(&Clock::system()).await;
        let before = fingerprint(&pool).await;
        let report = crate::fresh(&pool, true).await.unwrap();
        assert_eq!(report.dropped, newest_first());
        assert_eq!(report.applied, NAMES);
        assert_eq!(fingerprint(&pool).await, before);
        assert!(lines(&pool, "SELECT name AS line FROM users").await.is_empty());
    }

    async fn fresh_on_an_empty_database_is_up(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        let pool = database.open(&Clock::system()).await;
        let report = crate::fresh(&pool, false).await.unwrap();
        assert_eq!(report, Report { dropped: vec![], applied: NAMES.to_vec() });
    }

    async fn fresh_leaves_a_database_with_tables_of_others_alone(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        database.execute("CREATE TABLE notifications (id integer)").await;
        let pool = database.open(&Clock::system()).await;
        let before = fingerprint(&pool).await;
        let error = crate::fresh(&pool, true).await.unwrap_err();
        assert!(matches!(error, MigrateError::OthersTables(_)), "{error:?}");
        assert_eq!(fingerprint(&pool).await, before);
    }
}
