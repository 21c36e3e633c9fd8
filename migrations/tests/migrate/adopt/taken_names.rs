//! Names that `up` needs and that something else bears, of whatever kind: `up` and its
//! plan stop, and nothing is changed. The names are those of the catalogue after `up`.

use super::{
    old_database::{OldDatabase, open},
    refusals::refused_as,
};
use crate::fingerprint::{fingerprint, lines};
use contract::time::Clock;
use database::Database;
use migrations::MigrateError;
use testing::{
    Kind, TestDatabase,
    later_migrations::{undo_all, undo_all_of_our_own},
};

/// What may bear a name, how it comes, and how it goes. The index is on some table that
/// no service reads.
const BEARERS: [(&str, &str, &str); 9] = [
    ("table", "CREATE TABLE NAME (x integer)", "DROP TABLE NAME"),
    (
        "view",
        "CREATE VIEW NAME AS SELECT 1 AS x",
        "DROP VIEW NAME",
    ),
    (
        "index",
        "CREATE INDEX NAME ON TABLE_OF_OTHERS (id)",
        "DROP INDEX NAME",
    ),
    (
        "materialized view",
        "CREATE MATERIALIZED VIEW NAME AS SELECT 1 AS x",
        "DROP MATERIALIZED VIEW NAME",
    ),
    ("sequence", "CREATE SEQUENCE NAME", "DROP SEQUENCE NAME"),
    ("enum", "CREATE TYPE NAME AS ENUM ('x')", "DROP TYPE NAME"),
    (
        "composite type",
        "CREATE TYPE NAME AS (x integer)",
        "DROP TYPE NAME",
    ),
    (
        "domain",
        "CREATE DOMAIN NAME AS integer",
        "DROP DOMAIN NAME",
    ),
    (
        "function",
        "CREATE FUNCTION NAME() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION NAME",
    ),
];

/// Names of relations, enums and functions where `up` makes them.
const NAMES: &str = "
    SELECT relname::text AS line FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION SELECT typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
    UNION SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = pg_proc.oid AND d.deptype = 'e')
    ORDER BY 1";

