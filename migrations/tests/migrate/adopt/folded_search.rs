//! A database of the version before this migration: its indexes of searches stay for
//! replicas of that version, and those of this one come beside them.

use super::{
    old_database::{OldDatabase, open},
    our_indexes, up,
};
use crate::fingerprint::{fingerprint, lines};
use database::Database;
use testing::{Kind, TestDatabase};

const BEFORE: &str = "
    DELETE FROM ticketing_migrations WHERE name = '0006_folded_search';
    DROP INDEX ticketing_requests_folded_number, ticketing_requests_folded_name, ticketing_requests_folded_phone";

/// Names and sizes of what the catalogue keeps of the definitions of these indexes, in
/// rows that have one page at most.
const DEFINITIONS: &str = "
    SELECT concat_ws(' ', indexrelid::regclass, pg_column_size(indexprs) < 7000) AS line
    FROM pg_index WHERE indexrelid::regclass::text LIKE 'ticketing_requests_folded\\_%' ORDER BY 1";

async fn gets_it(test: &TestDatabase, pool: &Database) {
    let (everything, indexes) = (fingerprint(pool).await, our_indexes(pool).await);
    test.execute(BEFORE).await;
    assert_eq!(our_indexes(pool).await.len() + 3, indexes.len());
    assert!(!crate::is_migrated(pool).await.unwrap());
    let (report, _) = up(pool).await;
    assert_eq!(report.applied, ["0006_folded_search"]);
    assert_eq!(our_indexes(pool).await, indexes);
    assert_eq!(fingerprint(pool).await, everything);
    for of_before in ["ticketing_requests_number", "ticketing_requests_search"] {
        assert!(indexes.iter().any(|index| index.contains(of_before)));
    }
    assert_eq!(
        lines(pool, DEFINITIONS).await,
        [
            "ticketing_requests_folded_name t",
            "ticketing_requests_folded_number t",
            "ticketing_requests_folded_phone t"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_our_own_keeps_the_indexes_of_the_version_before() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    gets_it(&test, &open(&test).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_taken_over_keeps_the_indexes_of_the_version_before() {
    let test = OldDatabase::of_shape('b').make().await;
    let pool = open(&test).await;
    crate::up(&pool).await.unwrap();
    gets_it(&test, &pool).await;
}
