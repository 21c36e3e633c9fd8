//! The extension that search by index needs: made, found or missing; and databases
//! that an earlier build took over, which had neither.

use super::{
    KEEP,
    locks::waiting,
    old_database::{OldDatabase, checksums, open},
    our_indexes, up,
};
use crate::fingerprint::{fingerprint, lines};
use migrations::{MigrateError, NAMES};
use sea_orm::ConnectionTrait;
use shared::{
    database::{Database, DatabaseUrl, PoolLimits},
    time::Clock,
};
use std::sync::Mutex;
use testing::{Kind, TestDatabase, within_the_limit};

/// What `down` of a build with the first migration alone would have found.
const EARLIER_BUILD: &str = "
    DROP TABLE ticketing_idempotency_keys, ticketing_throttles, ticketing_audit_events;
    DELETE FROM ticketing_migrations WHERE name <> '0001_tables';
    DROP INDEX ticketing_requests_partner_status, ticketing_requests_number, ticketing_requests_search;
    UPDATE ticketing_adoption SET indexes = ARRAY(
        SELECT name FROM unnest(indexes) AS name
        WHERE name NOT IN ('ticketing_requests_partner_status', 'ticketing_requests_number', 'ticketing_requests_search'));
    DROP EXTENSION pg_trgm";

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
    migrations::up(&pool).await.unwrap();
    test.execute(EARLIER_BUILD).await;
    (test, pool)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_that_up_made_goes_with_down() {
    let (_test, pool) = old().await;
    let before = fingerprint(&pool).await;
    let (_, said) = up(&pool).await;
    assert!(said.contains("makes    the extension pg_trgm"), "{said}");
    assert!(lines(&pool, EXTENSIONS).await[0].starts_with("public made by"));
    let plan = migrations::plan_down(&pool, KEEP)
        .await
        .unwrap()
        .to_string();
    assert!(plan.contains("goes     the extension pg_trgm"), "{plan}");
    migrations::down(&pool, KEEP).await.unwrap();
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
        let plan = migrations::plan_down(&pool, KEEP)
            .await
            .unwrap()
            .to_string();
        assert!(!plan.contains("pg_trgm"), "{plan}");
        migrations::down(&pool, KEEP).await.unwrap();
        assert_eq!(fingerprint(&pool).await, before);
        assert_eq!(checksums(&pool).await, rows);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_that_something_else_needs_by_now_stays() {
    let (test, pool) = old().await;
    migrations::up(&pool).await.unwrap();
    test.execute("CREATE INDEX of_theirs ON customers USING gin (phone gin_trgm_ops)")
        .await;
    let said = Mutex::new(Vec::new());
    let tell = |line: &str| said.lock().unwrap().push(line.to_owned());
    migrations::down_telling(&pool, KEEP, &tell).await.unwrap();
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
    migrations::down(&pool, KEEP).await.unwrap();
    assert!(lines(&pool, EXTENSIONS).await.is_empty());
}

/// A role that owns the application's tables and their schema, and may make nothing
/// else in the database; and a pool of its own.
async fn as_owner_of_tables(test: &TestDatabase) -> Database {
    let role = format!("owner_{}", fastrand::u64(..));
    let admin = open(test).await;
    let name = lines(&admin, "SELECT quote_ident(current_database()) AS line").await;
    test.execute(&format!(
        "CREATE ROLE {role} LOGIN;
         REVOKE ALL ON DATABASE {} FROM PUBLIC;
         GRANT CONNECT ON DATABASE {} TO {role};
         ALTER SCHEMA public OWNER TO {role};
         DO $$ DECLARE name text; BEGIN
             FOR name IN SELECT oid::regclass FROM pg_class
                 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
             LOOP EXECUTE format('ALTER TABLE %s OWNER TO {role}', name); END LOOP;
         END $$",
        name[0], name[0]
    ))
    .await;
    let url = test.url.expose().replace("postgres@", &format!("{role}@"));
    let url: DatabaseUrl = url.parse().unwrap();
    Database::open(&url, PoolLimits::default(), Clock::system())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_create_it_goes_without_until_it_is_there() {
    let (test, admin) = old().await;
    let pool = as_owner_of_tables(&test).await;
    let (before, rows) = (fingerprint(&admin).await, checksums(&admin).await);
    let plan = migrations::plan_up(&pool).await.unwrap().to_string();
    let (report, said) = up(&pool).await;
    assert_eq!(report.applied, NAMES);
    for said in [&plan, &said] {
        assert!(
            said.contains("lacks    the extension pg_trgm (this role may not create it)")
                && said.contains("builds   19 indexes"),
            "{said}"
        );
    }
    assert!(
        said.contains("lacks    the extension pg_trgm (permission denied to create extension"),
        "{said}"
    );
    assert!(migrations::applied(&pool).await.unwrap());
    assert!(lines(&pool, SEARCH).await.is_empty());
    assert_eq!(up(&pool).await.1, "");

    // somebody else creates it: from then on it is a found one
    test.execute("CREATE EXTENSION pg_trgm").await;
    let line = "builds   ticketing_requests_search on requests";
    let plan = migrations::plan_up(&pool).await.unwrap().to_string();
    assert!(plan.starts_with(line), "{plan}");
    let (_, said) = up(&pool).await;
    assert!(said.starts_with(line), "{said}");
    assert_eq!(lines(&pool, SEARCH).await.len(), 1);
    assert_eq!(up(&pool).await.1, "");
    migrations::down(&pool, KEEP).await.unwrap();
    test.execute("DROP EXTENSION pg_trgm").await;
    assert_eq!(fingerprint(&admin).await, before);
    assert_eq!(checksums(&admin).await, rows);
}

/// In a database of our own it is one transaction, which goes on as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_our_own_does_without_it_too() {
    let test = TestDatabase::empty(Kind::Postgres).await;
    let admin = open(&test).await;
    let before = fingerprint(&admin).await;
    let pool = as_owner_of_tables(&test).await;
    let (report, said) = up(&pool).await;
    assert_eq!(report.applied, NAMES);
    assert!(
        said.starts_with("lacks    the extension pg_trgm (permission denied"),
        "{said}"
    );
    test.execute("CREATE EXTENSION pg_trgm").await;
    let (_, said) = up(&pool).await;
    assert!(
        said.starts_with("builds   ticketing_requests_search"),
        "{said}"
    );
    let how = migrations::Down {
        drop_data: true,
        ..KEEP
    };
    migrations::down(&pool, how).await.unwrap();
    assert_eq!(lines(&admin, EXTENSIONS).await.len(), 1, "it was not ours");
    test.execute("DROP EXTENSION pg_trgm").await;
    let mut after = fingerprint(&admin).await;
    after.retain(|line| !line.starts_with("extension plpgsql"));
    let mut before = before;
    before.retain(|line| !line.starts_with("extension plpgsql"));
    assert_eq!(after, before);

    migrations::up(&admin).await.unwrap();
    assert_eq!(lines(&admin, EXTENSIONS).await.len(), 1);
    migrations::down(&admin, how).await.unwrap();
    assert!(lines(&admin, EXTENSIONS).await.is_empty());
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
    assert!(!migrations::applied(&pool).await.unwrap());
    let plan = migrations::plan_up(&pool).await.unwrap().to_string();
    assert_eq!(
        fingerprint(&pool).await,
        everything,
        "a plan changes nothing"
    );
    let (report, said) = up(&pool).await;
    assert_eq!(report.applied, NAMES[1..]);
    assert!(
        said.starts_with("found    a database that an earlier build took over")
            && plan.starts_with(said.split("\nthere ").next().unwrap())
            && said.contains("built    ticketing_requests_search on requests"),
        "{plan}\n{said}"
    );
    assert_eq!(our_indexes(&pool).await, our_indexes(&made).await);
    assert_eq!(up(&pool).await.1, "");
    migrations::down(&pool, KEEP).await.unwrap();
    assert_eq!(fingerprint(&pool).await, before);
    assert_eq!(checksums(&pool).await, rows);
}

/// There it is one transaction, statistics included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_our_own_of_an_earlier_build_gets_it_too() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    let pool = open(&test).await;
    let before = fingerprint(&pool).await;
    let of_an_earlier_build: Vec<&str> = EARLIER_BUILD
        .split(';')
        .filter(|statement| !statement.contains("ticketing_adoption"))
        .collect();
    test.execute(&of_an_earlier_build.join(";")).await;
    let (report, said) = up(&pool).await;
    assert_eq!((report.applied, said.as_str()), (NAMES[1..].to_vec(), ""));
    assert_eq!(fingerprint(&pool).await, before);
    let analyzed =
        "SELECT 'analyzed' AS line FROM pg_class WHERE relname = 'requests' AND reltuples = 0";
    assert_eq!(lines(&pool, analyzed).await, ["analyzed"]);
}

