//! The extension that search by index needs, made or found; and databases
//! that an earlier build took over, which had neither.

use super::{
    KEEP,
    locks::waiting,
    old_database::{OldDatabase, checksums, open},
    our_indexes, up,
};
use crate::fingerprint::{fingerprint, lines};
use database::Database;
use migrations::NAMES;
use sea_orm::ConnectionTrait;
use std::sync::Mutex;
use testing::{
    Kind, TestDatabase,
    later_migrations::{columns_added_to, undo_all, undo_all_of_our_own},
    within_the_limit,
};

const EXTENSIONS: &str = "
    SELECT concat_ws(' ', extnamespace::regnamespace, obj_description(oid, 'pg_extension')) AS line
    FROM pg_extension WHERE extname = 'pg_trgm'";

const SEARCH: &str = "
    SELECT indexdef AS line FROM pg_indexes WHERE indexname = 'ticketing_requests_search'";

async fn old() -> (TestDatabase, Database) {
    let test = OldDatabase::of_shape('b').make().await;
    let pool = open(&test).await;
    (test, pool)
}

/// Taken over by this build, and then made to look as an earlier one leaves it.
async fn taken_over_earlier() -> (TestDatabase, Database) {
    let (test, pool) = old().await;
    crate::up(&pool).await.unwrap();
    test.execute(&undo_all()).await;
    (test, pool)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_that_up_made_goes_with_down() {
    let (_test, pool) = old().await;
    let before = fingerprint(&pool).await;
    let (_, said) = up(&pool).await;
    assert!(said.contains("makes    the extension pg_trgm"), "{said}");
    assert_eq!(said.matches("pg_trgm").count(), 1, "{said}");
    assert!(lines(&pool, EXTENSIONS).await[0].starts_with("public made by"));
    let plan = migrations::plan_down(&pool, KEEP).await.unwrap();
    assert!(plan.contains("goes     the extension pg_trgm"), "{plan}");
    crate::down(&pool, KEEP).await.unwrap();
    assert!(lines(&pool, EXTENSIONS).await.is_empty());
    assert_eq!(fingerprint(&pool).await, before);
}

/// Also where the search path does not lead: the index names the schema.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_that_was_there_is_used_and_stays() {
    for schema in ["public", "\"Odd one\""] {
        let (test, pool) = old().await;
        test.execute(&format!(
            "CREATE SCHEMA IF NOT EXISTS {schema}; CREATE EXTENSION pg_trgm SCHEMA {schema}"
        ))
        .await;
        let (before, rows) = (fingerprint(&pool).await, checksums(&pool).await);
        let (_, said) = up(&pool).await;
        assert!(said.contains("found    the extension pg_trgm"), "{said}");
        assert_eq!(lines(&pool, SEARCH).await.len(), 1);
        let plan = migrations::plan_down(&pool, KEEP).await.unwrap();
        assert!(!plan.contains("pg_trgm"), "{plan}");
        crate::down(&pool, KEEP).await.unwrap();
        assert_eq!(fingerprint(&pool).await, before);
        assert_eq!(checksums(&pool).await, rows);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_that_something_else_needs_by_now_stays() {
    let (test, pool) = old().await;
    crate::up(&pool).await.unwrap();
    test.execute("CREATE INDEX of_theirs ON customers USING gin (phone gin_trgm_ops)")
        .await;
    let said = Mutex::new(Vec::new());
    let tell = |line: &str| said.lock().unwrap().push(line.to_owned());
    migrations::down(&pool, KEEP, &tell).await.unwrap();
    let said = said.into_inner().unwrap().join("\n");
    assert!(
        said.contains("stays    the extension pg_trgm (cannot drop extension pg_trgm because other objects depend on it)"),
        "{said}"
    );
    assert_eq!(lines(&pool, EXTENSIONS).await.len(), 1);
    // and is found again, as what it is
    let (_, said) = up(&pool).await;
    assert!(said.contains("found    the extension pg_trgm"), "{said}");
    test.execute("DROP INDEX of_theirs").await;
    crate::down(&pool, KEEP).await.unwrap();
    assert!(lines(&pool, EXTENSIONS).await.is_empty());
}

/// An extension that another one made for a database of our own stays there; one that
/// `up` made goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_database_of_our_own_the_extension_goes_with_down_if_up_made_it() {
    let how = migrations::Down {
        drop_data: true,
        ..KEEP
    };
    for (before, left) in [("SELECT 1", 0), ("CREATE EXTENSION pg_trgm", 1)] {
        let test = TestDatabase::empty(Kind::Postgres).await;
        test.execute(before).await;
        let pool = open(&test).await;
        crate::up(&pool).await.unwrap();
        assert_eq!(lines(&pool, EXTENSIONS).await.len(), 1);
        crate::down(&pool, how).await.unwrap();
        assert_eq!(lines(&pool, EXTENSIONS).await.len(), left);
    }
}

/// A database that an earlier build made without the extension.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_index_that_is_missing_is_built_late() {
    let (_test, taken_over) = old().await;
    crate::up(&taken_over).await.unwrap();
    let made = TestDatabase::migrated(Kind::Postgres).await;
    let made = open(&made).await;
    for pool in [taken_over, made] {
        let before = fingerprint(&pool).await;
        let drop = "DROP EXTENSION pg_trgm CASCADE";
        pool.connection().execute_unprepared(drop).await.unwrap();
        let plan = migrations::plan_up(&pool).await.unwrap();
        assert!(
            plan.starts_with("makes    the extension pg_trgm")
                && plan.ends_with(
                    "\nbuilds   3 indexes on requests, one after another; reading and writing go on"
                ),
            "{plan}"
        );
        assert!(
            lines(&pool, EXTENSIONS).await.is_empty(),
            "a plan changes nothing"
        );
        let (_, said) = up(&pool).await;
        let built = [
            "built    ticketing_requests_search on requests (1 of 3)",
            "built    ticketing_requests_folded_name on requests (2 of 3)",
            "built    ticketing_requests_folded_phone on requests (3 of 3)",
        ];
        assert_eq!(said.trim_end(), format!("{plan}\n{}", built.join("\n")));
        assert_eq!(fingerprint(&pool).await, before);
        assert_eq!(up(&pool).await.1, "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_an_earlier_build_gets_what_is_new() {
    let made = TestDatabase::migrated(Kind::Postgres).await;
    let made = open(&made).await;
    let (_old, original) = old().await;
    let before = fingerprint(&original).await;
    let (_test, pool) = taken_over_earlier().await;
    let rows = checksums(&pool).await;
    let everything = fingerprint(&pool).await;
    assert!(!crate::is_migrated(&pool).await.unwrap());
    let plan = migrations::plan_up(&pool).await.unwrap();
    assert_eq!(
        fingerprint(&pool).await,
        everything,
        "a plan changes nothing"
    );
    let (report, said) = up(&pool).await;
    assert_eq!(report.applied, NAMES[1..]);
    assert!(
        said.starts_with("makes    the extension pg_trgm")
            && plan.starts_with(said.split("\nbuilt ").next().unwrap())
            && said.contains("built    ticketing_requests_search on requests"),
        "{plan}\n{said}"
    );
    assert_eq!(our_indexes(&pool).await, our_indexes(&made).await);
    assert_eq!(up(&pool).await.1, "");
    crate::down(&pool, KEEP).await.unwrap();
    assert_eq!(fingerprint(&pool).await, before);
    assert_eq!(checksums(&pool).await, rows);
}

/// A schema without the places of the columns that later migrations add: one that is dropped and
/// added again comes last.
fn at_any_place(mut schema: Vec<String>) -> Vec<String> {
    for line in &mut schema {
        let words: Vec<_> = line.split(' ').collect();
        if let ["column", table, name, _, ref rest @ ..] = words[..]
            && columns_added_to(table).contains(&name)
        {
            *line = format!("column {table} {name} {}", rest.join(" "));
        }
    }
    schema
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_our_own_of_an_earlier_build_gets_it_too() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    let pool = open(&test).await;
    let before = at_any_place(fingerprint(&pool).await);
    test.execute(&undo_all_of_our_own()).await;
    let (report, said) = up(&pool).await;
    assert_eq!(report.applied, NAMES[1..]);
    assert!(
        said.contains("built    ticketing_requests_search on requests"),
        "{said}"
    );
    assert_eq!(at_any_place(fingerprint(&pool).await), before);
    let analyzed =
        "SELECT 'analyzed' AS line FROM pg_class WHERE relname = 'requests' AND reltuples = 0";
    assert_eq!(lines(&pool, analyzed).await, ["analyzed"]);
}

/// Not in the transaction that makes the table: that would keep out whoever writes
/// requests for as long as the index is built.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_indexes_are_built_concurrently_and_broken_ones_are_rebuilt() {
    within_the_limit(Box::pin(async {
        let (test, pool) = taken_over_earlier().await;
        let other = open(&test).await;
        let holding = crate::holding(&other, "UPDATE requests SET rating = 5 WHERE id = 1").await;
        let worker = pool.clone();
        let at_work = tokio::spawn(async move { crate::up(&worker).await });
        let pid = waiting(
            &other,
            &at_work,
            "CREATE INDEX CONCURRENTLY%ticketing_requests_partner_status",
        )
        .await;
        // somebody else writes meanwhile, and does not wait
        test.execute("SET lock_timeout = '1s'; UPDATE requests SET rating = 4 WHERE id = 2")
            .await;
        crate::cut_off(&other, &pid, at_work).await;
        holding.rollback().await.unwrap();
        assert!(!crate::is_migrated(&pool).await.unwrap());
        // an earlier build that gives it back now finds what this one left
        let recorded = "SELECT unnest(indexes) AS line FROM ticketing_adoption";
        let recorded = lines(&pool, recorded).await;
        assert!(recorded.contains(&"ticketing_requests_partner_status".to_owned()));
        let (_, said) = up(&pool).await;
        assert!(
            said.contains("built    ticketing_requests_partner_status"),
            "{said}"
        );
        let invalid =
            "SELECT indexrelid::regclass::text AS line FROM pg_index WHERE NOT indisvalid";
        assert!(lines(&pool, invalid).await.is_empty());
        assert!(crate::is_migrated(&pool).await.unwrap());
    }))
    .await;
}

/// Without statistics of the expressions the database would take every search for
/// one that finds much.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_indexes_of_a_search_have_statistics_at_once() {
    let (_test, pool) = old().await;
    crate::up(&pool).await.unwrap();
    let known = "SELECT DISTINCT tablename::text AS line FROM pg_stats
                 WHERE tablename LIKE 'ticketing\\_requests\\_%' ORDER BY 1";
    assert_eq!(
        lines(&pool, known).await,
        [
            "ticketing_requests_folded_name",
            "ticketing_requests_folded_number",
            "ticketing_requests_folded_phone",
            "ticketing_requests_number",
            "ticketing_requests_search"
        ]
    );
}
