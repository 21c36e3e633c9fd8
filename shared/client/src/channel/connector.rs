//! Makes connections, with TLS or without.

use super::{Target, call_failure::NotConnected};
use crate::tls::Stream;
use contract::deadline;
use http::Uri;
use hyper_util::rt::TokioIo;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::net::TcpStream;
use tower::Service;

#[derive(Clone, Debug)]
pub(super) struct Connector {
    target: Target,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// At any address of the target's name.
    Name,
    Address(SocketAddr),
    /// At one address, to which the connection was already made.
    Used,
}

impl Connector {
    /// Connects to the first address of the name that answers.
    pub(super) fn to_name(target: Target) -> Self {
        Self {
            target,
            place: Place::Name,
        }
    }

    /// Connects to one address, once. The channel with this connector ends with its connection, so
    /// that calls do not wait for another one. The certificate must still be that of the name.
    pub(super) fn to_address(target: Target, address: SocketAddr) -> Self {
        Self {
            target,
            place: Place::Address(address),
        }
    }

    /// Ends in time with an error of the connector's own. The error of tonic's timer would not say
    /// that nothing was sent.
    async fn connect_in_time(self) -> Result<TokioIo<Stream>, NotConnected> {
        let connecting = tokio::time::timeout(deadline::CONNECTION, self.connect());
        connecting.await.map_err(io::Error::from)?
    }

    async fn connect(self) -> Result<TokioIo<Stream>, NotConnected> {
        let stream = match self.place {
            Place::Name => TcpStream::connect(self.target.place()).await?,
            Place::Address(address) => TcpStream::connect(address).await?,
            Place::Used => return Err(NotConnected::Closed),
        };
        stream.set_nodelay(true)?;
        let stream = match self.target.tls() {
            None => Stream::Plain(stream),
            Some((name, tls)) => tls.connect(name.clone(), stream).await?,
        };
        Ok(TokioIo::new(stream))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = NotConnected;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Stream>, NotConnected>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NotConnected>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connecting = self.clone().connect_in_time();
        if let Place::Address(_) = self.place {
            self.place = Place::Used;
        }
        Box::pin(connecting)
    }
}
