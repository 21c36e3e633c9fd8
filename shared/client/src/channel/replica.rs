//! A replica of a service: its connection, and whether it failed recently.

use super::{CallError, CallFailure, Target, connector::Connector, endpoint};
use contract::errors;
use futures_util::future::{FutureExt as _, RemoteHandle, Shared};
use std::{
    fmt,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};
use tonic::{
    body::Body,
    transport::{self, Channel},
};
use tower::Service;

/// For this long after a failure, other replicas are preferred.
const PAUSE: Duration = Duration::from_secs(1);

/// A replica of a service, as [`Balanced`](super::Balanced) chose it. Generated clients accept it
/// as a channel.
#[derive(Clone, Debug)]
pub struct Replica {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    address: SocketAddr,
    target: Target,
    /// The number of calls without an answer.
    pending: AtomicUsize,
    state: Mutex<State>,
    /// Wakes the task that looks up addresses, after a failure.
    failed: Arc<Notify>,
}

/// A connection and its epoch. The epoch counts the connections of a replica, so that a failure on
/// an old connection does not close its successor.
type Connection = (Channel, u64);
/// A connection that is being made. All callers that wait for it share it, and it is made even if
/// they give up.
type Connecting = Shared<RemoteHandle<Result<Connection, Arc<transport::Error>>>>;

#[derive(Debug, Default)]
struct State {
    channel: Option<Channel>,
    connecting: Option<Connecting>,
    epoch: u64,
    failed_at: Option<Instant>,
}

