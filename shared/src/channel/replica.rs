//! One replica: its connection, and how it has been doing.

use super::{Target, connector::Connector, endpoint, lost::is_timeout};
use crate::telemetry;
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

/// One that failed is asked only after the others for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// One replica of a service, as [`Balanced`](super::Balanced) chose it; generated
/// clients take it as a channel.
#[derive(Clone, Debug)]
pub struct Replica {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    address: SocketAddr,
    target: Target,
    /// Calls that are not answered.
    pending: AtomicUsize,
    state: Mutex<State>,
    /// Held by who connects, so that others wait for the same connection.
    connecting: tokio::sync::Mutex<()>,
    /// Told of a failure: whoever looks up addresses.
    failed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    channel: Option<Channel>,
    /// Of the channel, counted from the first: what an old one comes to says nothing
    /// of the next.
    generation: u64,
    failed_at: Option<Instant>,
}

impl Replica {
    pub(super) fn new(target: Target, address: SocketAddr, failed: Arc<Notify>) -> Self {
        let inner = Inner {
            address,
            target,
            pending: AtomicUsize::new(0),
            state: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            failed,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// Connects, unless it is connected. A call that is made after that has not been
    /// lost in a connection that never was.
    pub async fn connect(&self) -> Result<(), transport::Error> {
        self.channel().await.map(drop)
    }

    /// It kept a caller waiting: others are asked first for a while. Its connection
    /// stays: other calls may be answered by it, and probes find out if it is dead.
    pub fn avoid(&self) {
        self.failed(&self.inner.target, &"no answer in time");
    }

    /// The connection of a generation is lost, or none can be made.
    fn lost(&self, generation: u64, why: &transport::Error) {
        let mut state = self.state();
        if state.generation == generation {
            state.channel = None;
        }
        drop(state);
        self.failed(&self.inner.target, &telemetry::chain(why));
    }

    fn failed(&self, target: &Target, why: &dyn fmt::Display) {
        if self.state().failed_at.replace(Instant::now()).is_none() {
            let address = self.inner.address;
            tracing::warn!(?target, %address, %why, "a replica fails");
        }
        self.inner.failed.notify_one();
    }

    /// Whether it failed a moment ago.
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

    async fn channel(&self) -> Result<(Channel, u64), transport::Error> {
        let connected = || {
            let state = self.state();
            state.channel.clone().zip(Some(state.generation))
        };
        if let Some(channel) = connected() {
            return Ok(channel);
        }
        let _turn = self.inner.connecting.lock().await;
        if let Some(channel) = connected() {
            return Ok(channel);
        }
        let Inner {
            target, address, ..
        } = &*self.inner;
        let connector = Connector::to_address(target.clone(), *address);
        let connecting = endpoint(target).connect_with_connector(connector).await;
        match connecting {
            Ok(channel) => {
                let mut state = self.state();
                state.generation += 1;
                state.channel = Some(channel.clone());
                Ok((channel, state.generation))
            }
            Err(error) => {
                let generation = self.state().generation;
                self.lost(generation, &error);
                Err(error)
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

/// A call that counts until it is answered or given up.
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
    type Error = transport::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let pending = Pending::of(self.clone());
        Box::pin(async move {
            let replica = &pending.0;
            let (mut channel, generation) = replica.channel().await?;
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
                    if is_timeout(&error) {
                        replica.avoid();
                    } else {
                        replica.lost(generation, &error);
                    }
                    Err(error)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::was_not_done;
    use std::net::{Ipv4Addr, TcpListener};

    /// As while a replica stops: a channel of tonic finds its connection closed, makes
    /// another, and is refused.
    #[tokio::test]
    async fn a_call_that_found_its_connection_gone_was_not_done() {
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = gone.local_addr().unwrap();
        drop(gone);
        let target = Target::new(&"http://auth-service:1".parse().unwrap(), None).unwrap();
        let mut replica = Replica::new(target.clone(), address, Arc::default());
        let connector = Connector::to_address(target.clone(), address);
        let channel = endpoint(&target).connect_with_connector_lazy(connector);
        replica.state().channel = Some(channel);
        let request = http::Request::new(Body::empty());
        let error = replica.call(request).await.unwrap_err();
        assert!(was_not_done(&error), "{error:?}");
        assert!(replica.state().channel.is_none());
        assert!(replica.is_avoided());
    }
}