/// Of keys and sequences, whose names PostgreSQL chooses so that they are free.
fn is_chosen_by_the_database(name: &str) -> bool {
    ["_pkey", "_key", "_seq"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// What `up` adds to a database of the old application.
async fn added() -> Vec<String> {
    let test = OldDatabase::of_shape('a').make().await;
    let pool = open(&test).await;
    let before = lines(&pool, NAMES).await;
    crate::up(&pool).await.unwrap();
    let mut added = lines(&pool, NAMES).await;
    added.retain(|name| !before.contains(name));
    added
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_taken_stops_up_in_the_old_applications_database() {
    let mut names = added().await;
    names.retain(|name| !is_chosen_by_the_database(name));
    for known in [
        "ticketing_adoption",
        "ticketing_migrations",
        "ticketing_throttles",
        "ticketing_throttles_forgotten_at",
        "ticketing_requests_search",
    ] {
        assert!(names.contains(&known.to_owned()), "{known}: {names:?}");
    }
    let test = OldDatabase::of_shape('a').make().await;
    let pool = open(&test).await;
    for (number, name) in names.iter().enumerate() {
        for (at, (kind, create, drop)) in BEARERS.iter().enumerate() {
            // each kind with the names of tables; with that of an index, two at a time
            let is_of_index = name.matches('_').count() > 2;
            if is_of_index && at % 4 != number % 4 {
                continue;
            }
            let create = create.replace("TABLE_OF_OTHERS", "logs");
            test.execute(&create.replace("NAME", name)).await;
            let error = refused_as(&pool, &pool).await;
            assert!(
                matches!(error, MigrateError::NamesTaken(_)) && error.to_string().contains(name),
                "{kind} {name}: {error:?}"
            );
            test.execute(&drop.replace("NAME", name)).await;
        }
    }
    crate::up(&pool).await.unwrap();
}

testing::on_both_databases! {
    async fn a_name_that_is_taken_stops_up_in_a_database_of_our_own(kind: Kind) {
        let made = TestDatabase::migrated(kind).await;
        let made = open(&made).await;
        let mut names = lines(&made, match kind {
            Kind::Postgres => NAMES,
            Kind::Sqlite => "SELECT name AS line FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'",
        })
        .await;
        names.retain(|name| !is_chosen_by_the_database(name));
        let test = TestDatabase::empty(kind).await;
        test.execute("CREATE TABLE unrelated (id integer)").await;
        let pool = open(&test).await;
        let kinds = match kind {
            Kind::Postgres => &BEARERS[..],
            Kind::Sqlite => &BEARERS[..3],
        };
        for (number, name) in names.iter().enumerate() {
            for at in [number, number + 1, number + 3].map(|at| at % kinds.len()) {
                let (_, create, drop) = kinds[at];
                let create = create.replace("TABLE_OF_OTHERS", "unrelated");
                test.execute(&create.replace("NAME", name)).await;
                let error = refused(&pool).await;
                assert!(error.contains(name), "{create} {name}: {error}");
                test.execute(&drop.replace("NAME", name)).await;
            }
        }
        // SQLite takes them for the same
        let upper = "CREATE TABLE TICKETING_THROTTLES (x integer)";
        test.execute(upper).await;
        if kind == Kind::Sqlite {
            refused(&pool).await;
            test.execute("DROP TABLE ticketing_throttles; CREATE TABLE Ticketing_Migrations (x integer)").await;
            refused(&pool).await;
            test.execute("DROP TABLE ticketing_migrations").await;
        } else {
            refused(&pool).await;
            test.execute("DROP TABLE ticketing_throttles; CREATE TABLE \"TICKETING_THROTTLES\" (x integer)").await;
        }
        crate::up(&pool).await.unwrap();
    }
}

/// What it says, from a database without rows.
async fn refused(pool: &Database) -> String {
    let before = fingerprint(pool).await;
    let planned = migrations::plan_up(pool).await.unwrap_err().to_string();
    let error = crate::up(pool).await.unwrap_err().to_string();
    assert_eq!(planned, error);
    assert!(error.contains("nothing was changed"), "{error}");
    assert_eq!(fingerprint(pool).await, before);
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_the_database_chooses_itself_is_no_hindrance() {
    let mut names = added().await;
    names.retain(|name| is_chosen_by_the_database(name));
    assert!(
        names.contains(&"ticketing_throttles_pkey".to_owned()),
        "{names:?}"
    );
    for shape in ['a', 'b'] {
        let test = OldDatabase::of_shape(shape).make().await;
        for name in &names {
            test.execute(&format!("CREATE SEQUENCE IF NOT EXISTS {name}"))
                .await;
        }
        let pool = open(&test).await;
        crate::up(&pool).await.unwrap();
        assert!(crate::is_migrated(&pool).await.unwrap());
    }
}

/// What a later build makes besides is looked for where an earlier build has been, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_name_that_is_taken_stops_up_where_an_earlier_build_has_been() {
    let taken_over = OldDatabase::of_shape('b').make().await;
    let of_our_own = TestDatabase::migrated(Kind::Postgres).await;
    let pool = open(&taken_over).await;
    crate::up(&pool).await.unwrap();
    taken_over.execute(&undo_all()).await;
    of_our_own.execute(&undo_all_of_our_own()).await;
    // in a database of our own, one on requests may be what an interrupted run has built
    for (test, table) in [(&taken_over, "requests"), (&of_our_own, "partners")] {
        let pool = test.open(&Clock::system()).await;
        for (create, drop) in [
            (
                "CREATE VIEW ticketing_throttles AS SELECT 1 AS x",
                "DROP VIEW ticketing_throttles",
            ),
            (
                "CREATE TYPE ticketing_audit_events AS ENUM ('x')",
                "DROP TYPE ticketing_audit_events",
            ),
            (
                "CREATE INDEX ticketing_requests_number ON partners (id)",
                "DROP INDEX ticketing_requests_number",
            ),
            (
                "CREATE INDEX ticketing_requests_search ON TABLE (id)",
                "DROP INDEX ticketing_requests_search",
            ),
        ] {
            test.execute(&create.replace("TABLE", table)).await;
            refused(&pool).await;
            test.execute(drop).await;
        }
        crate::up(&pool).await.unwrap();
    }
}

/// Makes the database refuse a statement that holds these words.
fn refuse_statement(words: &str) -> String {
    format!(
        "CREATE FUNCTION reports.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
             IF current_query() LIKE '%{words}%' THEN RAISE 'refused by a test'; END IF;
         END $$;
         CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION reports.refuse()"
    )
}

const REFUSE_NO_MORE: &str = "DROP EVENT TRIGGER refuse; DROP FUNCTION reports.refuse()";

/// What fails between the steps is told as what it is, and the next run looks anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_after_the_first_step_says_so_and_up_finishes_later() {
    for (words, said) in [
        (
            "CREATE TABLE ticketing_throttles",
            "the migration 0003_throttles could not be applied: refused by a test. What was done before that stays done",
        ),
        (
            "CREATE INDEX CONCURRENTLY ticketing_requests_number",
            "the index ticketing_requests_number on requests could not be built: refused by a test. What was done before that stays done",
        ),
    ] {
        let test = OldDatabase::of_shape('a').make().await;
        let pool = open(&test).await;
        test.execute(&refuse_statement(words)).await;
        let error = crate::up(&pool).await.unwrap_err();
        assert!(
            matches!(error, MigrateError::Interrupted { .. }),
            "{error:?}"
        );
        let error = error.to_string();
        assert!(
            error.starts_with(said) && error.contains("run the same command again"),
            "{error}"
        );
        assert!(!error.contains("nothing was changed"), "{error}");
        test.execute(REFUSE_NO_MORE).await;

        test.execute("CREATE VIEW ticketing_throttles AS SELECT 1 AS x")
            .await;
        refused(&pool).await;
        test.execute("DROP VIEW ticketing_throttles").await;
        crate::up(&pool).await.unwrap();
        assert!(crate::is_migrated(&pool).await.unwrap());
    }
}

/// The extension's names are the server's to know, so it is made before all else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_in_the_way_of_the_extension_stops_up() {
    for (create, said) in [
        (
            "CREATE FUNCTION similarity(text, text) RETURNS real LANGUAGE sql AS 'SELECT 1::real'",
            "function \"similarity\" already exists with same argument types",
        ),
        (
            "CREATE TYPE gtrgm AS ENUM ('x')",
            "type \"gtrgm\" already exists",
        ),
        (
            "CREATE TABLE gtrgm (x integer)",
            "type \"gtrgm\" already exists",
        ),
    ] {
        let test = OldDatabase::of_shape('b').make().await;
        test.execute(create).await;
        if create.contains("TABLE") {
            test.execute("INSERT INTO gtrgm VALUES (1)").await;
        }
        let pool = open(&test).await;
        let error = refused_as(&pool, &pool).await;
        assert!(matches!(error, MigrateError::NoTrigrams(_)), "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
    }
}
