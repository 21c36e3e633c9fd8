//! What a call leaves unread of its request's body is read, and discarded, before the call
//! is answered.
//!
//! A client that is refused may be in the middle of its message. If nobody reads on, HTTP/1.1
//! breaks the connection and HTTP/2 resets the stream, and clients lose the answer: curl,
//! Node, nginx and Chromium do. Some clients also lose an answer that comes before they have
//! sent everything. Thanks to this layer, whoever refuses a call may just drop its body.

use crate::timeout;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{HeaderValue, Request, Response, Version, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::{
    mem,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout as within,
};
use tonic::{Status, body::Body, codegen::Bytes};
use tower::{Layer, Service};

/// The most that is read of one body: a message of 4 MiB, the largest that gRPC's own
/// clients and servers take by default, also where it is sent in base64.
const MAX_BYTES: u64 = 6 * 1_024 * 1_024;
/// How long one body is read: a call has as long.
const MAX_TIME: Duration = Duration::from_secs(10);
/// An answer waits for a body that goes on coming. After a pause of this length it is sent,
/// and the body is read beside it. A client that is far away sends once a round trip.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// How many bodies are read at once. Others are not read.
const MAX_BODIES: usize = 4_096;

/// Wraps all that a server serves, around everything that may refuse a call.
#[derive(Clone, Debug)]
pub(super) struct DiscardBodies {
    permits: Arc<Semaphore>,
}

impl Default for DiscardBodies {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(MAX_BODIES)),
        }
    }
}

impl DiscardBodies {
    /// Reads a body to its end, in a task of its own where it has not come yet. `answer` is
    /// told when the answer may be sent, and dropped where the body is cut off.
    fn discard(&self, body: Body, answer: oneshot::Sender<()>) {
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let (Ok(permit), Ok(runtime)) = (permit, Handle::try_current()) else {
            return;
        };
        // whoever sends that much hears at once that it is in vain
        let is_too_long = body.size_hint().lower() > MAX_BYTES;
        let answer = (!is_too_long).then_some(answer);
        let mut reading = Box::pin(within(MAX_TIME, read(body, answer, permit)));
        if (&mut reading).now_or_never().is_none() {
            runtime.spawn(reading);
        }
    }
}

/// Reads until the body or its connection ends, or it is too long.
async fn read(
    mut body: Body,
    mut answer: Option<oneshot::Sender<()>>,
    _permit: OwnedSemaphorePermit,
) {
    let mut bytes = 0;
    while bytes <= MAX_BYTES {
        match within(MAX_PAUSE, body.frame()).await {
            Ok(Some(Ok(frame))) => bytes += frame.data_ref().map_or(0, Bytes::len) as u64,
            Ok(_ended) => return let_go(&mut answer),
            Err(_pause) => let_go(&mut answer),
        }
    }
}

fn let_go(answer: &mut Option<oneshot::Sender<()>>) {
    // a call that was cancelled has none
    let _ = answer.take().map(|answer| answer.send(()));
}

/// What becomes of the body of a call, once the call has dropped it unread.
type Rest = Arc<Mutex<Option<oneshot::Receiver<()>>>>;

/// The body of a request, as the services get it.
struct Watched {
    body: Body,
    has_ended: bool,
    discard: DiscardBodies,
    rest: Rest,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.has_ended = !matches!(frame, Some(Ok(_)));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.has_ended || self.is_end_stream() {
            return;
        }
        let body = mem::replace(&mut self.body, Body::empty());
        let (answer, rest) = oneshot::channel();
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(rest);
        self.discard.discard(body, answer);
    }
}

impl<S> Layer<S> for DiscardBodies {
    type Service = BodiesDiscarded<S>;

    fn layer(&self, inner: S) -> BodiesDiscarded<S> {
        BodiesDiscarded {
            inner,
            discard: self.clone(),
        }
    }
}

/// A service that may drop a request's body whenever it likes.
#[derive(Clone, Debug)]
pub(super) struct BodiesDiscarded<S> {
    inner: S,
    discard: DiscardBodies,
}

impl<S> Service<Request<Body>> for BodiesDiscarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let is_http1 = request.version() < Version::HTTP_2;
        let deadline = timeout::time_to_answer(request.headers());
        let rest = Rest::default();
        let call = self.inner.call(request.map(|body| {
            Body::new(Watched {
                body,
                has_ended: false,
                discard: self.discard.clone(),
                rest: Arc::clone(&rest),
            })
        }));
        Box::pin(async move {
            let mut answer = call.await?;
            let rest = rest.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(rest) = rest else {
                return Ok(answer);
            };
            let is_read = match deadline {
                None => rest.await.is_ok(),
                // who waits no longer is answered; the body is read beside
                Some(deadline) => timeout::until(deadline, rest)
                    .await
                    .is_none_or(|rest| rest.is_ok()),
            };
            if is_http1 && !is_read {
                // what is left would be read as the next request
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(header::CONNECTION, close);
            }
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests;
