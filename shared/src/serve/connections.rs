//! A listener's connections: as many as are allowed, no busy loop when the process
//! has no file left to open, and handshakes that hold nobody up.

use super::Peer;
use crate::tls::{ServerTls, Stream};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

/// Connections at once on one listener. The next one waits until another ends.
const MAX_CONNECTIONS: usize = 4_096;
/// Of them, as many at once may be shaking hands; the others wait, and their time
/// runs.
const MAX_HANDSHAKES: usize = 1_024;
/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a listener that cannot accept waits before it tries again.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts until `stop`.
pub(super) fn accept(
    name: &'static str,
    socket: TcpListener,
    tls: Option<ServerTls>,
    stop: CancellationToken,
) -> ReceiverStream<io::Result<Connection>> {
    let (accepted, connections) = mpsc::channel(1);
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let tls = tls.map(|tls| Handshakes {
        name,
        tls,
        places: Arc::new(Semaphore::new(MAX_HANDSHAKES)),
        accepted: accepted.clone(),
    });
    let handshakes = stop.clone();
    let accepting = async move {
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            let stream = match socket.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(listener = name, %error, "cannot accept a connection");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            // small answers must not wait for more; without it they are late, not wrong
            let _ = stream.set_nodelay(true);
            if let Some(tls) = &tls {
                let handshake = tls.clone().shake(stream, permit);
                tokio::spawn(handshakes.clone().run_until_cancelled_owned(handshake));
            } else {
                let connection = Connection::new(Stream::Plain(stream), permit);
                if accepted.send(Ok(connection)).await.is_err() {
                    return;
                }
            }
        }
    };
    tokio::spawn(stop.run_until_cancelled_owned(accepting));
    ReceiverStream::new(connections)
}

/// Shakes hands with clients, each in a task of its own: one that is slow, or says
/// nothing, keeps no other waiting.
#[derive(Clone)]
struct Handshakes {
    name: &'static str,
    tls: ServerTls,
    places: Arc<Semaphore>,
    accepted: mpsc::Sender<io::Result<Connection>>,
}

impl Handshakes {
    async fn shake(self, stream: TcpStream, permit: OwnedSemaphorePermit) {
        let peer = stream.peer_addr().ok();
        let handshake = async {
            let _place = self.places.acquire().await.map_err(io::Error::other)?;
            self.tls.accept(stream).await
        };
        let error = match tokio::time::timeout(HANDSHAKE, handshake).await {
            Ok(Ok(stream)) => {
                // nobody listens any more once the listener has ended
                let _ = self
                    .accepted
                    .send(Ok(Connection::new(stream, permit)))
                    .await;
                return;
            }
            Ok(Err(error)) => error,
            Err(_elapsed) => io::ErrorKind::TimedOut.into(),
        };
        // a service that is refused is the operator's business, a stranger is not
        if self.tls.is_mutual() {
            tracing::warn!(listener = self.name, ?peer, %error, "no handshake");
        } else {
            tracing::debug!(listener = self.name, ?peer, %error, "no handshake");
        }
    }
}

/// A connection that counts until it ends.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    peer: Peer,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: Stream, permit: OwnedSemaphorePermit) -> Self {
        let peer = Peer::new(stream.tcp().peer_addr().ok(), stream.peer_names());
        Self {
            stream,
            peer,
            _permit: permit,
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
