//! That the list of requests is one range of one index, on either database.

use contract::time::Clock;
use database::Database;
use sea_orm::{ConnectionTrait, Statement};
use testing::{Kind, TestDatabase};

testing::on_both_databases! {
    async fn a_page_of_requests_is_read_in_the_order_of_an_index(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let pool = database.open(&Clock::system()).await;
        let (explain, nulls) = match kind {
            Kind::Postgres => ("EXPLAIN", "NULLS LAST"),
            Kind::Sqlite => ("EXPLAIN QUERY PLAN", ""),
        };
        for sort in ["created_at", "updated_at", "submitted_at", "assigned_at", "completed_at"] {
            for (scope, index) in [("partner_id = 7 AND", "partner_"), ("", "")] {
                let plan = plan(&pool, kind, &format!(
                    "{explain} SELECT r.id FROM requests AS r
                     WHERE {scope} r.is_active AND NOT r.is_deleted AND (r.{sort}, r.id) < ({}, 9)
                     ORDER BY r.{sort} DESC {nulls}, r.id DESC LIMIT 21",
                    match kind {
                        Kind::Postgres => "now()",
                        Kind::Sqlite => "1764034517123456",
                    },
                ))
                .await;
                assert!(plan.contains(&format!("ticketing_requests_{index}{sort}")), "{plan}");
                assert!(!plan.contains("Sort") && !plan.contains("TEMP B-TREE"), "{plan}");
            }
        }
    }
}

/// The plan of a query, on PostgreSQL as if the tables were large.
async fn plan(database: &Database, kind: Kind, query: &str) -> String {
    let transaction = database.begin().await.unwrap();
    if kind == Kind::Postgres {
        let large = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off";
        transaction.execute_unprepared(large).await.unwrap();
    }
    let statement = Statement::from_string(transaction.get_database_backend(), query);
    let column = match kind {
        Kind::Postgres => "QUERY PLAN",
        Kind::Sqlite => "detail",
    };
    let rows = transaction.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| row.try_get::<String>("", column).unwrap() + "\n")
        .collect()
}
