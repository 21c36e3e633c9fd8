//! Connections on which a transaction was left open, or is counted that is not there. What
//! is answered on them afterwards would not last.

use crate::given_up::given_up_after;
use contract::time::Clock;
use database::{Database, Dialect, PoolLimits};
use sea_orm::{ConnectionTrait, DbErr, Statement};
use sqlx::{AssertSqlSafe, Connection as _};
use testing::{Kind, TestDatabase};

/// A transaction that is neither ended nor dropped.
const FORGOTTEN: &str = "one that is forgotten";

/// A pool of one connection, so that each statement meets what the one before left.
async fn pool_of_one(database: &TestDatabase) -> Database {
    let limits = PoolLimits {
        connections: 1,
        ..PoolLimits::default()
    };
    Database::open(&database.url, limits, Clock::system())
        .await
        .unwrap()
}

/// Whether the number stands there for everyone else, too.
async fn lasts(database: &TestDatabase, number: i32) -> bool {
    let count = format!("SELECT CAST(count(*) AS integer) FROM written WHERE number = {number}");
    database.query_number(&count).await == 1
}

async fn insert(on: &impl ConnectionTrait, number: i32) -> Result<(), DbErr> {
    let script = format!("INSERT INTO written VALUES ({number})");
    on.execute_unprepared(&script).await.map(drop)
}

/// Everything that is answered is true for everyone: alone and in a transaction.
async fn answers_last(database: &TestDatabase, pool: &Database, after: &str) {
    for round in 0..3 {
        let number = fastrand::i32(1_000..);
        insert(pool.connection(), number).await.unwrap();
        assert!(lasts(database, number).await, "after {after}, {round}");
        let transaction = pool.begin().await.unwrap();
        insert(&transaction, number + 1).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(lasts(database, number + 1).await, "after {after}, {round}");
    }
}

/// Leaves a transaction open in many ways, each on a connection that it gives back.
async fn leave_open(pool: &Database, way: &str) {
    match pool.dialect() {
        Dialect::Postgres => {
            let pool = pool.connection().get_postgres_connection_pool();
            let mut connection = pool.acquire().await.unwrap();
            if way == FORGOTTEN {
                std::mem::forget(connection.begin().await.unwrap());
            } else {
                let script = AssertSqlSafe(way.to_owned());
                let _may_fail = sqlx::raw_sql(script).execute(&mut *connection).await;
            }
        }
        Dialect::Sqlite => {
            let pool = pool.connection().get_sqlite_connection_pool();
            let mut connection = pool.acquire().await.unwrap();
            if way == FORGOTTEN {
                std::mem::forget(connection.begin().await.unwrap());
            } else {
                let script = AssertSqlSafe(way.to_owned());
                let _may_fail = sqlx::raw_sql(script).execute(&mut *connection).await;
            }
        }
    }
}

