//! The end of a session, by this client and by others.

use crate::{
    front::Fate,
    world::{DUE, OVER, World, credentials, kept, reason, token},
};
use client::session_client::PairStore as _;
use std::{sync::Arc, time::Duration};
use testing::Kind;
use tokio::sync::Semaphore;
use tonic::Status;

testing::on_both_databases! {
    async fn a_log_out_ends_the_session_and_keeps_no_pair(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        let last = token(&client, &store).await;
        // a lost answer, and an outage
        world.front.next([Fate::AnswerLost, Fate::Refused(Status::unavailable("away"))]);
        client.log_out().await.expect("repeated");
        assert_eq!(world.front.calls("RevokeSession"), 3);
        world.validate(&last).await.expect_err("it is over");
        assert!(store.load().await.unwrap().is_none());
        assert_eq!(reason(client.access_token().await), "nobody is logged in; log in");
        client.log_out().await.expect("there is nothing to end");
        client.log_in(credentials()).await.expect("another session");
        world.validate(&token(&client, &store).await).await.expect("it is good");
    }

    async fn a_log_out_that_fails_keeps_the_pair(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        let away = || Fate::Refused(Status::unavailable("away"));
        world.front.next(std::iter::repeat_with(away).take(5));
        client.log_out().await.expect_err("no answer");
        let given = token(&client, &store).await;
        world.validate(&given).await.expect("the session goes on");
        client.log_out().await.expect("the second time");
    }

    async fn a_log_out_in_the_middle_of_a_refresh_is_the_last_word(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        let pair = kept(&store).await;
        world.use_and_wait(OVER).await;
        let barrier = Arc::new(Semaphore::new(0));
        world.front.next([Fate::Held(Arc::clone(&barrier))]);
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.access_token().await }
        });
        while world.front.calls("RefreshSession") == 0 {
            tokio::task::yield_now().await;
        }
        client.log_out().await.unwrap();
        barrier.add_permits(1);
        assert_eq!(reason(waiting.await.unwrap()), "SESSION_ENDED; log in");
        assert!(store.load().await.unwrap().is_none());
        // and an answer that left before the log-out is not kept after it
        assert!(store.save(pair).await.unwrap().is_none());
    }

    async fn a_session_ended_elsewhere_asks_for_a_log_in_and_says_why(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        let elsewhere = client::session_client::MemoryStore::default();
        elsewhere.begin(kept(&store).await).await.unwrap();
        world.client(elsewhere).log_out().await.unwrap();
        world.auth.clock.advance(DUE);
        // though its time is not over
        assert_eq!(reason(client.access_token().await), "SESSION_ENDED; log in");
        world.auth.clock.advance(Duration::from_hours(1));
        assert_eq!(reason(client.access_token().await), "SESSION_ENDED; log in");
        assert_eq!(reason::<()>(Err(client.keep_fresh().await)), "SESSION_ENDED; log in");
        client.log_in(credentials()).await.expect("another session");
        world.validate(&token(&client, &store).await).await.expect("it is good");
    }

    async fn a_session_that_was_left_alone_too_long_has_expired(kind: Kind) {
        let world = World::start(kind).await;
        let (client, _store) = world.logged_in().await;
        world.auth.clock.advance(Duration::from_hours(8 * 24));
        let expired = reason(client.access_token().await);
        assert!(expired.ends_with("EXPIRED; log in"), "{expired}");
        client.log_out().await.expect("as good as ended");
    }
}
