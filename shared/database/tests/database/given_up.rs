//! Transactions whose caller gives up while they begin, and what is left of them.

use contract::time::Clock;
use database::{Database, PoolLimits};
use sea_orm::ConnectionTrait as _;
use std::{future::poll_fn, pin::pin, task::Poll};
use testing::{Kind, TestDatabase};

/// Polls so often, and then drops it. Whether it was not done before.
pub(crate) async fn given_up_after(polls: u32, work: impl Future) -> bool {
    let mut work = pin!(work);
    for _ in 0..polls {
        if poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

testing::on_both_databases! {
    /// What is written on the same connection would be answered, and never
    /// committed.
    async fn a_transaction_that_was_given_up_takes_in_nothing_of_what_follows(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        database.execute("CREATE TABLE written (polls integer)").await;
        let limits = PoolLimits { connections: 1, ..PoolLimits::default() };
        let pool = Database::open(&database.url, limits, Clock::system()).await.unwrap();
        let write = async |polls| {
            let script = format!("INSERT INTO written VALUES ({polls})");
            pool.connection().execute_unprepared(&script).await.unwrap();
        };
        write(0).await;
        for polls in 1..20 {
            given_up_after(polls, pool.begin()).await;
            write(polls).await;
            let seen = "SELECT CAST(MAX(polls) AS integer) FROM written";
            assert_eq!(database.query_number(seen).await, i32::try_from(polls).unwrap());
        }
    }
}
