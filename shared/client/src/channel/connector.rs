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
    /// Wherever the target's name is found.
    Name,
    Address(SocketAddr),
    /// At an address to which a connection was begun.
    Used,
}

impl Connector {
    /// To whichever address of its name answers first.
    pub(super) fn to_name(target: Target) -> Self {
        Self {
            target,
            place: Place::Name,
        }
    }

    /// To one address, and once: the channel that has this connector ends with its
    /// connection, and does not keep calls waiting for another. The certificate is still
    /// the name's.
    pub(super) fn to_address(target: Target, address: SocketAddr) -> Self {
        Self {
            target,
            place: Place::Address(address),
        }
    }

    /// Ends in time, by an error of the connector's own: that of tonic's timer does not
    /// say that nothing was sent.
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
