//! Replicas that die, hang, shed load or answer.

use super::{
    Load,
    stand_in::{Says, StandIn},
    to, validate, validator,
};
use client::validation::{ValidationError, Validator as _};
use contract::{bearer::BearerToken, deadline::Deadline, errors};
use proto::auth::v1::ErrorReason;
use std::{net::SocketAddr, time::Duration};
use testing::{Kind, auth::Auth, proxy::TcpProxy};
use tonic::{Code, Status};

const UNAVAILABLE: Result<String, ValidationError> = Err(ValidationError::Unavailable);

fn served() -> String {
    "sara@example.com".to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_replicas_one_after_the_other_dies_and_no_call_fails() {
    let auth = Auth::start(Kind::Postgres).await;
    let others = [auth.another_replica().await, auth.another_replica().await];
    let replicas = [
        auth.replica.internal,
        others[0].internal,
        others[1].internal,
    ];
    let proxies = replicas.map(TcpProxy::start);
    auth.add_customer("sara@example.com").await;
    let token = auth.log_in("sara@example.com").await.tokens.unwrap();
    let validator = validator(to(&proxies.each_ref().map(TcpProxy::address)));
    let mut load = Load::start(&validator, &token.access_token);
    for proxy in &proxies {
        load.answers(200).await;
        proxy.cut().await;
        load.answers(200).await;
        proxy.restore().await;
        // it is asked again
        let passed = proxy.passed();
        load.until(|| proxy.passed() > passed).await;
    }
    let calls = load.end().await;
    println!("calls answered: {calls}");
    for proxy in &proxies {
        assert!(proxy.passed() > 0, "each was asked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_says_nothing_costs_no_call() {
    let (one, two) = (
        StandIn::answering("127.0.0.1:0").await,
        StandIn::answering("127.0.0.1:0").await,
    );
    let proxies = [one.address, two.address].map(TcpProxy::start);
    let validator = validator(to(&proxies.each_ref().map(TcpProxy::address)));
    // a call that meets it asks another when a part of this is over
    let patience = Duration::from_secs(6);
    let mut load = Load::within(patience, &validator, "token");
    load.answers(100).await;
    proxies[0].hang().await;
    load.answers(500).await;
    let calls = one.calls();
    proxies[0].restore().await;
    load.until(|| one.calls() > calls).await;
    load.end().await;
}

#[tokio::test]
async fn a_call_fails_early_when_no_replica_answers_and_succeeds_when_one_is_back() {
    let replica = StandIn::answering("127.0.0.1:0").await;
    let proxies = [replica.address, replica.address].map(TcpProxy::start);
    let validator = validator(to(&proxies.each_ref().map(TcpProxy::address)));
    assert_eq!(validate(&validator, "token").await, Ok(served()));
    for proxy in &proxies {
        proxy.cut().await;
    }
    // it would outlast this test
    let an_hour = Deadline::within(Duration::from_hours(1));
    let token = BearerToken::new("token".to_owned()).unwrap();
    let answer = validator.validate(token, an_hour).await;
    assert_eq!(answer.map(|principal| principal.name), UNAVAILABLE);
    proxies[1].restore().await;
    assert_eq!(validate(&validator, "token").await, Ok(served()));
}

#[tokio::test]
async fn an_answer_is_not_asked_for_twice() {
    let answers: [Says; 4] = [
        || {
            let reason = ErrorReason::SessionEnded;
            Some(Err(errors::refuse(Code::Unauthenticated, reason, "ended")))
        },
        || {
            let reason = ErrorReason::DatabaseUnavailable;
            Some(Err(errors::refuse(Code::Unavailable, reason, "away")))
        },
        || {
            let reason = ErrorReason::ServiceTokenInvalid;
            Some(Err(errors::refuse(Code::Unauthenticated, reason, "ours")))
        },
        || Some(Err(Status::internal("a fault"))),
    ];
    for says in answers {
        let (one, two) = (StandIn::saying(says).await, StandIn::saying(says).await);
        let validator = validator(to(&[one.address, two.address]));
        for calls in 1..=5 {
            validate(&validator, "token").await.unwrap_err();
            assert_eq!(one.calls() + two.calls(), calls, "{:?}", says());
        }
    }
}

const SHEDDING: Says = || {
    let reason = ErrorReason::Overloaded;
    Some(Err(errors::refuse(
        Code::ResourceExhausted,
        reason,
        "too much",
    )))
};

#[tokio::test]
async fn a_replica_that_sheds_load_leaves_it_to_another() {
    let (busy, idle) = (
        StandIn::saying(SHEDDING).await,
        StandIn::answering("127.0.0.1:0").await,
    );
    let validator = validator(to(&[busy.address, idle.address]));
    for _ in 0..50 {
        assert_eq!(validate(&validator, "token").await, Ok(served()));
    }
    assert!(busy.calls() > 0);
}

#[tokio::test]
async fn an_outage_is_not_multiplied() {
    const CALLS: usize = 500;
    let replicas = [
        StandIn::saying(SHEDDING).await,
        StandIn::saying(SHEDDING).await,
        StandIn::saying(SHEDDING).await,
    ];
    let validator = validator(to(&replicas.each_ref().map(|replica| replica.address)));
    for _ in 0..CALLS {
        assert_eq!(validate(&validator, "token").await, UNAVAILABLE);
    }
    let requested: usize = replicas.iter().map(StandIn::calls).sum();
    assert!(
        (CALLS + 50..CALLS + 100).contains(&requested),
        "{requested}"
    );
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_nothing_running() {
    let mut replicas = [
        StandIn::saying(|| None).await,
        StandIn::saying(|| None).await,
    ];
    let addresses: Vec<SocketAddr> = replicas.iter().map(|replica| replica.address).collect();
    let validator = validator(to(&addresses));
    let calls = |replicas: &[StandIn]| replicas.iter().map(StandIn::calls).sum::<usize>();
    // what went on without its caller would do so longer than this test
    let an_hour = Duration::from_hours(1);
    {
        let token = BearerToken::new("token".to_owned()).unwrap();
        let requesting = validator.validate(token, Deadline::within(an_hour));
        let mut requesting = std::pin::pin!(requesting);
        // until a replica works on it, and no longer
        while calls(&replicas) == 0 {
            let step = tokio::time::timeout(Duration::from_millis(1), &mut requesting).await;
            step.expect_err("no answer");
        }
    }
    let [one, two] = &mut replicas;
    let given_up = async {
        tokio::select! {
            given_up = one.given_up.recv() => given_up.unwrap(),
            given_up = two.given_up.recv() => given_up.unwrap(),
        }
    };
    let given_up = tokio::time::timeout(Duration::from_secs(20), given_up).await;
    given_up.expect("the replica is told");
    // the time in which another would have been asked
    tokio::time::pause();
    tokio::time::advance(an_hour).await;
    assert_eq!(calls(&replicas), 1);
}
