//! Addresses that change, and what the certificate of a replica must be of.

use super::{Load, dns::Dns, stand_in::StandIn, to, validate, validator};
use crate::tls::{mounted, server, stranger};
use client::{
    channel::{Balanced, Resolver, Target},
    validation::ValidationError,
};
use std::net::{Ipv4Addr, SocketAddr};
use testing::certificates::Authority;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// Three on one port, as DNS has them.
async fn three() -> [StandIn; 3] {
    let one = StandIn::answering("127.0.0.1:0").await;
    let port = one.address.port();
    let two = StandIn::answering(&format!("127.0.0.2:{port}")).await;
    let three = StandIn::answering(&format!("127.0.0.3:{port}")).await;
    [one, two, three]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_come_and_go_by_dns_and_no_call_fails() {
    let [one, two, three] = three().await;
    let address = |last| Ipv4Addr::new(127, 0, 0, last);
    let dns = Dns::start(&[address(1)]).await;
    let url = format!("http://auth.internal:{}", one.address.port());
    let target = Target::new(&url.parse().unwrap(), None).unwrap();
    let validator = validator(Balanced::new(target, dns.resolver()));
    let mut load = Load::start(&validator, "token");
    load.answers(200).await;
    assert_eq!(two.calls() + three.calls(), 0, "nobody knows of them");

    dns.answer(&[address(1), address(2), address(3)]);
    load.until(|| two.calls() > 0 && three.calls() > 0).await;

    // what is there no more is asked no more, and may go
    dns.answer(&[address(2), address(3)]);
    let mut calls = usize::MAX;
    while one.calls() != calls {
        calls = one.calls();
        load.answers(500).await;
    }
    drop(one);
    load.answers(200).await;

    // nobody by that name: the last known stay
    let requested = dns.requested();
    dns.answer(&[]);
    load.until(|| dns.requested() > requested + 1).await;
    load.answers(200).await;
    load.end().await;
}

#[tokio::test]
async fn any_call_goes_to_a_replica_that_can_be_reached() {
    let (_, health) = tonic_health::server::health_reporter();
    let listener = server::serve::Listener::bind("served", "127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let there = listener.address();
    let stop = tokio_util::sync::CancellationToken::new();
    let routes = tonic::service::Routes::new(health);
    tokio::spawn(listener.serve(routes, stop.clone()));
    let _stop = stop.drop_guard();
    // nobody listens at the other two
    let nobody = |last| SocketAddr::from(([127, 0, 0, last], 1));
    for _ in 0..10 {
        let mut client = HealthClient::new(to(&[nobody(1), there, nobody(2)]));
        for _ in 0..3 {
            let requested = HealthCheckRequest::default();
            client.check(requested).await.expect("an answer");
        }
    }
    let mut client = HealthClient::new(to(&[nobody(1)]));
    let refused = client.check(HealthCheckRequest::default()).await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::Unavailable);
}

#[tokio::test]
async fn a_replica_is_believed_by_the_name_and_not_by_its_address() {
    let ours = Authority::new();
    for (name, believed) in [("auth.internal", true), ("127.0.0.1", false)] {
        let this = mounted(&ours.server(&[name]), &ours);
        let tls = Some(server(&this, false));
        let replica = StandIn::start("127.0.0.1:0", || Some(Ok(())), tls).await;
        let address = replica.address;
        let target = Target::new(
            &"https://auth.internal:1".parse().unwrap(),
            Some(stranger(&this)),
        );
        let resolver = Resolver::new(move |_, _| std::future::ready(Ok(vec![address])));
        let validator = validator(Balanced::new(target.unwrap(), resolver));
        let answer = validate(&validator, "token").await;
        let expected = if believed {
            Ok("sara@example.com".to_owned())
        } else {
            Err(ValidationError::Unavailable)
        };
        assert_eq!(answer, expected, "{name}");
        assert_eq!(replica.calls() > 0, believed, "{name}");
    }
}
