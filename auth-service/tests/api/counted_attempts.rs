//! What the database keeps of attempts: whose they are is not told, an attempt that was
//! none is taken back, and what is old goes.

use crate::{
    rows::{text, texts},
    throttle::{WRONG, advance, failures, is_wrong, log_in},
};
use auth_service::{
    model::{CountedAttempts, Throttle, ThrottleKey},
    store::{Store, retentions},
};
use std::time::Duration;
use testing::{Kind, auth::Auth};

testing::on_both_databases! {
    async fn stored_throttles_name_nobody_and_are_purged_in_batches(kind: Kind) {
        let auth = Auth::start(kind).await;
        for email in ["a@example.com", "b@example.com"] {
            is_wrong(log_in(&auth, email, WRONG).await);
        }
        let keys = texts(&auth.database, "SELECT key FROM ticketing_throttles").await;
        assert_eq!(keys.len(), 4);
        for key in keys.into_iter().flatten() {
            let is_hex = key.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(key.len() == 64 && is_hex, "{key}");
        }
        let pool = auth.database.open(&auth.clock).await;
        let throttles = retentions(Duration::ZERO)
            .into_iter()
            .find(|retention| retention.table == "ticketing_throttles")
            .unwrap();
        let purge = async |most| pool.purge(&throttles, most).await.unwrap();
        assert_eq!(purge(3).await, Some(0));
        advance(&auth, 3_600);
        is_wrong(log_in(&auth, "a@example.com", WRONG).await);
        assert_eq!(purge(1).await, Some(1));
        assert_eq!(purge(3).await, Some(1));
        assert_eq!(failures(&auth).await, ["1"; 2], "those that count");
    }

    async fn an_attempt_can_be_taken_back(kind: Kind) {
        let auth = Auth::start(kind).await;
        let store = Store::new(auth.database.open(&auth.clock).await);
        let keys = [ThrottleKey::new("a", &[]), ThrottleKey::new("b", &[])];
        let count = async || {
            let one_more = |throttles: [Throttle; 2], now| {
                Ok(throttles.map(|throttle| Throttle { attempts: throttle.attempts + 1, ..Throttle::none(now) }))
            };
            store.count_attempt(&keys, one_more, |counted| counted).await.unwrap().unwrap()
        };
        let take_back = async |counted: &[CountedAttempts]| {
            for attempt in counted {
                store.take_back_attempts(attempt).await.unwrap();
            }
        };
        let last = async || {
            let last = "SELECT CAST(MAX(last_attempt_at) AS text) FROM ticketing_throttles";
            text(&auth.database, last).await
        };
        let first = count().await;
        let first_at = last().await;
        let second = count().await;
        take_back(&second).await;
        assert_eq!((failures(&auth).await, last().await), (vec!["1".to_owned(); 2], first_at));
        let third = count().await;
        let third_at = last().await;
        take_back(&first).await;
        assert_eq!(last().await, third_at, "another one was made since");
        for _ in 0..2 {
            take_back(&third).await;
        }
        assert_eq!(failures(&auth).await, ["0"; 2], "and never less than none");
        store.forget_attempts(&keys[..1]).await.unwrap();
        assert_eq!(failures(&auth).await, ["0"]);
    }
}
