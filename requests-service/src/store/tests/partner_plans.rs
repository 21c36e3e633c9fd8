//! How much the databases read to count what the partners of a page have.

use super::{
    partners::{select_branches, select_counts},
    plans::{MANY, rows_read},
    statement,
};
use crate::store::Store;
use contract::ids::PartnerId;
use database::Dialect;
use sea_orm::{ConnectionTrait as _, QueryResult, QueryTrait as _, Statement};
use serde_json::Value;
use testing::{Kind, Role, TestDatabase};

/// The same 100,000 requests, but of a thousand partners.
fn many_partners() -> String {
    MANY.replace("(1, 20)", "(1, 1000)")
        .replace("n % 100 % 21", "n % 1001")
}

/// Pages of one partner, of the default size, and of the most for which reading
/// the requests one by one is less than reading them all.
fn pages() -> [Vec<PartnerId>; 3] {
    [1..=1, 501..=512, 101..=200].map(|ids| ids.map(PartnerId).collect())
}

fn counting(dialect: Dialect, explain: &str, page: &[PartnerId]) -> Statement {
    let mut statement = statement(dialect, select_counts(dialect, page).as_query());
    statement.sql = format!("{explain} {}", statement.sql);
    statement
}

/// Live requests of these partners.
async fn live(database: &TestDatabase, page: &[PartnerId]) -> u64 {
    let ids: Vec<String> = page.iter().map(PartnerId::to_string).collect();
    let query = format!(
        "SELECT count(*)::int FROM requests WHERE partner_id IN ({}) AND is_active AND NOT is_deleted",
        ids.join(", ")
    );
    u64::try_from(database.query_number(&query).await).unwrap()
}

/// All nodes of a plan.
fn nodes(plan: &Value) -> Vec<&Value> {
    let below = plan["Plans"].as_array().into_iter().flatten();
    std::iter::once(plan).chain(below.flat_map(nodes)).collect()
}

#[tokio::test]
async fn counts_read_the_requests_of_the_pages_partners_alone() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    database.execute(&many_partners()).await;
    let store = Store::new(database.open_as(Role::Requests).await);
    plans_made_for_a_page_find_them_by_index(&database, &store).await;
    plans_made_for_any_page_read_no_other(&database, &store).await;
}

async fn plans_made_for_a_page_find_them_by_index(database: &TestDatabase, store: &Store) {
    for page in pages() {
        let live = live(database, &page).await;
        assert!(live >= 80 * u64::try_from(page.len()).unwrap(), "{live}");
        let statement = counting(Dialect::Postgres, "EXPLAIN (ANALYZE, FORMAT JSON)", &page);
        let connection = store.database.connection();
        let row: QueryResult = connection.query_one_raw(statement).await.unwrap().unwrap();
        let plan: Value = row.try_get_by_index(0).unwrap();
        let nodes = nodes(&plan[0]["Plan"]);
        let number = |node: &Value, name| node[name].as_u64().unwrap_or(0);
        let read: u64 = nodes
            .iter()
            .filter(|node| node["Relation Name"] == "requests")
            .map(|node| {
                let rows = number(node, "Actual Rows")
                    + number(node, "Rows Removed by Filter")
                    + number(node, "Rows Removed by Index Recheck");
                rows * number(node, "Actual Loops")
            })
            .sum();
        assert_eq!(read, live, "{plan:#}");
        let by_index = nodes.iter().any(|node| {
            let name = node["Index Name"].as_str().unwrap_or_default();
            name.starts_with("ticketing_requests_partner_")
        });
        assert!(by_index, "{plan:#}");
    }
}

/// What PostgreSQL keeps once it has seen a statement five times.
async fn plans_made_for_any_page_read_no_other(database: &TestDatabase, store: &Store) {
    let transaction = store.database.begin().await.unwrap();
    let generic = "SET LOCAL plan_cache_mode = force_generic_plan";
    transaction.execute_unprepared(generic).await.unwrap();
    let mut before = rows_read(&transaction).await;
    for page in pages() {
        let statement = counting(Dialect::Postgres, "", &page);
        transaction.query_all_raw(statement).await.unwrap();
        let after = rows_read(&transaction).await;
        assert_eq!(after - before, live(database, &page).await);
        before = after;
    }
}

#[tokio::test]
async fn sqlite_finds_what_belongs_to_a_partner_by_index() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let store = Store::new(database.open_as(Role::Requests).await);
    for page in pages() {
        let counts = select_counts(Dialect::Sqlite, &page).into_query();
        for select in [counts, select_branches(Dialect::Sqlite, &page)] {
            let mut statement = statement(Dialect::Sqlite, &select);
            statement.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
            let connection = store.database.connection();
            let rows: Vec<QueryResult> = connection.query_all_raw(statement).await.unwrap();
            let steps: Vec<String> = rows
                .iter()
                .map(|row| row.try_get("", "detail").unwrap())
                .collect();
            for table in ["requests", "branches", "partner_categories", "partners"] {
                let scanned = format!("SCAN {table}");
                let scans = steps
                    .iter()
                    .filter(|step| **step == scanned || step.starts_with(&format!("{scanned} ")));
                assert_eq!(scans.count(), 0, "{steps:#?}");
            }
        }
    }
}
