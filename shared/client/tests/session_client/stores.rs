//! Saved before it is used, and never over a newer one.

use crate::world::{DUE, OVERLAP, World, credentials, kept, token};
use client::session_client::{MemoryStore, Pair, PairStore, StoreError};
use contract::ids::SessionId;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use testing::Kind;

/// A store that fails to save so many times.
#[derive(Clone, Default)]
struct Failing {
    kept: MemoryStore,
    failures: Arc<AtomicUsize>,
}

impl PairStore for Failing {
    async fn load(&self) -> Result<Option<Pair>, StoreError> {
        self.kept.load().await
    }

    async fn begin(&self, pair: Pair) -> Result<(), StoreError> {
        self.kept.begin(pair).await
    }

    async fn save(&self, pair: Pair) -> Result<Option<Pair>, StoreError> {
        let one_less = |left: usize| left.checked_sub(1);
        let failures = &self.failures;
        match failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less) {
            Ok(_) => Err(io::Error::from(io::ErrorKind::StorageFull).into()),
            Err(_) => self.kept.save(pair).await,
        }
    }

    async fn forget(&self, session: SessionId) -> Result<(), StoreError> {
        self.kept.forget(session).await
    }
}

testing::on_both_databases! {
    async fn a_pair_that_cannot_be_kept_is_not_used(kind: Kind) {
        let world = World::start(kind).await;
        let store = Failing::default();
        let client = world.client(store.clone());
        client.log_in(credentials()).await.unwrap();
        let first = token(&client, &store).await;
        world.use_and_wait(DUE).await;
        store.failures.store(usize::MAX, Ordering::SeqCst);
        let given = client.access_token().await.expect("the one in hand");
        assert_eq!(given.expose(), first.expose());
        assert_eq!(kept(&store).await.generation, 1);
        assert_eq!(world.generation().await, 2, "the session turned");

        world.auth.clock.advance(OVERLAP);
        let error = client.access_token().await.expect_err("none is good");
        assert!(!error.requires_log_in(), "{error:?}");

        // hours later the old one still stands for the pair that nobody used
        world.auth.clock.advance(Duration::from_hours(3));
        store.failures.store(2, Ordering::SeqCst);
        world.validate(&token(&client, &store).await).await.expect("no log-out");
        assert_eq!(kept(&store).await.generation, 2);
    }

    async fn a_crash_before_or_after_the_save_logs_nobody_out(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        for generation in 2..6 {
            // before: the answer dies with the process, and the pair read stays
            let before = kept(&store).await;
            world.use_and_wait(DUE).await;
            token(&client, &store).await;
            assert_eq!(kept(&store).await.generation, generation);
            let after_crash = MemoryStore::default();
            after_crash.begin(before).await.unwrap();
            let restarted = world.client(after_crash.clone());
            let given = token(&restarted, &after_crash).await;
            world.validate(&given).await.expect("it is good");
            // after: another process reads what was saved
            let restarted = world.client(store.clone());
            world.validate(&token(&restarted, &store).await).await.expect("it is good");
        }
        assert!(world.is_active().await);
    }

    async fn a_refresh_of_the_session_before_is_not_kept_over_a_log_in(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        let old = kept(&store).await;
        client.log_in(credentials()).await.unwrap();
        let begun = kept(&store).await;
        let mut late = old.clone();
        late.generation = 7;
        let stays = store.save(late).await.unwrap().unwrap();
        assert_eq!(stays.session_id, begun.session_id);
        store.forget(old.session_id).await.unwrap();
        assert_eq!(kept(&store).await.session_id, begun.session_id);
    }
}
