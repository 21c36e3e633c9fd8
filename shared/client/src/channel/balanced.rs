//! A channel to all replicas of a service, with the load balanced between them.

use super::{
    CallFailure, Replica, Resolver, Target,
    call_failure::{self, out_of_time},
    retry::{AttemptFailure, GaveUp, Policy},
};
use contract::deadline::{Deadline, FIRST_ADDRESSES, grpc_timeout};
use http_body_util::{BodyExt as _, Full};
use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Status, body::Body};
use tower::Service;

/// How often addresses are looked up, because DNS does not report changes.
const LOOK_UP_EVERY: Duration = Duration::from_secs(5);
/// The shortest pause between two look-ups, however many calls fail.
const LOOK_UP_AGAIN: Duration = Duration::from_millis(250);
/// The largest number of replicas. A name with more addresses is not the name of a service.
const MAX_REPLICAS: usize = 256;
/// The policy of calls about which only the message is known: such a call is processed at most
/// once.
static ONCE: Policy = Policy {
    attempts: 5,
    is_idempotent: false,
    throttle: None,
};

/// A channel to all replicas behind a name (a headless Service in Kubernetes). Generated clients
/// accept it as a channel. For each call, two replicas are chosen at random, and the one with fewer
/// pending calls gets the call. A replica that failed gets calls only if no other is left.
/// Addresses are looked up every five seconds, and at once when a replica fails. If the address of
/// a replica is gone, its pending calls continue. While no address is found, the last addresses are
/// used.
///
/// A call that no replica has processed, for example because the replica is stopping, is sent to
/// another replica or over another connection. A call that may have been processed is not sent
/// again. Each request is kept until it is answered, so the channel supports unary calls only. All
/// attempts together may take the call's time (`grpc-timeout`) until an answer begins; after that,
/// the status is `DEADLINE_EXCEEDED`.
#[derive(Clone, Debug)]
pub struct Balanced {
    known: Arc<Known>,
    _looking_up: Arc<DropGuard>,
}

#[derive(Debug)]
struct Known {
    target: Target,
    replicas: RwLock<Vec<Replica>>,
    /// Whether addresses have been looked up, with or without success.
    looked_up: watch::Sender<bool>,
    failed: Arc<Notify>,
}

impl Balanced {
    /// Starts looking up the addresses, on the caller's runtime.
    #[must_use]
    pub fn new(target: Target, resolver: Resolver) -> Self {
        let known = Arc::new(Known {
            target,
            replicas: RwLock::default(),
            looked_up: watch::Sender::new(false),
            failed: Arc::default(),
        });
        let stop = CancellationToken::new();
        let looking_up = look_up(Arc::clone(&known), resolver);
        tokio::spawn(stop.clone().run_until_cancelled_owned(looking_up));
        Self {
            known,
            _looking_up: Arc::new(stop.drop_guard()),
        }
    }

    /// Chooses a replica, but none of these addresses.
    pub(super) async fn pick(&self, requested: &[SocketAddr]) -> Option<Replica> {
        let mut looked_up = self.known.looked_up.subscribe();
        let first = looked_up.wait_for(|looked_up| *looked_up);
        // if none was found in time, there is nothing to choose from
        let _ = tokio::time::timeout(FIRST_ADDRESSES, first).await;
        self.known.pick(requested)
    }

    /// Whether there is a replica at another address than these.
    pub(super) fn has_another(&self, requested: &[SocketAddr]) -> bool {
        self.known.pick(requested).is_some()
    }
}

impl Known {
    fn pick(&self, requested: &[SocketAddr]) -> Option<Replica> {
        let replicas = self.replicas.read().unwrap_or_else(PoisonError::into_inner);
        let not_tried = replicas
            .iter()
            .filter(|replica| !requested.contains(&replica.address()));
        let (avoided, good): (Vec<_>, Vec<_>) = not_tried.partition(|replica| replica.is_avoided());
        let among = if good.is_empty() { avoided } else { good };
        if among.is_empty() {
            if replicas.is_empty() {
                // look up at once, not only when the next look-up is due
                self.failed.notify_one();
            }
            return None;
        }
        let one = || among[fastrand::usize(..among.len())];
        let (first, second) = (one(), one());
        let fewer = if first.pending() <= second.pending() {
            first
        } else {
            second
        };
        Some(fewer.clone())
    }

