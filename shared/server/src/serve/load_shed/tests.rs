use super::{in_flight::InFlight, *};
use contract::ids::UserId;
use futures_util::FutureExt as _;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};
use tonic_types::StatusExt as _;

fn caller(number: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, number).into()
}

fn enter(in_flight: &mut InFlight, from: u8, priority: Priority, times: usize) -> usize {
    (0..times)
        .filter(|_| in_flight.enter(Some(caller(from)), priority, 0))
        .count()
}

#[test]
fn calls_of_higher_priority_are_served_where_others_are_refused() {
    let mut in_flight = InFlight::new(64, Counter::default());
    assert_eq!(enter(&mut in_flight, 1, Priority::Last, 100), 48);
    assert_eq!(enter(&mut in_flight, 1, Priority::Second, 100), 8);
    assert_eq!(enter(&mut in_flight, 1, Priority::First, 100), 8);
}

#[test]
fn an_address_that_floods_is_the_one_that_is_refused() {
    let mut in_flight = InFlight::new(64, Counter::default());
    // a single caller may use the whole capacity for calls of this priority
    assert_eq!(enter(&mut in_flight, 1, Priority::Last, 100), 48);
    for _ in 0..24 {
        in_flight.leave(Some(caller(1)), 0);
    }
    // a second caller arrives, and the first one has its half already
    assert!(in_flight.enter(Some(caller(2)), Priority::Last, 0));
    assert!(!in_flight.enter(Some(caller(1)), Priority::Last, 0));
    assert_eq!(enter(&mut in_flight, 2, Priority::Last, 100), 23);
}

#[test]
fn a_user_who_floods_through_a_proxy_is_the_one_who_is_refused() {
    let in_flight = Arc::new(Mutex::new(InFlight::new(64, Counter::default())));
    let enter = |user| {
        let permit = Permit::enter(&in_flight, Some(caller(1)), Priority::Last, 0)?;
        permit.has_capacity_for(UserId(user)).then_some(permit)
    };
    let mut flood: Vec<_> = (0..100).map_while(|_| enter(1)).collect();
    assert_eq!(flood.len(), 48);
    flood.truncate(24);
    // a second user arrives, and the first one has its half already
    let other = enter(2).expect("capacity for it");
    assert!(enter(1).is_none());
    let others: Vec<_> = (0..100).map_while(|_| enter(2)).collect();
    assert_eq!(others.len(), 23);
    drop((flood, other, others));
    let in_flight = in_flight.lock().unwrap();
    assert!(in_flight.by_user.0.is_empty() && in_flight.all == 0);
    // of each of three who asked for more than there was
    assert_eq!(in_flight.shed.get(), 3);
}

/// A service whose calls never end.
fn busy(
    calls_in_flight: usize,
) -> LoadShed<
    impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static,
> {
    let mut registry = crate::serve::metrics_registry("t", "1");
    let busy = tower::service_fn(|_: Request<Body>| std::future::pending());
    LoadShedLayer::new(calls_in_flight, |_| Priority::Last, &mut registry).layer(busy)
}

fn shed(layer: &LoadShedLayer) -> u64 {
    layer.in_flight.lock().unwrap().shed.get()
}

fn request() -> Request<Body> {
    Request::post("/a.A/A").body(Body::empty()).unwrap()
}

/// Asserts that a call is admitted.
macro_rules! assert_served {
    ($call:expr) => {{
        let mut call = $call;
        assert!(futures_util::poll!(&mut call).is_pending());
    }};
}

fn assert_refused(call: impl Future<Output = Result<Response<Body>, Infallible>>) {
    let refused = call.now_or_never().expect("at once").unwrap();
    let status = Status::from_header_map(refused.headers()).unwrap();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(errors::reason_of(&status).as_deref(), Some("OVERLOADED"));
    assert!(status.get_details_retry_info().is_some());
}

#[tokio::test]
async fn a_refused_call_is_told_when_to_retry_and_a_call_given_up_frees_its_permit() {
    let mut service = busy(8);
    let mut calls: Vec<_> = (0..6).map(|_| service.call(request())).collect();
    for call in &mut calls {
        assert_served!(call);
    }
    assert_refused(service.call(request()));
    assert_eq!(shed(&service.layer), 1);
    calls.pop();
    assert_served!(service.call(request()));
}

#[tokio::test]
async fn metadata_counts_by_what_it_takes_in_memory() {
    let mut service = busy(512);
    let mut calls = Vec::new();
    let large = || {
        let mut request = request();
        // on the wire, each takes two bytes
        for number in 0..2_000 {
            let (name, value) = ("n".parse().unwrap(), http::HeaderValue::from(number % 10));
            let _: bool = request
                .headers_mut()
                .append::<http::HeaderName>(name, value);
        }
        request
    };
    for _ in 0..42 {
        let mut call = service.call(large());
        assert!(futures_util::poll!(&mut call).is_pending());
        calls.push(call);
    }
    assert_refused(service.call(large()));
    assert_eq!(shed(&service.layer), 1);
    // a call of the usual size does not count
    assert_served!(service.call(request()));
    calls.pop();
    assert_served!(service.call(large()));
    drop(calls);
    let in_flight = service.layer.in_flight.lock().unwrap();
    assert_eq!((in_flight.all, in_flight.metadata), (0, 0));
}

proptest! {
    #[test]
    fn ended_calls_are_forgotten_and_the_capacity_is_never_exceeded(
        steps in proptest::collection::vec((any::<bool>(), 0_u8..6, 0_u8..3), 0..400)
    ) {
        let mut in_flight = InFlight::new(16, Counter::default());
        let mut inside: Vec<u8> = Vec::new();
        for (comes, from, priority) in steps {
            let priority = [Priority::First, Priority::Second, Priority::Last]
                [usize::from(priority)];
            if !comes {
                if let Some(at) = inside.iter().position(|other| *other == from) {
                    inside.swap_remove(at);
                    in_flight.leave(Some(caller(from)), 0);
                }
            } else if in_flight.enter(Some(caller(from)), priority, 0) {
                inside.push(from);
            }
            prop_assert!(in_flight.all <= 16);
            prop_assert_eq!(in_flight.all, inside.len());
            prop_assert_eq!(in_flight.by_address.0.values().sum::<usize>(), inside.len());
            prop_assert!(in_flight.by_address.0.len() <= inside.len());
        }
        for from in inside {
            in_flight.leave(Some(caller(from)), 0);
        }
        prop_assert!(in_flight.by_address.0.is_empty() && in_flight.all == 0);
        // a service without calls admits any caller
        prop_assert!(in_flight.enter(Some(caller(9)), Priority::Last, 0));
    }
}
