//! Load shedding: what cannot be served soon is refused at once, so that what is
//! taken in keeps its time. Nothing waits here.
//!
//! Health and reflection stand outside, so that a busy service is not taken for a
//! dead one.

use super::{MetricsRegistry, Peer, PublicAccess};
use crate::{client_address::client_address, errors};
use http::{Request, Response};
use prometheus_client::metrics::counter::Counter;
use proto::auth::v1::ErrorReason;
use std::{
    collections::HashMap,
    convert::Infallible,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service, ServiceExt as _};

/// Who comes first where there is not room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Without it nobody is served: a validation.
    First,
    /// Without it somebody is logged out, or stays logged in: refresh, revocation.
    Second,
    /// What can be asked again.
    Last,
}

impl Priority {
    /// So many calls may be in flight once one of this priority is taken in.
    const fn room(self, capacity: usize) -> usize {
        match self {
            Self::First => capacity,
            Self::Second => capacity - capacity / 8,
            Self::Last => capacity - capacity / 4,
        }
    }
}

/// The calls that are in flight, by caller: an address, or none. Bounded by the
/// capacity, since a caller without a call is forgotten.
#[derive(Debug)]
struct InFlight {
    capacity: usize,
    all: usize,
    by_caller: HashMap<Option<IpAddr>, usize>,
}

impl InFlight {
    /// Takes a call in, or refuses it.
    ///
    /// While less than half of the room is taken, anybody may have it; from then on no
    /// caller gets more than an equal share, so that one who floods us is the one who
    /// is refused.
    fn enter(&mut self, caller: Option<IpAddr>, priority: Priority) -> bool {
        let room = priority.room(self.capacity);
        let own = self.by_caller.get(&caller).copied().unwrap_or(0);
        let callers = self.by_caller.len() + usize::from(own == 0);
        let share = (room / callers).max(1);
        let taken_in = self.all < room && (self.all < room / 2 || own < share);
        if taken_in {
            self.all += 1;
            *self.by_caller.entry(caller).or_default() += 1;
        }
        taken_in
    }

    fn leave(&mut self, caller: Option<IpAddr>) {
        self.all = self.all.saturating_sub(1);
        if let Some(own) = self.by_caller.get_mut(&caller) {
            *own -= 1;
            if *own == 0 {
                self.by_caller.remove(&caller);
            }
        }
    }
}

/// Wraps gRPC services, by `named_layer`: those that get clones of one share its
/// capacity.
#[derive(Clone, Debug)]
pub struct Shedding {
    in_flight: Arc<Mutex<InFlight>>,
    priority: fn(&str) -> Priority,
    trusted_proxies: usize,
    shed: Counter,
}

impl Shedding {
    /// A call's priority is by its path (`/package.Service/Method`); callers are told
    /// apart by address.
    #[must_use]
    pub fn new(
        access: &PublicAccess,
        priority: fn(&str) -> Priority,
        registry: &mut MetricsRegistry,
    ) -> Self {
        let shed = Counter::default();
        registry.register(
            "calls_shed",
            "Calls that were refused since too many were in flight",
            shed.clone(),
        );
        let in_flight = InFlight {
            capacity: access.calls_in_flight,
            all: 0,
            by_caller: HashMap::new(),
        };
        Self {
            in_flight: Arc::new(Mutex::new(in_flight)),
            priority,
            trusted_proxies: access.trusted_proxies,
            shed,
        }
    }

    fn enter(&self, request: &Request<Body>) -> Option<Place> {
        let peer = request.extensions().get::<Peer>().and_then(Peer::address);
        let caller = client_address(
            request.headers(),
            peer.map(|peer| peer.ip()),
            self.trusted_proxies,
        );
        let priority = (self.priority)(request.uri().path());
        let mut in_flight = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        in_flight.enter(caller, priority).then(|| Place {
            in_flight: Arc::clone(&self.in_flight),
            caller,
        })
    }
}

/// A place among the calls in flight. It is given back when the call ends, however.
struct Place {
    in_flight: Arc<Mutex<InFlight>>,
    caller: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut in_flight = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        in_flight.leave(self.caller);
    }
}

fn overloaded() -> Status {
    errors::refuse(
        Code::ResourceExhausted,
        ErrorReason::Overloaded,
        "too many calls at once; try again after a moment",
    )
}

impl<S> Layer<S> for Shedding {
    type Service = Shed<S>;

    fn layer(&self, inner: S) -> Shed<S> {
        Shed {
            inner,
            shedding: self.clone(),
        }
    }
}

