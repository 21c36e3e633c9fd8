//! One trace across services: W3C Trace Context, `traceparent` and `tracestate`.

use crate::request_id::{REQUEST_ID, RequestId};
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context, TraceId,
    propagation::{Extractor, Injector, TextMapPropagator as _},
    trace::TraceContextExt as _,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// "Vendors SHOULD propagate at least 512 characters" (W3C Trace Context, 3.3.1.5);
/// a longer state is dropped, as that section allows.
const MAX_STATE: usize = 512;

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.0.get(key)?.to_str().ok()?;
        let is_taken = value.len() <= MAX_STATE && (key != "traceparent" || has_form(value));
        is_taken.then_some(value)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

/// Whether each field of a `traceparent` has its length, which the propagator does not
/// ask: two, 32, 16 and two digits, and in later versions more (W3C Trace Context, 3.2.2).
fn has_form(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_dash = |at: usize| bytes.get(at) == Some(&b'-');
    [2, 35, 52].into_iter().all(is_dash) && (bytes.len() == 55 || is_dash(55))
}

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(key, value);
        }
    }
}

tokio::task_local! {
    static SERVED: IncomingTrace;
}

/// The trace that a call came in; none if its caller sent none that can be read.
#[derive(Clone, Debug, Default)]
pub struct IncomingTrace(Context);

impl IncomingTrace {
    /// Reads what the caller sent.
    #[must_use]
    pub fn of_call(headers: &HeaderMap) -> Self {
        let propagator = TraceContextPropagator::new();
        Self(propagator.extract_with_context(&Context::new(), &Incoming(headers)))
    }

    /// Makes a span the child of the caller's. Where nobody exports spans, nothing happens.
    pub fn continue_in(&self, span: &Span) {
        if is_trace(&self.0) {
            let _ = span.set_parent(self.0.clone());
        }
    }

    /// The trace of a span that continues this one, for its logs.
    #[must_use]
    pub fn id(&self, span: &Span) -> Option<TraceId> {
        let context = span.context();
        let context = if is_trace(&context) {
            &context
        } else {
            &self.0
        };
        is_trace(context).then(|| context.span().span_context().trace_id())
    }

    /// Serves a call that came in this trace.
    pub async fn serve<F: Future>(self, call: F) -> F::Output {
        SERVED.scope(self, call).await
    }
}

fn is_trace(context: &Context) -> bool {
    context.span().span_context().is_valid()
}

/// Lets a call to another service be told from its logs and traces as part of the
/// call that is served here: sets `traceparent`, `tracestate` and `x-request-id`. Where nobody
/// exports spans, the caller's trace is passed on as it came.
pub fn propagate(headers: &mut HeaderMap) {
    let mut context = Span::current().context();
    if !is_trace(&context)
        && let Ok(IncomingTrace(incoming)) = SERVED.try_with(Clone::clone)
    {
        context = incoming;
    }
    TraceContextPropagator::new().inject_context(&context, &mut Outgoing(headers));
    if let Some(id) = RequestId::served() {
        headers.insert(REQUEST_ID, id.value().clone());
    }
}