    /// Takes over the addresses that were found. Known replicas keep their connections.
    fn take(&self, mut addresses: Vec<SocketAddr>) {
        addresses.sort_unstable();
        addresses.dedup();
        addresses.truncate(MAX_REPLICAS);
        let mut replicas = self
            .replicas
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let same = replicas
            .iter()
            .map(Replica::address)
            .eq(addresses.iter().copied());
        if same {
            return;
        }
        tracing::info!(target = ?self.target, ?addresses, "replicas");
        let known = |address| {
            let mut replicas = replicas.iter();
            replicas.find(|replica| replica.address() == address)
        };
        let replica = |address| match known(address) {
            Some(replica) => replica.clone(),
            None => Replica::new(self.target.clone(), address, Arc::clone(&self.failed)),
        };
        *replicas = addresses.into_iter().map(replica).collect();
    }
}

async fn look_up(known: Arc<Known>, resolver: Resolver) {
    let mut fails = false;
    loop {
        let found = resolver.resolve(known.target.place()).await;
        let problem = match found {
            Ok(addresses) if addresses.is_empty() => Some("no address".to_owned()),
            Ok(addresses) => {
                known.take(addresses);
                None
            }
            Err(error) => Some(error.to_string()),
        };
        // logged when it begins, not each time
        if let (Some(problem), false) = (&problem, fails) {
            tracing::warn!(target = ?known.target, problem, "no addresses were found; the last ones are still used");
        }
        fails = problem.is_some();
        known.looked_up.send_replace(true);
        tokio::time::sleep(LOOK_UP_AGAIN).await;
        let rest = LOOK_UP_EVERY.saturating_sub(LOOK_UP_AGAIN);
        // until a call fails, or the time is over
        let _ = tokio::time::timeout(rest, known.failed.notified()).await;
    }
}

impl Service<http::Request<Body>> for Balanced {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let balanced = self.clone();
        Box::pin(async move {
            let time = grpc_timeout::of(request.headers());
            let called = balanced.send(request, time.map(Deadline::within)).await;
            Ok(called.unwrap_or_else(Status::into_http))
        })
    }
}

impl Balanced {
    async fn send(
        &self,
        request: http::Request<Body>,
        deadline: Option<Deadline>,
    ) -> Result<http::Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let message = body.collect().await?.to_bytes();
        let attempt = |mut replica: Replica, time: Option<Duration>| {
            let (mut parts, message) = (parts.clone(), message.clone());
            async move {
                if let Some(time) = time {
                    grpc_timeout::set(&mut parts.headers, time);
                }
                // an empty message may have reached the other side before hyper knows it
                let is_nothing = message.is_empty();
                let body = Body::new(Full::new(message));
                let called = replica.call(http::Request::from_parts(parts, body)).await;
                called.map_err(|error| match AttemptFailure::of(CallFailure::of(&error)) {
                    AttemptFailure::Closed | AttemptFailure::Unreachable if is_nothing => {
                        (AttemptFailure::ConnectionLost, error)
                    }
                    failure => (failure, error),
                })
            }
        };
        match self.call_by(&ONCE, deadline, attempt).await {
            Ok(response) => {
                Ok(response.map(|body| Body::new(body.map_err(call_failure::as_unavailable))))
            }
            Err(GaveUp::MayBeProcessed(error)) => Err(call_failure::status(error)),
            Err(GaveUp::OutOfTime) => Err(out_of_time()),
            Err(GaveUp::NoReplica | GaveUp::Throttled) => {
                Err(Status::unavailable("no replica can be reached"))
            }
        }
    }
}
