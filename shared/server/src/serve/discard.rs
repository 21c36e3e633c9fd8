//! Reads the rest of a request's body and discards it, before the call is answered.
//!
//! A client whose call is refused may still be sending its message. If the server stops reading,
//! HTTP/1.1 breaks the connection and HTTP/2 resets the stream. curl, Node, nginx and Chromium
//! then lose the answer. Some clients also lose an answer that arrives before they have sent the
//! whole body. Because this layer reads the rest, an inner layer that refuses a call may simply
//! drop the body.

use contract::deadline;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response, Version, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, sleep, timeout as within},
};
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body, codegen::Bytes};
use tower::{Layer, Service};

/// How many bytes of one body are read. By default, clients and servers of gRPC accept messages of
/// up to 4 MiB, and base64 makes that a third longer.
const MAX_BYTES: u64 = 6 * 1_024 * 1_024;
/// How long one body is read: as long as a call may take.
const MAX_TIME: Duration = deadline::CALL;
/// While a body arrives, the answer waits. If nothing arrives for this long, the answer is sent, and
/// a task reads the rest of the body. A distant client sends something in each round trip, and a
/// round trip is shorter. A client on a busy machine may pause for longer, and more than once. When
/// the listener stops, an answer waits at most this long, and then the task reads at most this long.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// How many bodies are read at once. Beyond that, bodies are dropped.
const MAX_BODIES: usize = 4_096;

/// The layer. It wraps everything that may refuse a call.
#[derive(Clone, Debug)]
pub(super) struct DiscardBodies {
    permits: Arc<Semaphore>,
    /// Cancelled when the drain begins.
    drain: Arc<CancellationToken>,
}

impl DiscardBodies {
    pub(super) fn new(drain: Arc<CancellationToken>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(MAX_BODIES)),
            drain,
        }
    }

    /// Reads a body, and returns when the answer is to be sent, at `deadline` at the latest. A task
    /// reads the rest. `false` if the body will not be read to its end.
    async fn discard(&self, rest: Rest, deadline: Option<Instant>) -> bool {
        let Some(mut reading) = self.begin(rest.body) else {
            return false;
        };
        let is_too_long = reading.body.size_hint().lower() > MAX_BYTES;
        if rest.is_held_back || is_too_long {
            // a client that will send too much, or that waits before it sends, gets the answer now
            tokio::spawn(reading.go_on(self.clone()));
            return false;
        }
        let end = reading.end;
        let deadline = deadline.map_or(end, |deadline| deadline.min(end));
        match self.before(deadline, reading.read(MAX_PAUSE)).await {
            Some(Read::ToItsEnd) => true,
            Some(Read::TooMuch) => false,
            Some(Read::UpToAPause) | None => {
                tokio::spawn(reading.go_on(self.clone()));
                Instant::now() < end
            }
        }
    }

    fn begin(&self, body: Body) -> Option<Reading> {
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        permit.ok().map(|permit| Reading {
            body,
            bytes: 0,
            end: Instant::now() + MAX_TIME,
            _permit: permit,
        })
    }

    /// The result, if it is there before `deadline` and before a stop has waited long enough.
    async fn before<T>(&self, deadline: Instant, reading: impl Future<Output = T>) -> Option<T> {
        let until_stop = async {
            tokio::select! {
                biased;
                read = reading => Some(read),
                () = async { self.drain.cancelled().await; sleep(MAX_PAUSE).await } => None,
            }
        };
        deadline::until(deadline, until_stop).await.flatten()
    }
}

/// The rest of a body, while it is read and discarded.
struct Reading {
    body: Body,
    bytes: u64,
    /// When reading stops.
    end: Instant,
    _permit: OwnedSemaphorePermit,
}

/// How far a body was read.
enum Read {
    /// To the end of the body, or of its connection.
    ToItsEnd,
    /// Until nothing arrived for [`MAX_PAUSE`].
    UpToAPause,
    /// Beyond [`MAX_BYTES`].
    TooMuch,
}

impl Reading {
    async fn read(&mut self, max_pause: Duration) -> Read {
        while self.bytes <= MAX_BYTES {
            match within(max_pause, self.body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    self.bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
                }
                Ok(_ended) => return Read::ToItsEnd,
                Err(_pause) => return Read::UpToAPause,
            }
        }
        Read::TooMuch
    }

    /// Reads on while the answer is sent, however long the pauses.
    async fn go_on(mut self, discard: DiscardBodies) {
        discard.before(self.end, self.read(MAX_TIME)).await;
    }
}

/// The part of a body that a call did not read.
struct Rest {
    body: Body,
    /// Whether the client waits for `100 Continue`, which the server sends when the body is read
    /// before the answer.
    is_held_back: bool,
}

/// Whether the client waits for `100 Continue` before it sends the body (RFC 9110, 10.1.1).
fn is_held_back(version: Version, headers: &HeaderMap) -> bool {
    let expected = headers.get(header::EXPECT).map(HeaderValue::as_bytes);
    version > Version::HTTP_10
        && expected.is_some_and(|expected| expected.eq_ignore_ascii_case(b"100-continue"))
}

/// The body that the inner services get. When they drop it, its rest goes to [`Rest`].
struct Watched {
    body: Body,
    has_ended: bool,
    is_held_back: bool,
    discard: DiscardBodies,
    /// To the call, which takes the rest until it is answered.
    rest: Option<oneshot::Sender<Rest>>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.is_held_back = false;
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
        let rest = Rest {
            body: mem::replace(&mut self.body, Body::empty()),
            is_held_back: self.is_held_back,
        };
        let Some(Err(rest)) = self.rest.take().map(|call| call.send(rest)) else {
            return;
        };
        // the call was answered already, so its rest is read here
        if let (Some(reading), Ok(runtime)) = (self.discard.begin(rest.body), Handle::try_current())
        {
            runtime.spawn(reading.go_on(self.discard.clone()));
        }
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

/// A service that may drop a request's body at any time.
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
        let time = deadline::with_time_to_answer(request.headers());
        let deadline = time.map(|time| Instant::now() + time);
        let is_held_back = is_held_back(request.version(), request.headers());
        let discard = self.discard.clone();
        let (sender, mut rest) = oneshot::channel();
        let call = self.inner.call(request.map(|body| {
            Body::new(Watched {
                body,
                has_ended: false,
                is_held_back,
                discard: discard.clone(),
                rest: Some(sender),
            })
        }));
        Box::pin(async move {
            let mut answer = call.await?;
            rest.close();
            if let Ok(rest) = rest.try_recv()
                && !discard.discard(rest, deadline).await
                && is_http1
            {
                // on this connection, the rest of the body would be taken for the next request
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(header::CONNECTION, close);
            }
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests;
