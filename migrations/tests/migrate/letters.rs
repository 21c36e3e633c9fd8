//! Encodings and locales of databases: what `up` refuses, and what it warns of.

use crate::{OLD_APPLICATION, fingerprint::fingerprint};
use contract::time::Clock;
use database::Database;
use migrations::MigrateError;
use std::sync::Mutex;
use testing::{Kind, TestDatabase, later_migrations::undo_all};

/// `up`, and the lines by which it warns. Its plan warns of the same.
async fn warnings(pool: &Database) -> Vec<String> {
    let is_warning = |line: &String| line.starts_with("warns ");
    let plan = migrations::plan_up(pool).await.unwrap();
    let planned = plan.lines().map(str::to_owned).filter(is_warning);
    let planned: Vec<_> = planned.collect();
    let said = Mutex::new(Vec::new());
    let tell = |line: &str| said.lock().unwrap().push(line.to_owned());
    migrations::up(pool, &tell).await.unwrap();
    let mut said = said.into_inner().unwrap();
    said.retain(is_warning);
    assert_eq!(planned, said);
    said
}

/// Both `up` and its plan stop, and nothing is changed.
async fn refused(pool: &Database, encoding: &str) {
    let before = fingerprint(pool).await;
    let planned = migrations::plan_up(pool).await.unwrap_err();
    assert!(matches!(planned, MigrateError::Encoding(_)), "{planned:?}");
    let error = crate::up(pool).await.unwrap_err().to_string();
    assert_eq!(planned.to_string(), error);
    assert!(
        error.starts_with(&format!(
            "the database's encoding is {encoding} and not UTF8"
        )) && error.contains("nothing was changed"),
        "{error}"
    );
    assert_eq!(fingerprint(pool).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encoding_without_a_place_for_every_letter_stops_up() {
    for encoding in ["LATIN1", "WIN1256", "EUC_JP", "SQL_ASCII"] {
        for tables in ["", OLD_APPLICATION] {
            let options = format!("ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'");
            let test = TestDatabase::with_options(&options).await;
            test.execute(tables).await;
            let pool = test.open(&Clock::system()).await;
            refused(&pool, encoding).await;
            let fresh = crate::fresh(&pool, true).await;
            assert!(fresh.is_err(), "{encoding}: {fresh:?}");
        }
    }
}

/// As an earlier build did, which did not ask for the encoding.
async fn make_sql_ascii(test: &TestDatabase) {
    test.execute(
        "UPDATE pg_database SET encoding = pg_char_to_encoding('SQL_ASCII') WHERE datname = current_database()",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_sql_ascii_that_was_taken_over_before_goes_on_with_a_warning() {
    let test = TestDatabase::empty(Kind::Postgres).await;
    test.execute(OLD_APPLICATION).await;
    let pool = test.open(&Clock::system()).await;
    crate::up(&pool).await.unwrap();
    pool.connection().close_by_ref().await.unwrap();
    make_sql_ascii(&test).await;
    for earlier in [String::new(), undo_all()] {
        test.execute(&earlier).await;
        let pool = test.open(&Clock::system()).await;
        let said = warnings(&pool).await.join("\n");
        assert!(
            said.contains("the database's encoding is SQL_ASCII"),
            "{said}"
        );
        assert!(crate::is_migrated(&pool).await.unwrap());
        pool.connection().close_by_ref().await.unwrap();
    }
    // given back, it is as any other
    let pool = test.open(&Clock::system()).await;
    crate::down(
        &pool,
        migrations::Down {
            keep_session_id: true,
            ..Default::default()
        },
    )
    .await
    .unwrap();
    refused(&pool, "SQL_ASCII").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_ours_with_nothing_left_to_do_is_warned_of_and_not_refused() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    make_sql_ascii(&test).await;
    let pool = test.open(&Clock::system()).await;
    let said = warnings(&pool).await.join("\n");
    assert!(
        said.contains("the database's encoding is SQL_ASCII"),
        "{said}"
    );
    assert!(crate::up(&pool).await.unwrap().applied.is_empty());
}

/// Also where the extension lies where the search path does not lead, and where nothing is
/// left to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locale_that_knows_ascii_alone_is_warned_of() {
    for (extension, tables) in [
        ("", ""),
        ("", OLD_APPLICATION),
        (
            "CREATE SCHEMA \"Odd one\"; CREATE EXTENSION pg_trgm SCHEMA \"Odd one\"",
            "",
        ),
    ] {
        let test = TestDatabase::with_options("LC_COLLATE 'C' LC_CTYPE 'C'").await;
        test.execute(extension).await;
        test.execute(tables).await;
        let pool = test.open(&Clock::system()).await;
        for _ in ["first", "again"] {
            let said = warnings(&pool).await;
            assert!(
                said.len() == 1
                    && said[0].contains("LC_CTYPE is C,")
                    && said[0].contains("'C.UTF-8'"),
                "{said:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locale_of_utf8_gives_no_warning() {
    let test =
        TestDatabase::with_options("ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'").await;
    let pool = test.open(&Clock::system()).await;
    assert!(warnings(&pool).await.is_empty());
    assert!(warnings(&pool).await.is_empty());
}
