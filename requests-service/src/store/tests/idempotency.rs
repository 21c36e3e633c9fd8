//! How much a call reads to sweep the keys of yesterday.

use crate::{
    model::Idempotency,
    store::{Claim, Store},
};
use sea_orm::{ConnectionTrait as _, Statement};
use shared::{database::Dialect, ids::UserId};
use testing::{Kind, Role, TestDatabase};

/// Keys of today, and of yesterday.
const KEYS: &str = "
INSERT INTO ticketing_idempotency_keys (user_id, key, call, answer, created_at)
    SELECT n % 100, 'today-' || n, '', '', clock_timestamp() - n * interval '1 second'
    FROM generate_series(1, 20000) AS n;
INSERT INTO ticketing_idempotency_keys (user_id, key, call, answer, created_at)
    SELECT n % 100, 'yesterday-' || n, '', '', clock_timestamp() - interval '1 day'
    FROM generate_series(1, 25) AS n;
ANALYZE ticketing_idempotency_keys;
";

/// Rows that this connection has read of the keys, by whatever way.
const READ: &str = "
SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
FROM pg_stat_xact_user_tables WHERE relname = 'ticketing_idempotency_keys'";

const OF_YESTERDAY: &str =
    "SELECT count(*) FROM ticketing_idempotency_keys WHERE key LIKE 'yesterday-%'";

/// Ten of yesterday, found and deleted, and its own.
const MOST_READ: i64 = 30;

#[tokio::test]
async fn a_call_does_not_read_the_keys_of_today_to_sweep_those_of_yesterday() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    database.execute(KEYS).await;
    let store = Store::new(database.open_as(Role::Requests).await);
    // the last ones find fewer than they would delete
    for (n, (left, plan)) in (1..).zip([
        (15, "force_custom_plan"),
        (5, "force_generic_plan"),
        (0, "force_custom_plan"),
        (0, "force_generic_plan"),
    ]) {
        let unit = store.begin().await.unwrap();
        let plan = format!("SET LOCAL plan_cache_mode = {plan}");
        unit.transaction.execute_unprepared(&plan).await.unwrap();
        let number = async |query: &str| -> i64 {
            let query = Statement::from_string(Dialect::Postgres.backend(), query);
            let row = unit.transaction.query_one_raw(query).await.unwrap();
            row.unwrap().try_get_by_index(0).unwrap()
        };
        let before = number(READ).await;
        let idempotency = Idempotency {
            key: "new".to_owned(),
            call: [7; 32],
        };
        let claim = unit.claim(UserId(100 + n), &idempotency).await.unwrap();
        assert!(matches!(claim, Claim::New));
        let read = number(READ).await - before;
        assert!(read <= MOST_READ, "{plan}: read {read} with {left} left");
        assert_eq!(number(OF_YESTERDAY).await, i64::from(left), "{plan}");
        unit.commit().await.unwrap();
    }
}
