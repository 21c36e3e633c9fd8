//! Makes connections, with TLS or without.

use super::Target;
use crate::tls::Stream;
use http::Uri;
use hyper_util::rt::TokioIo;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::net::TcpStream;
use tower::Service;

#[derive(Clone, Debug)]
pub(super) struct Connector {
    target: Target,
}

impl Connector {
    pub(super) fn new(target: Target) -> Self {
        Self { target }
    }

    async fn connect(self) -> io::Result<Stream> {
        let stream = TcpStream::connect(self.target.place()).await?;
        stream.set_nodelay(true)?;
        match self.target.tls() {
            None => Ok(Stream::Plain(stream)),
            Some((name, tls)) => tls.connect(name.clone(), stream).await,
        }
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
        let connector = self.clone();
        Box::pin(async move {
            let target = connector.target.clone();
            match connector.connect().await {
                Ok(stream) => Ok(TokioIo::new(stream)),
                Err(error) => {
                    // the caller is told only that there is no answer
                    tracing::warn!(?target, %error, "cannot connect");
                    Err(error)
                }
            }
        })
    }
}