/// Not in the transaction that makes the table: that would keep out whoever writes
/// requests for as long as the index is built.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_new_is_built_concurrently_and_after_a_break_built_anew() {
    within_the_limit(Box::pin(async {
        let (test, pool) = taken_over_earlier().await;
        let other = open(&test).await;
        let holding = other.begin().await.unwrap();
        holding
            .execute_unprepared("UPDATE requests SET rating = 5 WHERE id = 1")
            .await
            .unwrap();
        let worker = pool.clone();
        let at_work = tokio::spawn(async move { migrations::up(&worker).await });
        let pid = waiting(
            &other,
            "CREATE INDEX CONCURRENTLY%ticketing_requests_partner_status",
        )
        .await;
        // somebody else writes meanwhile, and does not wait
        test.execute("SET lock_timeout = '1s'; UPDATE requests SET rating = 4 WHERE id = 2")
            .await;
        lines(
            &other,
            &format!("SELECT pg_terminate_backend({pid})::text AS line"),
        )
        .await;
        let error = at_work.await.unwrap().unwrap_err();
        assert!(
            matches!(error, MigrateError::Interrupted { .. }),
            "{error:?}"
        );
        holding.rollback().await.unwrap();
        assert!(!migrations::applied(&pool).await.unwrap());
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
        assert!(migrations::applied(&pool).await.unwrap());
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_name_of_ours_that_is_taken_stops_it() {
    let (test, pool) = taken_over_earlier().await;
    test.execute("CREATE INDEX ticketing_requests_number ON logs (id)")
        .await;
    let before = fingerprint(&pool).await;
    let error = migrations::up(&pool).await.unwrap_err();
    assert!(matches!(error, MigrateError::NamesTaken(_)), "{error:?}");
    assert_eq!(fingerprint(&pool).await, before);
}

/// Without statistics of the expressions the database would take every search for
/// one that finds much.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_indexes_of_a_search_have_statistics_at_once() {
    let (_test, pool) = old().await;
    migrations::up(&pool).await.unwrap();
    let known = "SELECT DISTINCT tablename::text AS line FROM pg_stats
                 WHERE tablename LIKE 'ticketing\\_requests\\_%' ORDER BY 1";
    assert_eq!(
        lines(&pool, known).await,
        ["ticketing_requests_number", "ticketing_requests_search"]
    );
}
