//! auth-service away, silent, or shedding.

use crate::{
    front::Fate,
    world::{DUE, OVER, World, credentials, kept, token},
};
use client::session_client::{MemoryStore, SessionClient, Settings};
use contract::errors;
use proto::auth::v1::ErrorReason;
use std::time::Duration;
use testing::{Kind, auth::channel, proxy::TcpProxy};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// A client that has just logged in by way of a proxy, and its store.
async fn behind_a_proxy(kind: Kind) -> (World, TcpProxy, SessionClient<MemoryStore>, MemoryStore) {
    let world = World::start(kind).await;
    let proxy = TcpProxy::start(world.front.address);
    let store = MemoryStore::default();
    let client = world.client_by_way_of(proxy.address(), store.clone());
    client.log_in(credentials()).await.unwrap();
    (world, proxy, client, store)
}

testing::on_both_databases! {
    async fn a_good_token_is_given_while_auth_service_is_away(kind: Kind) {
        let (world, proxy, client, store) = behind_a_proxy(kind).await;
        let first = token(&client, &store).await;
        world.use_and_wait(DUE).await;
        proxy.cut().await;
        for _ in 0..3 {
            let given = client.access_token().await.expect("it is good");
            assert_eq!(given.expose(), first.expose());
        }
        world.auth.clock.advance(Duration::from_mins(2));
        let error = client.access_token().await.expect_err("it is over");
        assert!(!error.requires_log_in(), "an outage is no refusal: {error:?}");

        proxy.restore().await;
        world.auth.clock.advance(Duration::from_hours(5));
        world.validate(&token(&client, &store).await).await.expect("the session goes on");
        assert_eq!(kept(&store).await.generation, 2);
    }

    async fn an_answer_that_breaks_off_is_asked_for_again(kind: Kind) {
        let (world, proxy, client, store) = behind_a_proxy(kind).await;
        let mut rotations = 0;
        // from the first bytes of the request to the last ones of the answer
        for bytes in (1..2_000).step_by(150) {
            world.use_and_wait(OVER).await;
            proxy.break_once_after(bytes).await;
            client.access_token().await.expect("asked for again");
            rotations += 1;
            assert_eq!(kept(&store).await.generation, 1 + rotations, "after {bytes} bytes");
        }
        assert!(world.is_active().await);
    }

    async fn an_overloaded_replica_is_waited_for(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        world.use_and_wait(OVER).await;
        let shed = errors::refuse(Code::ResourceExhausted, ErrorReason::Overloaded, "shedding");
        world.front.next([Fate::Refused(shed)]);
        token(&client, &store).await;
        assert_eq!(world.front.calls("RefreshSession"), 2);
    }

    async fn a_retry_info_beyond_the_time_that_is_left_ends_the_attempts(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        world.use_and_wait(OVER).await;
        let details = ErrorDetails::with_retry_info(Some(Duration::from_hours(1)));
        let later = Status::with_error_details(Code::Unavailable, "come back later", details);
        world.front.next([Fate::Refused(later)]);
        let error = client.access_token().await.expect_err("no answer");
        assert!(!error.requires_log_in(), "{error:?}");
        assert_eq!(world.front.calls("RefreshSession"), 1);
        world.auth.clock.advance(Duration::from_hours(1));
        token(&client, &store).await;
    }

    async fn a_caller_without_a_good_token_is_told_after_a_few_attempts(kind: Kind) {
        let world = World::start(kind).await;
        let (_, store) = world.logged_in().await;
        world.use_and_wait(OVER).await;
        // no time passes between its callers but what is let pass here
        let clock = world.auth.clock.stopped_at(world.auth.clock.now());
        let settings = Settings { clock, ..world.settings() };
        let client = SessionClient::with(channel(world.front.address), store.clone(), settings);
        let away = || Fate::Refused(Status::unavailable("away"));
        world.front.next(std::iter::repeat_with(away).take(5));
        let error = client.access_token().await.expect_err("no answer");
        assert!(!error.requires_log_in(), "{error:?}");
        assert_eq!(world.front.calls("RefreshSession"), 5);
        // at rest: the next callers are not sent there at once
        client.access_token().await.expect_err("no answer");
        assert_eq!(world.front.calls("RefreshSession"), 5);
        world.auth.clock.advance(Duration::from_secs(1));
        token(&client, &store).await;
    }

    async fn a_silent_auth_service_holds_nobody_up_who_has_a_good_token(kind: Kind) {
        let (world, proxy, _, store) = behind_a_proxy(kind).await;
        let client = world.hasty_client(proxy.address(), store.clone());
        let first = token(&client, &store).await;
        world.use_and_wait(DUE).await;
        proxy.hang().await;
        for _ in 0..3 {
            let given = client.access_token().await.expect("it is good");
            assert_eq!(given.expose(), first.expose());
        }
        proxy.restore().await;
        client.refresh_if_due().await.expect("what was sent arrives");
        assert_ne!(token(&client, &store).await.expose(), first.expose());
    }
}