impl Replica {
    pub(super) fn new(target: Target, address: SocketAddr, failed: Arc<Notify>) -> Self {
        let inner = Inner {
            address,
            target,
            pending: AtomicUsize::new(0),
            state: Mutex::default(),
            failed,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The address of the replica.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// Prefers other replicas for a while, because this one kept a caller waiting. The connection
    /// stays, because it may still answer other calls; probes find out if it is dead.
    pub fn avoid(&self) {
        self.failed(&"no answer in time");
    }

    /// A call failed on the connection of this epoch.
    fn call_failed(&self, epoch: u64, error: &transport::Error) {
        let failure = CallFailure::of(error);
        if !failure.connection_is_usable() {
            let mut state = self.state();
            if state.epoch != epoch {
                return;
            }
            state.channel = None;
        }
        if failure == CallFailure::Closed {
            // this is not a fault: the replica may be stopping, and another may replace it
            self.inner.failed.notify_one();
        } else {
            self.failed(&errors::chain(error));
        }
    }

    fn failed(&self, why: &dyn fmt::Display) {
        if self.state().failed_at.replace(Instant::now()).is_none() {
            let Inner {
                target, address, ..
            } = &*self.inner;
            tracing::warn!(?target, %address, %why, "a replica fails");
        }
        self.inner.failed.notify_one();
    }

    /// Whether it failed within the last second.
    pub(super) fn is_avoided(&self) -> bool {
        let failed_at = self.state().failed_at;
        failed_at.is_some_and(|at| at.elapsed() < PAUSE)
    }

    pub(super) fn pending(&self) -> usize {
        self.inner.pending.load(Ordering::Relaxed)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        let state = &self.inner.state;
        state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, which is made if there is none.
    async fn connection(&self) -> Result<Connection, Arc<transport::Error>> {
        let connecting = {
            let mut state = self.state();
            if let Some(channel) = &state.channel {
                return Ok((channel.clone(), state.epoch));
            }
            let begin = || {
                let (task, connecting) = self.clone().connect().remote_handle();
                tokio::spawn(task);
                connecting.shared()
            };
            state.connecting.get_or_insert_with(begin).clone()
        };
        connecting.await
    }

    async fn connect(self) -> Result<Connection, Arc<transport::Error>> {
        let Inner {
            target, address, ..
        } = &*self.inner;
        let connector = Connector::to_address(target.clone(), *address);
        let connected = endpoint(target).connect_with_connector(connector).await;
        let mut state = self.state();
        state.connecting = None;
        match connected {
            Ok(channel) => {
                state.epoch += 1;
                state.channel = Some(channel.clone());
                Ok((channel, state.epoch))
            }
            Err(error) => {
                drop(state);
                self.failed(&errors::chain(&error));
                Err(Arc::new(error))
            }
        }
    }

    fn answered(&self) {
        if self.state().failed_at.take().is_some() {
            let address = self.inner.address;
            tracing::info!(target = ?self.inner.target, %address, "a replica answers again");
        }
    }
}

/// A call that counts as pending until it is answered or given up.
struct Pending(Replica);

impl Pending {
    fn of(replica: Replica) -> Self {
        replica.inner.pending.fetch_add(1, Ordering::Relaxed);
        Self(replica)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.inner.pending.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Service<http::Request<Body>> for Replica {
    type Response = http::Response<Body>;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let pending = Pending::of(self.clone());
        Box::pin(async move {
            let replica = &pending.0;
            let connection = replica.connection().await;
            let (mut channel, epoch) = connection.map_err(CallError::Unconnected)?;
            let called = async {
                std::future::poll_fn(|context| channel.poll_ready(context)).await?;
                channel.call(request).await
            };
            match called.await {
                Ok(response) => {
                    replica.answered();
                    Ok(response)
                }
                Err(error) => {
                    replica.call_failed(epoch, &error);
                    Err(error.into())
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpSocket, TcpStream};

    fn at(address: SocketAddr) -> Replica {
        let target = Target::new(&"http://auth-service:1".parse().unwrap(), None).unwrap();
        Replica::new(target, address, Arc::default())
    }

    async fn failure(replica: &Replica) -> CallFailure {
        let request = http::Request::new(Body::empty());
        let error = replica.clone().call(request).await.unwrap_err();
        CallFailure::of(&error)
    }

    /// As while a replica stops: a channel of tonic finds its connection closed, and
    /// would make another by itself, for one waiting call after the other.
    #[tokio::test]
    async fn a_call_that_finds_its_connection_closed_makes_none_by_itself() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let replica = at(listener.local_addr().unwrap());
        let connecting = replica.connection();
        let (connected, accepted) = tokio::join!(connecting, listener.accept());
        let (mut channel, _) = connected.unwrap();
        drop(accepted);
        // until tonic has noticed, calls are lost
        loop {
            std::future::poll_fn(|context| channel.poll_ready(context))
                .await
                .unwrap();
            let called = channel.call(http::Request::new(Body::empty())).await;
            if CallFailure::of(&called.unwrap_err()) == CallFailure::Closed {
                break;
            }
        }
        assert_eq!(failure(&replica).await, CallFailure::Closed);
        assert!(replica.state().channel.is_none());
        assert!(!replica.is_avoided(), "it may go on by another");
    }

    #[tokio::test]
    async fn all_who_wait_share_one_attempt_to_connect() {
        let nobody = TcpSocket::new_v4().unwrap();
        nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let replica = at(nobody.local_addr().unwrap());
        let waiting = [(); 50].map(|()| replica.connection());
        let errors = futures_util::future::join_all(waiting).await;
        let first = errors[0].as_ref().unwrap_err();
        for error in &errors {
            assert!(Arc::ptr_eq(first, error.as_ref().unwrap_err()));
        }
        assert_eq!(failure(&replica).await, CallFailure::Unconnected);
        assert!(replica.is_avoided());
    }

    /// Who gives up leaves the connection to those who come after.
    #[tokio::test]
    async fn a_connection_is_made_though_nobody_waits_for_it_any_more() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let replica = at(listener.local_addr().unwrap());
        let mut connecting = Box::pin(replica.connection());
        assert!(futures_util::poll!(&mut connecting).is_pending());
        drop(connecting);
        let (mut stream, _): (TcpStream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut [0; 24])
            .await
            .unwrap();
        replica.connection().await.unwrap();
        assert_eq!(replica.state().epoch, 1);
    }
}
