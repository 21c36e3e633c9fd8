//! Load shedding: calls that cannot be served soon are refused at once, so that admitted calls are
//! served in time and have enough memory. Calls do not wait in a queue.
//!
//! Health and reflection are outside of load shedding, so that a busy service does not look dead.

mod in_flight;
#[cfg(test)]
mod tests;

pub(crate) use in_flight::Permit;
pub use in_flight::Priority;

use super::MetricsRegistry;
use contract::{client_address::ClientAddress, errors};
use http::{HeaderMap, Request, Response};
use in_flight::InFlight;
use prometheus_client::metrics::counter::Counter;
use proto::auth::v1::ErrorReason;
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service, ServiceExt as _};

/// The memory that a header takes in addition to its name and value, in bytes.
const HEADER: usize = 100;

/// The layer, for gRPC services (`named_layer`). Services that get clones of one layer share its
/// capacity.
#[derive(Clone, Debug)]
pub struct LoadShedLayer {
    in_flight: Arc<Mutex<InFlight>>,
    priority: fn(&str) -> Priority,
}

impl LoadShedLayer {
    /// Admits at most `calls_in_flight` calls. `priority` gets the path of a call
    /// (`/package.Service/Method`). A caller is an address, and behind the session layer also a
    /// user.
    #[must_use]
    pub fn new(
        calls_in_flight: usize,
        priority: fn(&str) -> Priority,
        registry: &mut MetricsRegistry,
    ) -> Self {
        let shed = Counter::default();
        registry.register(
            "calls_shed",
            "Calls that were refused since too many, or too much metadata, were in flight",
            shed.clone(),
        );
        let in_flight = InFlight::new(calls_in_flight, shed);
        Self {
            in_flight: Arc::new(Mutex::new(in_flight)),
            priority,
        }
    }

    fn enter(&self, request: &Request<Body>) -> Option<Permit> {
        let address = request.extensions().get::<ClientAddress>();
        let address = address.map(|address| address.0);
        let priority = (self.priority)(request.uri().path());
        Permit::enter(
            &self.in_flight,
            address,
            priority,
            in_memory(request.headers()),
        )
    }
}

fn in_memory(headers: &HeaderMap) -> usize {
    let size = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + HEADER
    };
    headers.iter().map(size).sum()
}

/// The answer to a call for which there is no capacity.
pub(crate) fn overloaded() -> Status {
    errors::refuse(
        Code::ResourceExhausted,
        ErrorReason::Overloaded,
        "too many calls at once, or too much metadata; try again after a moment",
    )
}

impl<S> Layer<S> for LoadShedLayer {
    type Service = LoadShed<S>;

    fn layer(&self, inner: S) -> LoadShed<S> {
        LoadShed {
            inner,
            layer: self.clone(),
        }
    }
}

/// A gRPC service with a limit on the calls in flight.
#[derive(Clone, Debug)]
pub struct LoadShed<S> {
    inner: S,
    layer: LoadShedLayer,
}

impl<S> Service<Request<Body>> for LoadShed<S>
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

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let Some(permit) = self.layer.enter(&request) else {
            return Box::pin(std::future::ready(Ok(overloaded().into_http())));
        };
        let (inner, permit) = (self.inner.clone(), Arc::new(permit));
        request.extensions_mut().insert(Arc::clone(&permit));
        Box::pin(async move {
            let answer = inner.oneshot(request).await;
            drop(permit);
            answer
        })
    }
}