testing::on_both_databases! {
    async fn writes_after_a_transaction_was_left_open_last(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        database.execute("CREATE TABLE written (number integer)").await;
        let pool = pool_of_one(&database).await;
        for way in [
            FORGOTTEN,
            "BEGIN",
            "BEGIN; INSERT INTO written VALUES (1)",
            "BEGIN; SELECT no_such_column",
            "SAVEPOINT one; SAVEPOINT two",
        ] {
            leave_open(&pool, way).await;
            answers_last(&database, &pool, way).await;
        }
    }

    /// PostgreSQL answers the COMMIT of such a transaction, and rolls it back.
    async fn a_transaction_with_a_statement_that_failed_cannot_be_committed(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        database.execute("CREATE TABLE written (number integer UNIQUE)").await;
        let pool = pool_of_one(&database).await;
        insert(pool.connection(), 1).await.unwrap();
        for statement in ["INSERT INTO written VALUES (1)", "SELECT no_such_column"] {
            let transaction = pool.begin().await.unwrap();
            insert(&transaction, 2).await.unwrap();
            transaction.execute_unprepared(statement).await.unwrap_err();
            insert(&transaction, 3).await.unwrap_err();
            transaction.commit().await.unwrap_err();
            for number in [2, 3] {
                assert!(!lasts(&database, number).await, "{number} after {statement}");
            }
            answers_last(&database, &pool, statement).await;
        }
    }

    async fn a_transaction_with_a_statement_that_was_given_up_cannot_be_committed(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        database.execute("CREATE TABLE written (number integer)").await;
        let pool = pool_of_one(&database).await;
        for polls in 1..4 {
            let transaction = pool.begin().await.unwrap();
            insert(&transaction, 2).await.unwrap();
            if given_up_after(polls, insert(&transaction, 3)).await {
                transaction.commit().await.unwrap_err();
                assert!(!lasts(&database, 2).await, "after {polls} polls");
            } else {
                transaction.rollback().await.unwrap();
            }
            answers_last(&database, &pool, "a statement that was given up").await;
        }
    }

    /// sqlx on SQLite hands out the first row before the others are read.
    async fn a_statement_that_fails_after_its_first_row_has_failed(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        database.execute("CREATE TABLE written (number integer)").await;
        let pool = pool_of_one(&database).await;
        let fails = match kind {
            Kind::Postgres => "SELECT 1 / number FROM generate_series(1, 0, -1) AS number",
            Kind::Sqlite => "SELECT 1 UNION ALL SELECT abs(-9223372036854775808)",
        };
        let fails = Statement::from_string(pool.dialect().backend(), fails);
        pool.connection().query_one_raw(fails.clone()).await.unwrap_err();
        let transaction = pool.begin().await.unwrap();
        insert(&transaction, 1).await.unwrap();
        transaction.query_one_raw(fails).await.unwrap_err();
        transaction.commit().await.unwrap_err();
        assert!(!lasts(&database, 1).await);
        answers_last(&database, &pool, "a statement that failed after its first row").await;
    }

    /// sqlx on SQLite hands out its first row before it is kept.
    async fn a_write_that_fails_when_it_is_to_be_kept_is_not_answered_with_its_row(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        database
            .execute(
                "CREATE TABLE parents (id integer PRIMARY KEY); \
                 CREATE TABLE written (number integer \
                 REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
            )
            .await;
        let pool = pool_of_one(&database).await;
        let insert = "INSERT INTO written VALUES (1) RETURNING number";
        let insert = Statement::from_string(pool.dialect().backend(), insert);
        pool.connection().query_one_raw(insert).await.unwrap_err();
        assert!(!lasts(&database, 1).await);
    }
}

/// SQLite rolls back by itself when its disk is full. sqlx counts a transaction that is
/// not there any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_after_a_full_disk_last() {
    let database = TestDatabase::empty(Kind::Sqlite).await;
    database
        .execute("CREATE TABLE written (number integer); CREATE TABLE large (bytes blob)")
        .await;
    let pool = pool_of_one(&database).await;
    for failures in 1..=4 {
        for _ in 0..failures {
            // the file is as large as it may be
            limit_pages(&pool, 1).await;
            let transaction = pool.begin().await.unwrap();
            let fill = "INSERT INTO large VALUES (randomblob(10000000))";
            transaction.execute_unprepared(fill).await.unwrap_err();
            drop(transaction);
        }
        limit_pages(&pool, 1_000_000).await;
        // which would be a savepoint, and leave a transaction open
        drop(pool.begin().await.unwrap());
        answers_last(&database, &pool, "a full disk").await;
    }
}

/// Sets how many pages the file may have; no fewer than it has.
async fn limit_pages(pool: &Database, pages: u32) {
    let statement = format!("PRAGMA max_page_count = {pages}");
    let statement = Statement::from_string(pool.dialect().backend(), statement);
    pool.connection().query_one_raw(statement).await.unwrap();
}
