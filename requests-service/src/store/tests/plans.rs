//! How much the databases read for a page.

use super::{List, statement};
use crate::{
    model::{Direction, Filter, Order, OrderField, Position, Visibility},
    store::Store,
};
use contract::{
    ids::{PartnerId, PartnerRequestId},
    time::Timestamp,
};
use database::{Dialect, Transaction};
use sea_orm::{ConnectionTrait as _, QueryResult, QueryTrait as _, Statement};
use serde_json::Value;
use testing::{Kind, Role, TestDatabase};

const ROWS_OF_PAGE: u64 = 21;

/// 100,000 requests of 20 partners of very different sizes; in each sort column
/// half of the values are NULL and the others have ties. Some rows are not live.
pub(super) const MANY: &str = "
SET statement_timeout = 0;
SET session_replication_role = replica; -- the rows are right, checking them takes ten seconds
INSERT INTO users (id, name, email, password, role_id, user_type)
    SELECT 1, 'Customer', 'customer@example.com', '-', id, 'customer' FROM roles WHERE name = 'customer';
INSERT INTO partners (id, name) SELECT n, 'Partner ' || n FROM generate_series(1, 20) AS n;
INSERT INTO branches (id, partner_id, name, lat, lng) SELECT n, n, 'Branch ' || n, 0, 0 FROM generate_series(1, 20) AS n;
INSERT INTO categories (id, name) SELECT n, 'Category ' || n FROM generate_series(1, 10) AS n;
INSERT INTO services (id, category_id, name) SELECT n, 1 + n % 10, 'Service ' || n FROM generate_series(1, 40) AS n;
INSERT INTO pickup_option_types (id, name) SELECT n, 'Pickup ' || n FROM generate_series(1, 4) AS n;
INSERT INTO requests (id, request_number, customer_id, customer_phone, customer_name, customer_lat, customer_lng,
        customer_address, category_id, service_id, pickup_option_id, partner_id, branch_id, status,
        created_at, updated_at, submitted_at, assigned_at, completed_at, is_active, is_deleted)
    SELECT n, 'REQ-' || n, 1, '0100', 'Customer', 0, 0, '-', 1 + n % 10, 1 + n % 40, 1 + n % 4, partner, partner,
        'assigned',
        CASE WHEN (n / 3) % 2 = 0 THEN moment END, CASE WHEN (n / 5) % 2 = 0 THEN moment END,
        CASE WHEN (n / 7) % 2 = 0 THEN moment END, CASE WHEN (n / 11) % 2 = 0 THEN moment END,
        CASE WHEN (n / 13) % 2 = 0 THEN moment END, n % 17 <> 0, n % 19 = 0
    FROM (SELECT n, nullif(n % 100 % 21, 0) AS partner,
            timestamptz '2025-01-01' + (n * 7919 % 20000) * interval '1 minute' AS moment
        FROM generate_series(1, 100000) AS n) AS rows;
ANALYZE;
";

/// Where pages of a list start: the first, deep within either half, the last.
fn positions(direction: Direction) -> [Option<Position>; 4] {
    let middle = Timestamp::from_micros(1_736_000_000_000_000);
    let after = |sort, id| Some(Position { sort, id });
    let (id, last) = match direction {
        Direction::Ascending => (PartnerRequestId(50_000), PartnerRequestId(99_990)),
        Direction::Descending => (PartnerRequestId(50_000), PartnerRequestId(10)),
    };
    [
        None,
        after(Some(middle), id),
        after(None, id),
        after(None, last),
    ]
}

/// A page that is asked for.
#[derive(Debug)]
struct RequestedPage {
    visibility: Visibility,
    filter: Filter,
    order: Order,
    after: Option<Position>,
}

fn every_page() -> Vec<RequestedPage> {
    let all = Filter::default();
    let one_partner = Filter {
        partners: [PartnerId(3)].into(),
        ..Filter::default()
    };
    let lists = [
        (Visibility::AllPartners, all.clone()),
        (Visibility::AllPartners, one_partner),
        (Visibility::Partner(PartnerId(1)), all.clone()),
        (Visibility::Partner(PartnerId(20)), all),
    ];
    let mut pages = Vec::new();
    for (visibility, filter) in lists {
        for field in OrderField::ALL {
            for direction in [Direction::Ascending, Direction::Descending] {
                pages.extend(positions(direction).map(|after| RequestedPage {
                    visibility,
                    filter: filter.clone(),
                    order: Order { field, direction },
                    after,
                }));
            }
        }
    }
    pages
}

