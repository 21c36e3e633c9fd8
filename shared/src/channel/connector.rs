//! Makes connections, with TLS or without.

use super::{CONNECT_TIMEOUT, Target};
use crate::tls::Stream;
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
    /// Where the target is; otherwise its name is looked up.
    address: Option<SocketAddr>,
}

impl Connector {
    /// To whichever address of its name answers first.
    pub(super) fn to_name(target: Target) -> Self {
        Self {
            target,
            address: None,
        }
    }

    /// To one address. The certificate is still the name's.
    pub(super) fn to_address(target: Target, address: SocketAddr) -> Self {
        Self {
            target,
            address: Some(address),
        }
    }

    /// Ends in time, by an error of the connector's own: that of tonic's timer does not
    /// say that nothing was sent.
    async fn connect_in_time(self) -> io::Result<TokioIo<Stream>> {
        tokio::time::timeout(CONNECT_TIMEOUT, self.connect()).await?
    }

    async fn connect(self) -> io::Result<TokioIo<Stream>> {
        let stream = match self.address {
            Some(address) => TcpStream::connect(address).await?,
            None => TcpStream::connect(self.target.place()).await?,
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
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Stream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().connect_in_time())
    }
}
