//! One trace across services: W3C Trace Context, `traceparent` and `tracestate`.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context, TraceId,
    propagation::{Extractor, Injector, TextMapPropagator as _},
    trace::TraceContextExt as _,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const PARENT: &str = "traceparent";
/// "Vendors SHOULD propagate at least 512 characters" (W3C Trace Context, 3.3.1.5);
/// a longer state is dropped, as that section allows.
const MAX_STATE: usize = 512;

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.0.get(key)?.to_str().ok()?;
        let is_taken = value.len() <= MAX_STATE && (key != PARENT || has_form(value));
        is_taken.then_some(value)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

/// Whether each field of a `traceparent` has the right length: two, 32, 16 and two digits, and more
/// fields in later versions (W3C Trace Context, 3.2.2). The propagator does not check this.
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

/// A trace context: of a call, if its caller sent a valid one, or of a span that is exported.
#[derive(Clone, Debug, Default)]
pub struct TraceContext(Context);

impl TraceContext {
    /// Reads the caller's trace context.
    #[must_use]
    pub fn of_call(headers: &HeaderMap) -> Self {
        if !headers.contains_key(PARENT) {
            return Self::default();
        }
        let propagator = TraceContextPropagator::new();
        Self(propagator.extract_with_context(&Context::new(), &Incoming(headers)))
    }

    /// The trace context of a span. It is empty if the span is not exported.
    #[must_use]
    pub fn of_span(span: &Span) -> Self {
        if span.is_none() {
            return Self::default();
        }
        Self(span.context())
    }

    /// Makes a span a child of the caller's span. Without an exporter of spans, this does nothing.
    pub fn continue_in(&self, span: &Span) {
        if self.id().is_some() {
            let _ = span.set_parent(self.0.clone());
        }
    }

    /// The name of the trace, if there is one.
    #[must_use]
    pub fn id(&self) -> Option<TraceId> {
        let span = self.0.span();
        let context = span.span_context();
        context.is_valid().then(|| context.trace_id())
    }

    /// Sets `traceparent` and `tracestate`, if there is a trace.
    pub fn write(&self, headers: &mut HeaderMap) {
        TraceContextPropagator::new().inject_context(&self.0, &mut Outgoing(headers));
    }
}