/// The statement of the page, and that of the other half if rows with the sort value end on it.
fn statements_of(dialect: Dialect, explain: &str, page: &RequestedPage) -> Vec<Statement> {
    let list = List {
        dialect,
        visibility: page.visibility,
        filter: &page.filter,
        order: page.order,
        limit: ROWS_OF_PAGE,
    };
    let half = list.half(page.after);
    let next = list.keyset().next(&half, 0);
    let halves = std::iter::once(half).chain(next);
    let statements = halves.map(|half| {
        let mut statement = statement(dialect, list.select(half).as_query());
        statement.sql = format!("{explain} {}", statement.sql);
        statement
    });
    statements.collect()
}

/// What a plan did, over all of its nodes.
#[derive(Debug, Default)]
struct Work {
    rows_of_requests: u64,
    most_sorted: u64,
    indexes: Vec<String>,
}

impl Work {
    fn of(plan: &Value) -> Self {
        let mut work = Self::default();
        work.add(&plan[0]["Plan"]);
        work
    }

    fn add(&mut self, node: &Value) {
        let number = |name: &str| node[name].as_u64().unwrap_or(0);
        let rows = number("Actual Rows") * number("Actual Loops");
        if node["Relation Name"] == "requests" {
            let dropped =
                number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
            self.rows_of_requests += rows + dropped * number("Actual Loops");
            self.indexes
                .extend(node["Index Name"].as_str().map(str::to_owned));
        }
        if node["Node Type"] == "Sort" {
            self.most_sorted = self.most_sorted.max(rows);
        }
        for child in node["Plans"].as_array().into_iter().flatten() {
            self.add(child);
        }
    }
}

#[tokio::test]
async fn the_last_page_costs_what_the_first_costs() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    database.execute(MANY).await;
    let store = Store::new(database.open_as(Role::Requests).await);
    plans_made_for_the_values_read_a_page(&store).await;
    plans_made_for_any_values_read_a_page(&store).await;
}

async fn plans_made_for_the_values_read_a_page(store: &Store) {
    for page in every_page() {
        for statement in statements_of(Dialect::Postgres, "EXPLAIN (ANALYZE, FORMAT JSON)", &page) {
            let connection = store.database.connection();
            let row: QueryResult = connection.query_one_raw(statement).await.unwrap().unwrap();
            let plan: Value = row.try_get_by_index(0).unwrap();
            let work = Work::of(&plan);
            let most = ROWS_OF_PAGE;
            assert!(work.rows_of_requests <= most, "{page:?}: {work:?} {plan:#}");
            assert!(work.most_sorted <= most, "{page:?}: {work:?}");
            // for the ten rows of a last page the primary key serves as well
            let ours = |name: &String| name.starts_with("ticketing_requests_");
            assert!(
                work.indexes.iter().any(ours) || work.rows_of_requests < most,
                "{page:?}: {work:?}"
            );
        }
    }
}

/// As the service's connections ask for it. A limit that PostgreSQL could not see made it read
/// the whole table.
async fn plans_made_for_any_values_read_a_page(store: &Store) {
    let transaction = store.database.begin().await.unwrap();
    let generic = "SET LOCAL plan_cache_mode = force_generic_plan";
    transaction.execute_unprepared(generic).await.unwrap();
    let mut before = rows_read(&transaction).await;
    for page in every_page() {
        for statement in statements_of(Dialect::Postgres, "", &page) {
            transaction.query_all_raw(statement).await.unwrap();
            let after = rows_read(&transaction).await;
            let read = after - before;
            assert!(read <= ROWS_OF_PAGE, "{page:?}: {read}");
            before = after;
        }
    }
}

/// Rows of `requests` that this connection has read, by whatever way.
pub(super) async fn rows_read(transaction: &Transaction) -> u64 {
    let counter = "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) \
                   FROM pg_stat_xact_user_tables WHERE relname = 'requests'";
    let counter = Statement::from_string(Dialect::Postgres.backend(), counter);
    let row = transaction.query_one_raw(counter).await.unwrap().unwrap();
    let rows: i64 = row.try_get_by_index(0).unwrap();
    u64::try_from(rows).unwrap()
}

#[tokio::test]
async fn sqlite_reads_a_page_from_the_index_in_its_order() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let store = Store::new(database.open_as(Role::Requests).await);
    for page in every_page() {
        for statement in statements_of(Dialect::Sqlite, "EXPLAIN QUERY PLAN", &page) {
            let connection = store.database.connection();
            let rows: Vec<QueryResult> = connection.query_all_raw(statement).await.unwrap();
            let steps: Vec<String> = rows
                .iter()
                .map(|row| row.try_get("", "detail").unwrap())
                .collect();
            let count = |what| steps.iter().filter(|step| step.contains(what)).count();
            assert_eq!(
                count("INDEX ticketing_requests_"),
                1,
                "{page:?}: {steps:#?}"
            );
            assert_eq!(count("TEMP B-TREE"), 0, "{page:?}: {steps:#?}");
        }
    }
}
