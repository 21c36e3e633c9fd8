//! What is sent again because its connection was lost. PostgreSQL alone has connections that
//! are lost.

use contract::time::Clock;
use database::{Database, Transaction};
use sea_orm::ConnectionTrait as _;
use testing::{Kind, Role, TestDatabase, patient_limits, proxy::TcpProxy, tap::Tap};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_reads_in_a_transaction_is_sent_twice_at_most() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let tap = Tap::start(&database).await;
    let proxy = TcpProxy::start(tap.address());
    let url = database.url_through(&proxy, Role::Owner);
    let pool = Database::open(&url, patient_limits(), Clock::system())
        .await
        .unwrap();
    for (lost, begun, values) in [("BEGIN", 2, 0), ("VALUES (1)", 2, 2), ("COMMIT", 2, 2)] {
        proxy.lose_answer_to(lost.as_bytes()).await;
        let read = async |transaction: Transaction| {
            transaction.execute_unprepared("VALUES (1)").await?;
            transaction.commit().await
        };
        pool.read(read).await.unwrap_err();
        let taken = tap.taken();
        let sent = |words: &str| taken.iter().filter(|text| text.starts_with(words)).count();
        assert_eq!(
            (sent("BEGIN"), sent("VALUES")),
            (begun, values),
            "{lost}: {taken:?}"
        );
    }
}
