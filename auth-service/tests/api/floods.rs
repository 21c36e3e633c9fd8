//! Floods of log-ins: who has to wait is told so at little cost, and who is turned
//! away before the password was looked at has not guessed.

use crate::{
    rows::texts,
    throttle::{WRONG, is_wrong, log_in, waits},
};
use auth_service::passwords::Argon2Costs;
use sea_orm::ConnectionTrait as _;
use std::sync::Arc;
use testing::{
    Kind,
    auth::{Auth, refusal},
};
use tokio::task::JoinSet;
use tonic::Code;

/// So many passwords wait to be hashed or are, where one is hashed at once.
const CAPACITY: usize = 32;
/// The first of them takes longer than the others to come.
const SLOW: Argon2Costs = Argon2Costs {
    memory_kib: 8,
    passes: 1_000_000,
    lanes: 1,
};

testing::on_both_databases! {
    async fn a_throttled_attempt_locks_and_writes_nothing(kind: Kind) {
        let auth = Auth::start(kind).await;
        is_wrong(log_in(&auth, "sara@example.com", WRONG).await);
        auth.database.execute("UPDATE ticketing_throttles SET attempts = 1000").await;
        // SQLite has one writer
        let other = auth.database.open(&auth.clock).await;
        let holder = other.begin().await.unwrap();
        if kind == Kind::Postgres {
            let hold = "SELECT key FROM ticketing_throttles FOR UPDATE";
            holder.execute_unprepared(hold).await.unwrap();
        }
        waits(log_in(&auth, "sara@example.com", WRONG).await, 300);
        holder.rollback().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_that_is_refused_unhashed_is_no_attempt() {
    let auth = Auth::start(Kind::Postgres).await;
    let slow = auth
        .another_replica_configured(&["--hashing-concurrency=1"], |config| {
            config.passwords.costs = SLOW;
        })
        .await;
    let slow = Arc::new(slow);
    let mut log_ins = JoinSet::new();
    for number in 0..CAPACITY + 4 {
        let slow = Arc::clone(&slow);
        log_ins.spawn(async move {
            let email = format!("{number}@example.com");
            log_in(slow.as_ref(), &email, WRONG).await
        });
    }
    for _ in 0..4 {
        let answer = log_ins.join_next().await.unwrap().unwrap();
        let shed = (Code::ResourceExhausted, "OVERLOADED".to_owned());
        assert_eq!(refusal(answer), shed);
    }
    // each has two keys
    let counted = "SELECT CAST(attempts AS text) FROM ticketing_throttles ORDER BY attempts";
    let counted = texts(&auth.database, counted).await;
    let counted: Vec<&str> = counted.iter().flatten().map(String::as_str).collect();
    assert_eq!(
        counted,
        [["0"; 8].as_slice(), &["1"; 2 * CAPACITY]].concat()
    );
}
