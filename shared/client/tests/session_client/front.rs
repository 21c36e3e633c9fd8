//! What stands in front of auth-service: counts its calls, and loses, holds or
//! refuses them.

use server::serve::Listener;
use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};
use testing::auth::channel;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Status, body::Body, server::NamedService, service::Routes, transport::Channel};
use tower::Service;

/// What becomes of one call.
#[derive(Clone)]
pub(crate) enum Fate {
    /// auth-service answers, and the answer is lost.
    AnswerLost,
    /// It goes through once a permit is there.
    Held(Arc<Semaphore>),
    /// It goes no further.
    Refused(Status),
}

pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    _stop: DropGuard,
}

#[derive(Default)]
struct State {
    /// The methods called, in order.
    calls: Mutex<Vec<String>>,
    /// What becomes of the next calls.
    fates: Mutex<VecDeque<Fate>>,
}

impl Front {
    pub(crate) async fn start(auth: SocketAddr) -> Self {
        let any = "127.0.0.1:0".parse().unwrap();
        let listener = Listener::bind("front", any).await.unwrap();
        let address = listener.address();
        let state = Arc::<State>::default();
        let forward = Forward {
            auth: channel(auth),
            state: Arc::clone(&state),
        };
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(Routes::new(forward), stop.clone()));
        Self {
            address,
            state,
            _stop: stop.drop_guard(),
        }
    }

    /// What becomes of the next calls, in turn; later ones go through.
    pub(crate) fn next(&self, fates: impl IntoIterator<Item = Fate>) {
        self.state.fates.lock().unwrap().extend(fates);
    }

    /// How often a method was called so far.
    pub(crate) fn calls(&self, method: &str) -> usize {
        let calls = self.state.calls.lock().unwrap();
        calls.iter().filter(|call| *call == method).count()
    }
}

#[derive(Clone)]
struct Forward {
    auth: Channel,
    state: Arc<State>,
}

impl NamedService for Forward {
    const NAME: &'static str = "ticketing.auth.v1.AuthService";
}

impl Service<http::Request<Body>> for Forward {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
        self.state.calls.lock().unwrap().push(method);
        let fate = self.state.fates.lock().unwrap().pop_front();
        let auth = self.auth.clone();
        Box::pin(async move {
            match fate {
                Some(Fate::Refused(status)) => return Ok(status.into_http()),
                Some(Fate::Held(barrier)) => barrier.acquire().await.unwrap().forget(),
                Some(Fate::AnswerLost) => {
                    forward(auth, request).await;
                    return Ok(Status::unavailable("the answer is lost").into_http());
                }
                None => {}
            }
            Ok(forward(auth, request).await)
        })
    }
}

async fn forward(mut auth: Channel, request: http::Request<Body>) -> http::Response<Body> {
    std::future::poll_fn(|cx| auth.poll_ready(cx))
        .await
        .expect("auth-service runs");
    auth.call(request).await.expect("auth-service answers")
}
