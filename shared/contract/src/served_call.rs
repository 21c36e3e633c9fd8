//! The call that is being served: what the lines of its log name, and what the calls that it
//! makes in turn carry on.

use crate::{
    request_id::{REQUEST_ID, RequestId},
    trace_context::TraceContext,
};
use http::HeaderMap;
use opentelemetry::TraceId;
use std::sync::Arc;
use tracing::Span;

tokio::task_local! {
    static SERVED: ServedCall;
}

/// The names of a call.
#[derive(Clone, Debug)]
pub struct ServedCall {
    /// `package.Service/Method`.
    pub method: Arc<str>,
    /// By which the caller finds it in the log.
    pub request_id: RequestId,
    /// Its trace, if its caller sent one or its span is exported.
    pub trace_id: Option<TraceId>,
    incoming: TraceContext,
}

impl ServedCall {
    /// Reads what the caller sent.
    #[must_use]
    pub fn new(method: Arc<str>, headers: &HeaderMap) -> Self {
        let incoming = TraceContext::of_call(headers);
        Self {
            method,
            request_id: RequestId::of_call(headers),
            trace_id: incoming.id(),
            incoming,
        }
    }

    /// The same call, with a span that is the child of its caller's. Where nobody exports spans,
    /// there is none, and nothing changes.
    #[must_use]
    pub fn traced_by(self, span: &Span) -> Self {
        self.incoming.continue_in(span);
        Self {
            trace_id: TraceContext::of_span(span).id().or(self.trace_id),
            ..self
        }
    }

    /// Runs what serves the call.
    pub async fn serve<F: Future>(self, call: F) -> F::Output {
        SERVED.scope(self, call).await
    }

    /// Reads the names of the call that is served here, if any is.
    pub fn read<T>(read: impl FnOnce(&Self) -> T) -> Option<T> {
        SERVED.try_with(read).ok()
    }
}

/// Lets a call to another service be told from its logs and traces as part of the call that is
/// served here: sets `traceparent`, `tracestate` and `x-request-id`. Where nobody exports spans,
/// the caller's trace is passed on as it came.
pub fn propagate(headers: &mut HeaderMap) {
    let exported = TraceContext::of_span(&Span::current());
    let served = ServedCall::read(|call| (call.incoming.clone(), call.request_id.clone()));
    let (incoming, request_id) = served.unzip();
    let trace = if exported.id().is_some() {
        exported
    } else {
        incoming.unwrap_or_default()
    };
    trace.write(headers);
    if let Some(id) = request_id {
        headers.insert(REQUEST_ID, id.value().clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[tokio::test]
    async fn a_call_knows_its_names_while_it_is_served() {
        let names = || ServedCall::read(|call| (call.method.to_string(), call.request_id.clone()));
        assert_eq!(names(), None);
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static("page-7"));
        let call = ServedCall::new("a.A/A".into(), &headers);
        let (method, id) = call.serve(async { names() }).await.unwrap();
        assert_eq!(
            (method.as_str(), id.to_string().as_str()),
            ("a.A/A", "page-7")
        );
        assert_eq!(names(), None);
    }
}
