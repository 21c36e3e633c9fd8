//! One refresh, ahead of time, kept before it is used.

use crate::{
    front::Fate,
    world::{DUE, OVER, OVERLAP, World, credentials, kept, reason, token},
};
use client::session_client::{MemoryStore, PairStore as _};
use proto::auth::v1::CreateSessionRequest;
use std::{sync::Arc, time::Duration};
use testing::{Kind, proxy::TcpProxy};
use tokio::{sync::Semaphore, task::JoinSet};
use tonic::Status;

testing::on_both_databases! {
    async fn a_token_is_refreshed_ahead_of_its_end_and_no_sooner(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        let first = token(&client, &store).await;
        // the jitter is at most half an overlap
        world.use_and_wait(DUE.saturating_sub(OVERLAP)).await;
        assert_eq!(token(&client, &store).await.expose(), first.expose());
        assert_eq!(world.front.calls("RefreshSession"), 0);
        world.auth.clock.advance(OVERLAP);
        let second = token(&client, &store).await;
        assert_ne!(second.expose(), first.expose());
        assert_eq!(kept(&store).await.generation, 2);
        world.validate(&second).await.expect("it is good");
        world.validate(&first).await.expect("the old one, until it expires");
    }

    async fn thirty_two_callers_share_one_refresh(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        for wait in [DUE, OVER] {
            let before = world.front.calls("RefreshSession");
            world.use_and_wait(wait).await;
            let mut callers = JoinSet::new();
            for _ in 0..32 {
                let client = client.clone();
                callers.spawn(async move { client.access_token().await.unwrap() });
            }
            let tokens = callers.join_all().await;
            let kept = token(&client, &store).await;
            assert!(tokens.iter().all(|token| token.expose() == kept.expose()));
            assert_eq!(world.front.calls("RefreshSession"), before + 1);
        }
        assert_eq!(world.generation().await, 3);
    }

    async fn a_refresh_goes_on_when_its_caller_gives_up(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        world.use_and_wait(OVER).await;
        let barrier = Arc::new(Semaphore::new(0));
        world.front.next([Fate::Held(Arc::clone(&barrier))]);
        let send = || {
            let client = client.clone();
            tokio::spawn(async move { client.access_token().await })
        };
        let gone = send();
        while world.front.calls("RefreshSession") == 0 {
            tokio::task::yield_now().await;
        }
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        let stays = send();
        barrier.add_permits(1);
        let given = stays.await.unwrap().expect("the refresh went on");
        assert_eq!(given.expose(), kept(&store).await.access_token.expose());
        assert_eq!(world.front.calls("RefreshSession"), 1);
    }

    async fn nobody_waits_for_a_slow_refresh_while_the_token_is_good(kind: Kind) {
        let world = World::start(kind).await;
        let (_, store) = world.logged_in().await;
        let client = world.hasty_client(world.front.address, store.clone());
        let first = token(&client, &store).await;
        world.use_and_wait(DUE).await;
        let barrier = Arc::new(Semaphore::new(0));
        world.front.next([Fate::Held(Arc::clone(&barrier))]);
        let meanwhile = client.access_token().await.expect("the one in hand");
        assert_eq!(meanwhile.expose(), first.expose());
        barrier.add_permits(1);
        client.refresh_if_due().await.expect("the same refresh");
        assert_eq!(world.front.calls("RefreshSession"), 1);
        assert_ne!(token(&client, &store).await.expose(), first.expose());
    }

    async fn a_lost_answer_is_asked_for_again(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        world.use_and_wait(OVER).await;
        world.front.next([Fate::AnswerLost, Fate::AnswerLost]);
        let given = token(&client, &store).await;
        world.validate(&given).await.expect("it is good");
        assert_eq!(world.front.calls("RefreshSession"), 3);
        assert_eq!(kept(&store).await.generation, 2, "it turned once");
    }

    async fn an_unused_pair_is_reissued_and_the_session_goes_on(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        for _ in 0..5 {
            world.auth.clock.advance(Duration::from_hours(20));
            let given = token(&client, &store).await;
            world.validate(&given).await.expect("it is good");
        }
        assert!(world.is_active().await);
    }

    async fn clients_that_share_a_store_share_its_refreshes(kind: Kind) {
        let world = World::start(kind).await;
        let (one, store) = world.logged_in().await;
        let other = world.client(store.clone());
        for _ in 0..5 {
            let before = world.front.calls("RefreshSession");
            world.use_and_wait(DUE).await;
            let given = token(&one, &store).await;
            assert_eq!(token(&other, &store).await.expose(), given.expose());
            assert_eq!(world.front.calls("RefreshSession"), before + 1);
            // and at once
            world.use_and_wait(DUE).await;
            let (first, second) = tokio::join!(one.access_token(), other.access_token());
            for given in [first.unwrap(), second.unwrap()] {
                world.validate(&given).await.expect("it is good");
            }
        }
        assert_eq!(world.generation().await, 11);
        assert_eq!(kept(&store).await.generation, 11);
    }

    async fn each_attempt_reads_the_store_anew(kind: Kind) {
        let world = World::start(kind).await;
        let (other, store) = world.logged_in().await;
        let proxy = TcpProxy::start(world.front.address);
        let cut_off = world.client_by_way_of(proxy.address(), store.clone());
        proxy.cut().await;
        world.use_and_wait(DUE).await;
        // it tries until the token's end, and needs no call once another has refreshed
        let trying = tokio::spawn(async move { cut_off.refresh_if_due().await });
        let given = token(&other, &store).await;
        assert!(trying.await.unwrap().unwrap() > world.auth.clock.now());
        assert_eq!(token(&other, &store).await.expose(), given.expose());
        assert_eq!(world.front.calls("RefreshSession"), 1);
    }

    async fn a_session_is_kept_fresh_while_nobody_asks(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        world.use_and_wait(DUE).await;
        let keeping = tokio::spawn(async move { client.keep_fresh().await });
        while kept(&store).await.generation == 1 {
            tokio::task::yield_now().await;
        }
        assert!(!keeping.is_finished());
        keeping.abort();
    }

    async fn a_wrong_password_and_a_missing_log_in_ask_for_one(kind: Kind) {
        let world = World::start(kind).await;
        let client = world.client(MemoryStore::default());
        assert_eq!(reason(client.access_token().await), "nobody is logged in; log in");
        let wrong = CreateSessionRequest {
            password: "not this one".to_owned(),
            ..credentials()
        };
        assert_eq!(reason(client.log_in(wrong).await), "CREDENTIALS_INVALID; log in");
    }

    async fn a_log_in_is_never_repeated(kind: Kind) {
        let world = World::start(kind).await;
        let store = MemoryStore::default();
        let client = world.client(store.clone());
        world.front.next([Fate::AnswerLost]);
        let error = client.log_in(credentials()).await.unwrap_err();
        assert!(!error.requires_log_in(), "{error:?}");
        assert_eq!(world.front.calls("CreateSession"), 1);
        assert!(store.load().await.unwrap().is_none());
    }

    async fn an_answer_that_is_not_about_the_session_ends_nothing(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        world.use_and_wait(OVER).await;
        for status in [
            Status::unauthenticated("a proxy that says so, without a reason"),
            Status::unimplemented("another server"),
            Status::permission_denied("a proxy"),
        ] {
            world.front.next([Fate::Refused(status)]);
            let error = client.access_token().await.unwrap_err();
            assert!(!error.requires_log_in(), "{error:?}");
            world.auth.clock.advance(Duration::from_secs(1));
        }
        world.validate(&token(&client, &store).await).await.expect("it goes on");
    }
}
