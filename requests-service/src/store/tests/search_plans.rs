//! How PostgreSQL finds a text, and counts: by which index, and how much it reads.

use super::{List, count, statement};
use crate::{
    model::{AnyCase, Filter, Group, Order, PhoneDigits, SearchText, Visibility},
    store::{Store, planning::PLANNED_ANEW},
};
use contract::{ids::PartnerId, time::Clock};
use database::{Database, Dialect, PoolLimits};
use sea_orm::{ConnectionTrait as _, QueryResult, QueryTrait as _, sea_query::SelectStatement};
use serde_json::Value;
use std::collections::BTreeSet;
use testing::{Kind, Role, TestDatabase, patient_limits};

/// 100,000 requests of 20 partners, nearly all live. A tenth of the customers is called
/// Salma; each has a word of its own in the name, a number and a phone of its own. A
/// tenth is written in Arabic: Fatima, with marks and in Arabic digits.
const MANY: &str = "
SET statement_timeout = 0;
SET session_replication_role = replica; -- the rows are right, checking them takes ten seconds
INSERT INTO users (id, name, email, password, role_id, user_type)
    SELECT 1, 'Customer', 'customer@example.com', '-', id, 'customer' FROM roles WHERE name = 'customer';
INSERT INTO partners (id, name) SELECT n, 'Partner ' || n FROM generate_series(1, 20) AS n;
INSERT INTO branches (id, partner_id, name, lat, lng) SELECT n, n, 'Branch ' || n, 0, 0 FROM generate_series(1, 20) AS n;
INSERT INTO categories (id, name) SELECT n, 'Category ' || n FROM generate_series(1, 10) AS n;
INSERT INTO pickup_option_types (id, name) VALUES (1, 'Pickup');
INSERT INTO requests (id, request_number, customer_id, customer_phone, customer_name, customer_lat, customer_lng,
        customer_address, category_id, pickup_option_id, partner_id, branch_id, status, created_at, is_active, is_deleted)
    SELECT n, 'REQ-2025' || to_char(1 + n % 12, 'FM00') || '01-' || to_char(n, 'FM000000'), 1,
        '+20 1' || n % 3 || '0 ' || to_char(n::bigint * 7919 % 10000000, 'FM0000000'),
        (ARRAY['Mona','Ahmed','Omar','Salma','Youssef','فَاطِمَة','Hana','Karim','Laila','Tarek'])[1 + mixed % 10] || ' '
            || CASE mixed % 10 WHEN 5 THEN translate(n || '5', '0123456789', '٠١٢٣٤٥٦٧٨٩') ELSE substr(md5(n::text), 1, 6) END,
        0, 0, '-', 1 + n % 10, 1, 1 + n % 20, 1 + n % 20, (enum_range(NULL::request_status_enum))[1 + n % 8],
        timestamptz '2025-01-01' + n * interval '1 minute', n % 97 <> 0, n % 89 = 0
    FROM (SELECT n, ('x' || substr(md5('mixed' || n), 1, 6))::bit(24)::integer AS mixed
        FROM generate_series(1, 100000) AS n) AS rows;
-- ANALYZE then looks at all rows and not at some by chance, so that each run plans alike
ALTER TABLE requests ALTER COLUMN id SET STATISTICS 1000;
";

const STAFF: Visibility = Visibility::AllPartners;
const PARTNER: Visibility = Visibility::Partner(PartnerId(7));

fn text(text: &str) -> Filter {
    Filter {
        text: SearchText::new(text.to_owned()),
        ..Filter::default()
    }
}

fn name(name: &str) -> Filter {
    Filter {
        customer_name: AnyCase::new(name.to_owned()),
        ..Filter::default()
    }
}

fn phone(digits: &str) -> Filter {
    Filter {
        customer_phone: PhoneDigits::of(digits),
        ..Filter::default()
    }
}

/// What a plan did.
#[derive(Debug, Default)]
struct Work {
    rows: u64,
    buffers: u64,
    indexes: BTreeSet<String>,
    nodes: BTreeSet<String>,
}

