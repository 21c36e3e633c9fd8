//! The Connect protocol (connectrpc.com/docs/protocol): a method is called by a plain POST with
//! JSON, or with one message of Protocol Buffers, over HTTP/1.1 or HTTP/2.
//!
//! The inner layers serve gRPC. This layer turns such a request into a gRPC call, and turns the gRPC
//! answer into an HTTP answer. It reads and translates the body only when an inner layer reads the message. So a
//! call is authorized, shed and counted before its body is read, exactly like a gRPC call.
//!
//! Paths of plain HTTP pass the same inner layers. Their refusals have the form of Connect's errors.

mod answer;
mod compression;
mod error;
mod json;
mod methods;
mod request;

pub use error::json_refusal;
pub use methods::InvalidDescriptors;
use methods::Method;
pub(super) use methods::Methods;
pub(super) use request::read_to_end;

use contract::{access_rules::PathRules, errors};
use futures_util::future::Either;
use http::{HeaderMap, Request, Response, Version, header::CONTENT_TYPE};
use proto::auth::v1::ErrorReason;
use std::{
    future::{Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

/// The content types of unary calls.
pub(super) const CONTENT_TYPES: [&str; 2] = [JSON, PROTO];
const JSON: &str = "application/json";
const PROTO: &str = "application/proto";

/// The codec of a call. The answer has the codec of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Json,
    Proto,
}

impl Codec {
    /// [`HttpCheck`](super::http_check::HttpCheck) has removed the parameters of the content type
    /// and written it in lower case.
    fn of(headers: &HeaderMap) -> Option<Self> {
        match headers.get(CONTENT_TYPE)?.as_bytes() {
            b"application/json" => Some(Self::Json),
            b"application/proto" => Some(Self::Proto),
            _ => None,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Json => JSON,
            Self::Proto => PROTO,
        }
    }
}

/// The layer. It wraps all gRPC services of a listener, and all paths of plain HTTP.
#[derive(Clone, Debug)]
pub(super) struct Connect {
    methods: Arc<Methods>,
    paths: PathRules,
}

impl Connect {
    pub(super) fn new(methods: Methods, paths: PathRules) -> Self {
        let methods = Arc::new(methods);
        Self { methods, paths }
    }
}

impl<S> Layer<S> for Connect {
    type Service = ByConnect<S>;

    fn layer(&self, inner: S) -> ByConnect<S> {
        ByConnect {
            inner,
            connect: self.clone(),
        }
    }
}

/// Services that can also be called by Connect.
#[derive(Clone, Debug)]
pub(super) struct ByConnect<S> {
    inner: S,
    connect: Connect,
}

impl<S> Service<Request<Body>> for ByConnect<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Either<Ready<Answer<S::Error>>, Translated<S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        if self.connect.paths.iter().any(|(served, _)| *served == path) {
            *request.version_mut() = Version::HTTP_2;
            let call = self.inner.call(request);
            return Either::Right(Either::Right(Box::pin(async move {
                let answer = call.await?;
                Ok(answer::translate(answer, Codec::Json, None, false).await)
            })));
        }
        let Some(codec) = Codec::of(request.headers()) else {
            return Either::Left(self.inner.call(request));
        };
        let method = self.connect.methods.get(path);
        if method.is_some_and(|method| !method.is_unary) {
            let refusal = error::answer(&streaming());
            return Either::Right(Either::Left(ready(Ok(refusal))));
        }
        let gzip = compression::takes_gzip(request.headers());
        let (input, output) = method.map(Method::messages).unzip();
        let mut request = request::translate(request, codec, input);
        // the layer of gRPC-Web accepts gRPC only by HTTP/2
        *request.version_mut() = Version::HTTP_2;
        let call = self.inner.call(request);
        Either::Right(Either::Right(Box::pin(async move {
            let answer = call.await?;
            Ok(answer::translate(answer, codec, output.as_ref(), gzip).await)
        })))
    }
}

type Answer<E> = Result<Response<Body>, E>;
type Translated<E> = Pin<Box<dyn Future<Output = Answer<E>> + Send>>;

/// The answer to a call of a streaming method.
fn streaming() -> Status {
    errors::refuse(
        Code::Unimplemented,
        ErrorReason::MethodUnknown,
        "this method streams messages; call it by gRPC or gRPC-Web",
    )
}

#[cfg(test)]
mod tests;
