//! Observes each call: a span, and for each method the rate, the errors and the duration.

use super::{MetricsRegistry, asks_about_the_server};
use contract::{request_id::REQUEST_ID, served_call::ServedCall};
use http::{Request, Response};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};
use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service, ServiceExt as _};
use tracing::{Instrument as _, Span, field};

/// Upper bounds of the histogram of durations, in seconds. A call takes ten seconds at most.
const SECONDS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// The label for calls of unknown methods, so that callers cannot create series.
const UNKNOWN: &str = "unknown";

/// The layer. It wraps everything that may refuse a call.
#[derive(Clone, Debug)]
pub struct Calls {
    methods: Arc<Methods>,
}

#[derive(Debug)]
struct Methods {
    by_path: HashMap<String, Arc<Method>>,
    unknown: Arc<Method>,
}

/// The metrics of one method.
#[derive(Debug)]
struct Method {
    /// `package.Service/Method`.
    name: Arc<str>,
    by_code: Vec<Counter>,
    duration: Histogram,
    in_flight: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabels {
    method: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    method: String,
    code: String,
}

impl Calls {
    /// Registers the metrics of the methods at these paths (`/package.Service/Method`), at zero.
    #[must_use]
    pub fn register<'a>(
        registry: &mut MetricsRegistry,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let calls = Family::<CodeLabels, Counter>::default();
        let durations =
            Family::<MethodLabels, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        let in_flight = Family::<MethodLabels, Gauge>::default();
        let method = |method: &str| {
            let labels = MethodLabels {
                method: method.to_owned(),
            };
            let by_code = CODES.iter().map(|code| {
                calls.get_or_create_owned(&CodeLabels {
                    method: method.to_owned(),
                    code: (*code).to_owned(),
                })
            });
            Arc::new(Method {
                name: method.into(),
                by_code: by_code.collect(),
                duration: durations.get_or_create_owned(&labels),
                in_flight: in_flight.get_or_create_owned(&labels),
            })
        };
        let paths = paths.into_iter();
        let by_path = paths
            .map(|path| (path.to_owned(), method(path.trim_start_matches('/'))))
            .collect();
        let unknown = method(UNKNOWN);
        registry.register("calls", "Calls answered, by method and code", calls);
        registry.register(
            "call_duration_seconds",
            "From a call's arrival to its answer",
            durations,
        );
        registry.register("calls_in_flight", "Calls being served", in_flight);
        Self {
            methods: Arc::new(Methods { by_path, unknown }),
        }
    }
}

/// The names of the status codes of gRPC, at the places of their numbers.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// A call that is being served. If it is dropped without an answer, it was cancelled.
struct Served {
    method: Arc<Method>,
    span: Span,
    since: Instant,
    code: Code,
}

impl Served {
    fn begin(method: Arc<Method>, span: Span) -> Self {
        method.in_flight.inc();
        Self {
            method,
            span,
            since: Instant::now(),
            code: Code::Cancelled,
        }
    }

    fn end(mut self, response: &Response<Body>) {
        // a unary call that fails has its status in the headers
        let status = Status::from_header_map(response.headers());
        self.code = status.map_or(Code::Ok, |status| status.code());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let code = self.code as usize;
        let took = self.since.elapsed();
        self.method.in_flight.dec();
        self.method.duration.observe(took.as_secs_f64());
        if let (Some(counter), Some(name)) = (self.method.by_code.get(code), CODES.get(code)) {
            counter.inc();
            self.span.record("rpc.grpc.status_code", code);
            if is_fault(self.code) {
                self.span.record("otel.status_code", "ERROR");
            }
            tracing::debug!(code = name, milliseconds = milliseconds(took), "answered");
        }
    }
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// Codes that count as an error of the server (OpenTelemetry, "Semantic conventions for gRPC").
fn is_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

impl<S> Layer<S> for Calls {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed {
            inner,
            methods: Arc::clone(&self.methods),
        }
    }
}

/// A gRPC service whose calls are observed.
#[derive(Clone, Debug)]
pub struct Observed<S> {
    inner: S,
    methods: Arc<Methods>,
}

impl<S> Service<Request<Body>> for Observed<S>
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
        let inner = self.inner.clone();
        let path = request.uri().path();
        if asks_about_the_server(path) {
            return Box::pin(inner.oneshot(request));
        }
        let method = self.methods.by_path.get(path);
        let method = Arc::clone(method.unwrap_or(&self.methods.unknown));
        let names = ServedCall::new(Arc::clone(&method.name), request.headers());
        // for the exporter of spans; log lines get the names from `ServedCall`
        let span = tracing::info_span!(
            "call",
            otel.name = &*method.name,
            otel.kind = "server",
            otel.status_code = field::Empty,
            rpc.system = "grpc",
            rpc.grpc.status_code = field::Empty,
            request_id = %names.request_id,
        );
        let names = names.traced_by(&span);
        let id = names.request_id.value().clone();
        let served = Served::begin(method, span.clone());
        let call = async move {
            let Ok(mut response) = inner.oneshot(request).await;
            served.end(&response);
            response.headers_mut().insert(REQUEST_ID, id);
            Ok(response)
        };
        Box::pin(names.serve(call).instrument(span))
    }
}

#[cfg(test)]
mod tests;