impl Work {
    fn of(plan: &Value) -> Self {
        let mut work = Self::default();
        let node = &plan[0]["Plan"];
        let number = |name: &str| node[name].as_u64().unwrap_or(0);
        work.buffers = number("Shared Hit Blocks") + number("Shared Read Blocks");
        work.add(node);
        work
    }

    fn add(&mut self, node: &Value) {
        let number = |name: &str| node[name].as_u64().unwrap_or(0);
        if node["Relation Name"] == "requests" {
            let dropped =
                number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
            self.rows += (number("Actual Rows") + dropped) * number("Actual Loops");
            self.nodes
                .extend(node["Node Type"].as_str().map(str::to_owned));
        }
        self.indexes
            .extend(node["Index Name"].as_str().map(str::to_owned));
        for child in node["Plans"].as_array().into_iter().flatten() {
            self.add(child);
        }
    }

    fn uses(&self, index: &str) -> bool {
        self.indexes.contains(index)
    }
}

fn first_page(visibility: Visibility, filter: &Filter) -> SelectStatement {
    let list = List {
        dialect: Dialect::Postgres,
        visibility,
        filter,
        order: Order::default(),
        limit: 21,
    };
    list.select(list.half(None)).into_query()
}

async fn work(database: &Database, select: &SelectStatement) -> Work {
    let transaction = database.begin().await.unwrap();
    transaction.execute_unprepared(PLANNED_ANEW).await.unwrap();
    let mut statement = statement(Dialect::Postgres, select);
    statement.sql = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {}", statement.sql);
    let mut work = Work::default();
    // more often than it takes PostgreSQL to think of one plan for all values
    for _ in 0..7 {
        let row: QueryResult = transaction
            .query_one_raw(statement.clone())
            .await
            .unwrap()
            .unwrap();
        work = Work::of(&row.try_get_by_index(0).unwrap());
    }
    work
}

async fn many() -> (TestDatabase, Database) {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    test.execute(MANY).await;
    test.execute("VACUUM ANALYZE requests").await;
    let limits = PoolLimits {
        connections: 1,
        generic_plans: true,
        ..patient_limits()
    };
    let database = Database::open(&test.url_as(Role::Requests), limits, Clock::system())
        .await
        .unwrap();
    (test, database)
}

const NUMBER: &str = "ticketing_requests_folded_number";
const NAME: &str = "ticketing_requests_folded_name";
const PHONE: &str = "ticketing_requests_folded_phone";

#[tokio::test]
async fn a_search_is_found_by_index() {
    let (_test, database) = many().await;
    let word = "c41eb2"; // of the name of request 70,007
    let arabic = "فاطمة ١٣٥٧٥٥"; // of request 13,575
    // what is searched for, by which index if it is rare, and of how many rows it is
    // read at most
    let page = 4 * 21;
    let cases = [
        ("a rare name", name(word), Some(NAME), page),
        ("a rare text", text(word), Some(NAME), page),
        ("a rare name in Arabic", name(arabic), Some(NAME), page),
        (
            "a rare text in Arabic",
            text("فاطمه 135755"),
            Some(NAME),
            page,
        ),
        ("a name that nobody has", name("zzzzzz"), Some(NAME), 0),
        ("a text that nothing matches", text("zzzzzz"), Some(NAME), 0),
        (
            "an Arabic name that nobody has",
            name("إضضضضضى"),
            Some(NAME),
            0,
        ),
        (
            "an Arabic text that nothing matches",
            text("أضضضضضة"),
            Some(NAME),
            0,
        ),
        ("a rare phone", phone("5433"), Some(PHONE), 400),
        ("a rare phone as a text", text("٠٠٥٥٤٣٣"), Some(PHONE), page),
        ("a number", text("req-20251201-070007"), Some(NUMBER), page),
        ("a common name", name("salma"), None, 1_000),
        ("a common text", text("Salma"), None, 1_000),
        ("a common name in Arabic", name("فاطمه"), None, 1_000),
        ("all numbers", text("REQ-2025"), None, page),
    ];
    for (what, filter, index, most) in cases {
        for (who, visibility, scope) in [("staff", STAFF, ""), ("partner", PARTNER, "partner_")] {
            let list = work(&database, &first_page(visibility, &filter)).await;
            println!(
                "{what}, {who}: {} rows, {} buffers, {:?}",
                list.rows, list.buffers, list.indexes
            );
            assert!(list.rows <= most, "{what}, {who}: {list:?}");
            let walked = format!("ticketing_requests_{scope}created_at");
            let expected = index.unwrap_or(&walked);
            assert!(list.uses(expected), "{what}, {who}: {list:?}");
        }
    }
}

