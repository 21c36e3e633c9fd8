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

/// Makes a span the child of the caller's, where the caller sent one.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    let parent =
        TraceContextPropagator::new().extract_with_context(&Context::new(), &Incoming(headers));
    if parent.span().span_context().is_valid() {
        // fails where nobody exports: then there is no trace to be in
        let _ = span.set_parent(parent);
    }
}

/// The trace that a span is in, for its logs.
#[must_use]
pub fn trace_id(span: &Span) -> Option<TraceId> {
    let context = span.context();
    let id = context.span().span_context().trace_id();
    (id != TraceId::INVALID).then_some(id)
}

/// Lets a call to another service be told from its logs and traces as part of the
/// call that is served here: sets `traceparent`, `tracestate` and `x-request-id`.
pub fn propagate(headers: &mut HeaderMap) {
    let context = Span::current().context();
    TraceContextPropagator::new().inject_context(&context, &mut Outgoing(headers));
    if let Some(id) = RequestId::served() {
        headers.insert(REQUEST_ID, id.value().clone());
    }
}
