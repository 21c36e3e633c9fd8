//! What both databases make of the values that statements bind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod given_up;
mod kept;
mod lost;
mod pooled;
mod silent;
mod tls;
mod unclean;
mod urls;

use contract::time::{Clock, Timestamp};
use sea_orm::{ConnectionTrait as _, sea_query::Query};
use std::time::Duration;
use testing::{Kind, TestDatabase};

/// Some 289,000 years from now: PostgreSQL has it, and chrono does not.
const FAR: Timestamp = Timestamp::from_micros(9_089_000_000_123_456_789);

testing::on_both_databases! {
    async fn every_time_survives_the_way_there_and_back(kind: Kind) {
        let test = TestDatabase::empty(kind).await;
        let database = test.open(&Clock::system()).await;
        for time in [
            Timestamp::from_micros(0),
            Timestamp::from_micros(-1),
            Timestamp::from_micros(1_764_034_517_123_456),
            Timestamp::INFINITY,
            Timestamp::NEGATIVE_INFINITY,
            FAR,
        ] {
            let query = Query::select().expr_as(database.time(time), "time").take();
            let row = database.connection().query_one(&query).await.unwrap().unwrap();
            assert_eq!(row.try_get::<Timestamp>("", "time").unwrap(), time);
        }
    }

    async fn a_time_before_all_that_the_database_holds_is_before_all_rows(kind: Kind) {
        let test = TestDatabase::empty(kind).await;
        let database = test.open(&Clock::system()).await;
        for micros in [i64::MIN, i64::MIN + 1, -6_000_000_000_000_000_000, -210_866_803_200_000_001] {
            let time = database.time(Timestamp::from_micros(micros));
            let query = Query::select().expr_as(time, "time").take();
            let row = database.connection().query_one(&query).await.unwrap().unwrap();
            let read = row.try_get::<Timestamp>("", "time").unwrap();
            assert!(read <= Timestamp::from_micros(micros), "{read:?}");
        }
    }

    async fn a_statement_reads_the_shifted_clock(kind: Kind) {
        let test = TestDatabase::empty(kind).await;
        let clock = Clock::system();
        let database = test.open(&clock).await;
        let now = async || {
            let query = Query::select().expr_as(database.now(), "now").take();
            let row = database.connection().query_one(&query).await.unwrap().unwrap();
            row.try_get::<Timestamp>("", "now").unwrap()
        };
        let before = now().await;
        clock.advance(Duration::from_hours(24 * 365));
        assert!(now().await >= before + Duration::from_hours(24 * 365));
    }
}