/// A pattern without a trigram is nothing to look up in the index.
#[tokio::test]
async fn a_text_without_a_trigram_is_not_searched_in_the_index() {
    let (_test, database) = many().await;
    for filter in [
        name("zz"),
        text("zz"),
        name("sa"),
        phone("54"),
        text("a-b.c"),
        name("آــــى"),
    ] {
        for (visibility, most) in [(STAFF, 200_000), (PARTNER, 10_000)] {
            let list = work(&database, &first_page(visibility, &filter)).await;
            println!(
                "{filter:?}: {} rows, {} buffers, {:?} {:?}",
                list.rows, list.buffers, list.nodes, list.indexes
            );
            assert!(
                ![NAME, PHONE].iter().any(|index| list.uses(index)),
                "{filter:?}: {list:?}"
            );
            assert!(list.rows <= most, "{filter:?}: {list:?}");
        }
    }
}

#[tokio::test]
async fn a_search_is_planned_for_its_text_however_often_it_is_made() {
    let (_test, database) = many().await;
    let store = Store::new(database.clone());
    let order = Order::default();
    for round in 0..8 {
        let filter = if round % 2 == 0 {
            text("Salma")
        } else {
            text("zzzzzz")
        };
        let list = store.list(STAFF, &filter, order, None, 21);
        assert_eq!(
            list.await.unwrap().len(),
            if round % 2 == 0 { 21 } else { 0 }
        );
        let count = store.count(STAFF, &filter).await.unwrap();
        assert_eq!(count > 0, round % 2 == 0);
        let all = Filter::default();
        let page = store.list(PARTNER, &all, order, None, 21);
        assert_eq!(page.await.unwrap().len(), 21);
    }
    // as the one connection counts them
    let plans = async |which: &str| {
        let query = format!(
            "SELECT coalesce(sum(generic_plans), 0)::bigint AS generic, coalesce(sum(custom_plans), 0)::bigint AS custom
             FROM pg_prepared_statements WHERE statement LIKE '%FROM \"requests\"%' AND statement {which} '%LIKE%'
               AND statement NOT LIKE '%pg_prepared_statements%'"
        );
        let query = sea_orm::Statement::from_string(Dialect::Postgres.backend(), query);
        let row = database
            .connection()
            .query_one_raw(query)
            .await
            .unwrap()
            .unwrap();
        let number = |name: &str| row.try_get::<i64>("", name).unwrap();
        (number("generic"), number("custom"))
    };
    // four lists and counts of each text, and of what is found nowhere the other half as well
    assert_eq!(plans("LIKE").await, (0, 20));
    let (generic, custom) = plans("NOT LIKE").await;
    assert_eq!(
        (generic, custom),
        (8, 0),
        "a page without a filter keeps its plan"
    );
}

#[tokio::test]
async fn counts_of_a_partner_are_read_from_one_index() {
    let (_test, database) = many().await;
    let one_status = Filter {
        statuses: [crate::model::Status::Confirmed].into(),
        ..Filter::default()
    };
    for filter in [Filter::default(), one_status] {
        for group in [None, Some(Group::Category), Some(Group::Branch)] {
            let select = count::select_kinds(Dialect::Postgres, PARTNER, &filter, group, 10_001);
            let select = select.into_query();
            let count = work(&database, &select).await;
            println!("{group:?}: {} rows, {} buffers", count.rows, count.buffers);
            assert!(count.uses("ticketing_requests_partner_status"), "{count:?}");
            assert_eq!(
                Vec::from_iter(&count.nodes),
                ["Index Only Scan"],
                "{count:?}"
            );
        }
    }
}
