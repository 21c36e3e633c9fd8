//! Ends the streams of health and reflection when the drain begins. Their clients keep them open for
//! as long as the server runs, so a stop would wait for them in vain.

use futures_util::{StreamExt as _, future::Either, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyStream, StreamBody};
use hyper::body::Frame;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::{Layer, Service};

/// The service whose streams do not end by themselves.
const REFLECTION: &str = "/grpc.reflection.";
/// The method whose answers do not end by themselves.
const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// The layer. It wraps everything that a listener serves.
#[derive(Clone, Debug)]
pub(super) struct EndWatching {
    /// Cancelled when the drain begins.
    pub(super) drain: Arc<CancellationToken>,
}

impl EndWatching {
    /// Passes on the data that has arrived, and then ends the stream. So a question from before the
    /// drain is answered, and a client that watches health learns that the server no longer serves.
    fn end(&self, body: Body, last: Option<HeaderMap>) -> Body {
        let state = Some((BodyStream::new(body), Arc::clone(&self.drain), last));
        let frames = stream::unfold(state, |state| async {
            let (mut body, drain, last) = state?;
            tokio::select! {
                biased;
                frame = body.next() => frame.map(|frame| (frame, Some((body, drain, last)))),
                () = drain.cancelled() => last.map(|last| (Ok(Frame::trailers(last)), None)),
            }
        });
        Body::new(StreamBody::new(frames))
    }
}

/// The trailers of a complete answer. A client that watches health calls again after any end (gRPC
/// Health Checking Protocol, "Watch").
fn ok() -> HeaderMap {
    let status = HeaderName::from_static("grpc-status");
    HeaderMap::from_iter([(status, HeaderValue::from_static("0"))])
}

impl<S> Layer<S> for EndWatching {
    type Service = WatchingEnds<S>;

    fn layer(&self, inner: S) -> WatchingEnds<S> {
        WatchingEnds {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service whose streams of health and reflection end when the drain begins.
#[derive(Clone, Debug)]
pub(super) struct WatchingEnds<S> {
    inner: S,
    layer: EndWatching,
}

impl<S> Service<Request<Body>> for WatchingEnds<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ended<S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let watches = path == WATCH;
        if !watches && !path.starts_with(REFLECTION) {
            return Either::Left(self.inner.call(request));
        }
        let layer = self.layer.clone();
        let answer = self.inner.call(request.map(|body| layer.end(body, None)));
        Either::Right(Box::pin(async move {
            let answer = answer.await?;
            Ok(if watches {
                answer.map(|body| layer.end(body, Some(ok())))
            } else {
                answer
            })
        }))
    }
}

type Ended<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

#[cfg(test)]
mod tests;
