//! Adds a reason (`google.rpc.ErrorInfo`) to every error that leaves a listener, whether a handler,
//! a layer, the router or tonic made it.

use super::{
    asks_about_the_server,
    message::{Progress, Reading, Refusal},
};
use contract::{deadline, errors};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, Request, Response, header::CONTENT_TYPE};
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use proto::auth::v1::ErrorReason;
use std::{
    convert::Infallible,
    error::Error,
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::Instant;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service, ServiceExt as _};

/// Headers for the encoding of messages, and for the encodings that the server accepts
/// (gRPC, "Compression").
const ENCODING: &str = "grpc-encoding";
const ENCODINGS: &str = "grpc-accept-encoding";
const NOT_COMPRESSED: &str = "identity";

/// The layer. It wraps all services of a listener.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reasons;

impl<S> Layer<S> for Reasons {
    type Service = WithReasons<S>;

    fn layer(&self, inner: S) -> WithReasons<S> {
        WithReasons { inner }
    }
}

/// Services whose errors have reasons.
#[derive(Clone, Debug)]
pub(super) struct WithReasons<S> {
    inner: S,
}

impl<S> Service<Request<Body>> for WithReasons<S>
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
        if is_compressed(request.headers()) {
            return Box::pin(std::future::ready(Ok(encoding_unsupported().into_http())));
        }
        let deadline = asks_about_the_server(request.uri().path()).then(|| {
            let time = deadline::with_time_to_answer(request.headers());
            Instant::now() + time.map_or(deadline::CALL, |time| time.min(deadline::CALL))
        });
        // a request of plain HTTP has no gRPC messages to check
        let (reading, request) = if is_grpc(request.headers()) {
            Reading::of(request)
        } else {
            (Reading::default(), request)
        };
        let serving = AssertUnwindSafe(self.inner.clone().oneshot(request)).catch_unwind();
        Box::pin(async move {
            let served = match deadline {
                None => Some(serving.await),
                Some(deadline) => deadline::until(deadline, serving).await,
            };
            Ok(match served {
                Some(Ok(Ok(answer))) => with_reason(answer, reading),
                // the panic hook has already logged the place
                Some(Err(_panic)) => fault("a panic").into_http(),
                None => late().into_http(),
            })
        })
    }
}

fn is_compressed(headers: &HeaderMap) -> bool {
    let encodings = headers.get_all(ENCODING);
    encodings.iter().any(|encoding| encoding != NOT_COMPRESSED)
}

fn encoding_unsupported() -> Status {
    let mut status = errors::refuse(
        Code::Unimplemented,
        ErrorReason::EncodingUnsupported,
        "compressed messages are not supported; send them without grpc-encoding",
    );
    let encodings = tonic::metadata::MetadataValue::from_static(NOT_COMPRESSED);
    status.metadata_mut().insert(ENCODINGS, encodings);
    status
}

/// The answer to a call after its deadline.
pub(crate) fn late() -> Status {
    errors::refuse(
        Code::Unavailable,
        ErrorReason::DeadlineReached,
        "the call could not be served in time; try again",
    )
}

/// The answer to a call of an unknown method.
pub(crate) fn method_unknown() -> Status {
    errors::refuse(
        Code::Unimplemented,
        ErrorReason::MethodUnknown,
        "this listener has no such method; reflection tells what it has",
    )
}

/// The answer to a call that failed because of a fault in the service. The cause is logged.
pub(super) fn fault(cause: &str) -> Status {
    tracing::error!(cause, "internal error");
    errors::refuse(Code::Internal, ErrorReason::Internal, "internal error")
}

/// Adds a reason to an error, whose status may be in the headers or in the trailers.
fn with_reason(answer: Response<Body>, reading: Reading) -> Response<Body> {
    if let Some(refusal) = reading.untranslated() {
        return refusal.clone().into_http();
    }
    if let Some(status) = Status::from_header_map(answer.headers()) {
        let made = answer.extensions().get().unwrap_or(&status);
        return match explained(&status, made, reading.progress()) {
            Some(status) => status.into_http(),
            None => answer,
        };
    }
    if !is_grpc(answer.headers()) {
        return answer;
    }
    answer.map(|body| {
        Body::new(body.map_frame(move |frame| match frame.into_trailers() {
            Ok(trailers) => Frame::trailers(explained_trailers(trailers, &reading)),
            Err(frame) => frame,
        }))
    })
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_some_and(|content_type| content_type.starts_with(b"application/grpc"))
}

fn explained_trailers(trailers: HeaderMap, reading: &Reading) -> HeaderMap {
    let is_ok = trailers
        .get(Status::GRPC_STATUS)
        .is_some_and(|code| code == "0");
    let progress = match reading.progress() {
        Progress::Refused(refusal) => Progress::Refused(refusal),
        _ if is_ok => return trailers,
        // the handler has begun to answer, so the message was valid
        _ => Progress::Complete,
    };
    let status = Status::from_header_map(&trailers);
    let Some(status) = status.and_then(|status| explained(&status, &status, progress)) else {
        return trailers;
    };
    let mut explained = HeaderMap::new();
    match status.add_header(&mut explained) {
        Ok(()) => explained,
        Err(_) => trailers,
    }
}

/// The status with its reason, or `None` if the status needs none. `made` is the same status before
/// it was written, with its cause.
///
/// For a unary method, tonic decodes the message, then reads the end of the request, and then calls
/// the handler. So if the end was not read yet, an INTERNAL status is not from the handler: tonic
/// could not decode the message. If not even a message has arrived, the request was cut off, for
/// example by a listener that stops.
fn explained(status: &Status, made: &Status, progress: Progress) -> Option<Status> {
    if let Progress::Refused(refusal) = progress {
        return Some(refusal.status());
    }
    if status.code() == Code::Ok || errors::has_reason(status) {
        return None;
    }
    Some(match (status.code(), progress) {
        (Code::Internal, Progress::AtMessage | Progress::Empty) => Refusal::Malformed.status(),
        (Code::Internal, Progress::Begun) => late(),
        (Code::Internal | Code::Unknown | Code::DataLoss, _) => fault(&cause_of(made)),
        (Code::Unimplemented, _) => method_unknown(),
        _ => errors::without_reason(status),
    })
}

/// The message of a status, and its causes.
fn cause_of(status: &Status) -> String {
    let causes = std::iter::successors(status.source(), |&cause| cause.source());
    let texts = causes.map(ToString::to_string);
    let texts: Vec<_> = std::iter::once(status.message().to_owned())
        .chain(texts)
        .collect();
    texts.join(": ")
}

#[cfg(test)]
mod tests;