/// A gRPC service that serves as much as it can.
#[derive(Clone, Debug)]
pub struct Shed<S> {
    inner: S,
    shedding: Shedding,
}

impl<S> Service<Request<Body>> for Shed<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some(place) = self.shedding.enter(&request) else {
            self.shedding.shed.inc();
            return Box::pin(std::future::ready(Ok(overloaded().into_http())));
        };
        let inner = self.inner.clone();
        Box::pin(async move {
            let answer = inner.oneshot(request).await;
            drop(place);
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;
    use tonic_types::StatusExt as _;

    fn caller(number: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, number).into()
    }

    fn in_flight(capacity: usize) -> InFlight {
        InFlight {
            capacity,
            all: 0,
            by_caller: HashMap::new(),
        }
    }

    fn enter(in_flight: &mut InFlight, from: u8, priority: Priority, times: usize) -> usize {
        (0..times)
            .filter(|_| in_flight.enter(Some(caller(from)), priority))
            .count()
    }

    #[test]
    fn who_comes_first_still_has_room_where_others_have_none() {
        let mut in_flight = in_flight(64);
        assert_eq!(enter(&mut in_flight, 1, Priority::Last, 100), 48);
        assert_eq!(enter(&mut in_flight, 1, Priority::Second, 100), 8);
        assert_eq!(enter(&mut in_flight, 1, Priority::First, 100), 8);
    }

    #[test]
    fn who_floods_us_is_the_one_who_is_refused() {
        let mut in_flight = in_flight(64);
        // alone, it may have all the room there is for such calls
        assert_eq!(enter(&mut in_flight, 1, Priority::Last, 100), 48);
        for _ in 0..24 {
            in_flight.leave(Some(caller(1)));
        }
        // then another one comes: the first has its half already
        assert!(in_flight.enter(Some(caller(2)), Priority::Last));
        assert!(!in_flight.enter(Some(caller(1)), Priority::Last));
        assert_eq!(enter(&mut in_flight, 2, Priority::Last, 100), 23);
    }

    /// Serves nobody to the end.
    #[derive(Clone)]
    struct Busy;

    impl Service<Request<Body>> for Busy {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = std::future::Pending<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            std::future::pending()
        }
    }

    #[tokio::test]
    async fn who_finds_no_room_is_told_when_to_come_back_and_a_call_given_up_makes_room() {
        let mut registry = crate::serve::metrics_registry("t", "1");
        let access = PublicAccess {
            calls_in_flight: 8,
            ..PublicAccess::default()
        };
        let shedding = Shedding::new(&access, |_| Priority::Last, &mut registry);
        let mut service = shedding.layer(Busy);
        let mut call = || service.call(Request::post("/a.A/A").body(Body::empty()).unwrap());
        let mut calls: Vec<_> = (0..6).map(|_| call()).collect();
        for call in &mut calls {
            assert!(futures_util::poll!(call).is_pending());
        }
        let refused = call().await.unwrap();
        let status = Status::from_header_map(refused.headers()).unwrap();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(errors::reason_of(&status).as_deref(), Some("OVERLOADED"));
        assert!(status.get_details_retry_info().is_some());
        assert_eq!(shedding.shed.get(), 1);
        calls.pop();
        let mut next = call();
        assert!(futures_util::poll!(&mut next).is_pending());
    }

    proptest! {
        #[test]
        fn what_left_is_forgotten_and_nothing_is_beyond_the_capacity(
            steps in proptest::collection::vec((any::<bool>(), 0_u8..6, 0_u8..3), 0..400)
        ) {
            let mut in_flight = in_flight(16);
            let mut inside: Vec<u8> = Vec::new();
            for (comes, from, priority) in steps {
                let priority = [Priority::First, Priority::Second, Priority::Last]
                    [usize::from(priority)];
                if !comes {
                    if let Some(at) = inside.iter().position(|other| *other == from) {
                        inside.swap_remove(at);
                        in_flight.leave(Some(caller(from)));
                    }
                } else if in_flight.enter(Some(caller(from)), priority) {
                    inside.push(from);
                }
                prop_assert!(in_flight.all <= 16);
                prop_assert_eq!(in_flight.all, inside.len());
                prop_assert_eq!(in_flight.by_caller.values().sum::<usize>(), inside.len());
                prop_assert!(in_flight.by_caller.len() <= inside.len());
            }
            for from in inside {
                in_flight.leave(Some(caller(from)));
            }
            prop_assert!(in_flight.by_caller.is_empty() && in_flight.all == 0);
            // whoever comes to an empty service is served
            prop_assert!(in_flight.enter(Some(caller(9)), Priority::Last));
        }
    }
}
