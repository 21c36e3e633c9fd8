//! That the databases fold what is stored as the service folds what is asked: all of
//! Unicode one by one, and texts.

use crate::{
    model::folding::fold,
    store::{folded::folded, statement},
};
use contract::time::Clock;
use database::Database;
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    prop_oneof,
    sample::select,
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use sea_orm::{
    ConnectionTrait as _,
    sea_query::{Expr, ExprTrait as _, Query},
};
use testing::{Kind, TestDatabase};

/// Every character alone, by its number, but for planes of ideographs, of private
/// characters, and of nothing.
fn characters(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgres => {
            "CREATE TABLE texts AS SELECT n AS id, chr(n) AS text FROM generate_series(1, 925695) AS n
                 WHERE n < 55296 OR n BETWEEN 57344 AND 131071 OR n >= 917504"
        }
        Kind::Sqlite => {
            "CREATE TABLE texts AS WITH RECURSIVE numbers (n) AS (
                 SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 925695
             ) SELECT n AS id, char(n) AS text FROM numbers
                 WHERE n < 55296 OR n BETWEEN 57344 AND 131071 OR n >= 917504"
        }
    }
}

/// What the database makes of the texts that it does not leave as they are.
async fn changed(database: &Database) -> Vec<(i32, String)> {
    let text = Expr::col("text");
    let folded = folded(database.dialect(), &text);
    let select = Query::select()
        .column("id")
        .expr_as(folded.clone(), "folded")
        .from("texts")
        .and_where(folded.ne(text))
        .order_by("id", sea_orm::Order::Asc)
        .take();
    let rows = database
        .connection()
        .query_all_raw(statement(database.dialect(), &select))
        .await
        .unwrap();
    rows.iter()
        .map(|row| {
            (
                row.try_get("", "id").unwrap(),
                row.try_get("", "folded").unwrap(),
            )
        })
        .collect()
}

/// What the service makes of them.
fn expected(database: &Database, texts: &[(i32, String)]) -> Vec<(i32, String)> {
    texts
        .iter()
        .map(|(id, text)| (*id, fold(database.dialect(), text)))
        .zip(texts)
        .filter_map(|(folded, text)| (folded != *text).then_some(folded))
        .collect()
}

testing::on_both_databases! {
    async fn every_character_is_folded_alike_where_it_is_stored_and_where_it_is_asked(kind: Kind) {
        let test = TestDatabase::empty(kind).await;
        test.execute(characters(kind)).await;
        let database = test.open(&Clock::system()).await;
        let all: Vec<_> = ('\u{1}'..'\u{20000}')
            .chain('\u{e0000}'..'\u{e2000}')
            .map(|letter| (i32::try_from(u32::from(letter)).unwrap(), letter.to_string()))
            .collect();
        let changed = changed(&database).await;
        assert_eq!(changed, expected(&database, &all));
        // letters and marks, ignored characters, digits
        let count = match kind {
            Kind::Postgres => 6 + 13 + 4_193 + 760,
            Kind::Sqlite => 6 + 13 + 69 + 30,
        };
        assert_eq!(changed.len(), count);
    }

    async fn texts_are_folded_alike_where_they_are_stored_and_where_they_are_asked(kind: Kind) {
        let test = TestDatabase::empty(kind).await;
        test.execute("CREATE TABLE texts (id integer, text text)").await;
        let database = test.open(&Clock::system()).await;
        let letter = prop_oneof![
            proptest::char::range(' ', '~'),
            proptest::char::range('\u{600}', '\u{6ff}'),
            select("éßΣ字\n'\\%_🐎०୯９𞥙\u{200b}\u{200e}\u{202e}\u{2066}\u{fe0f}\u{feff}".chars().collect::<Vec<_>>()),
            any::<char>().prop_filter("PostgreSQL holds no NUL", |letter| *letter != '\0'),
        ];
        let text = vec(letter, 0..12).prop_map(String::from_iter);
        let mut runner = TestRunner::deterministic();
        let texts: Vec<_> = (1..=2_000)
            .map(|id| (id, text.new_tree(&mut runner).unwrap().current()))
            .collect();
        for (id, text) in &texts {
            let mut insert = Query::insert();
            insert.into_table("texts").columns(["id", "text"]).values_panic([Expr::val(*id), Expr::val(text)]);
            database.connection().execute(&insert).await.unwrap();
        }
        assert_eq!(changed(&database).await, expected(&database, &texts));
    }
}
