//! The Connect protocol (connectrpc.com/docs/protocol): a method is called by a plain POST with
//! JSON, or with one message of Protocol Buffers, over HTTP/1.1 or HTTP/2.
//!
//! The layer turns such a request into the gRPC call that the layers within serve already, and
//! their answer into an HTTP answer. The body of a request is read and translated when a layer
//! within reads the message. So a call is authorized, shed and counted before that, exactly as a
//! gRPC call is.
//!
//! Paths that are served by HTTP alone pass the same layers. Their refusals are told as those of
//! Connect.

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

/// How the messages of a call are written. The answer is written as the request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Json,
    Proto,
}

impl Codec {
    /// By the content type, which [`HttpCheck`](super::http_check::HttpCheck) has put into its
    /// plain form.
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

/// Wraps all services of a listener that are called by gRPC, and all paths of HTTP.
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

/// Services that are called by Connect as well.
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
        // gRPC-Web's layer takes gRPC by HTTP/2 alone
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

/// What a call of a method is answered that has more than one message on a side.
fn streaming() -> Status {
    errors::refuse(
        Code::Unimplemented,
        ErrorReason::MethodUnknown,
        "this method streams messages; call it by gRPC or gRPC-Web",
    )
}

#[cfg(test)]
mod tests;
