//! The connections of a listener: a limit on their number, a pause when the process has too many
//! open files, and handshakes in the background.

use super::Peer;
use client::tls::{ServerTls, Stream};
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
    time::Sleep,
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

/// The largest number of connections to one listener. Further ones wait until another ends.
const MAX_CONNECTIONS: usize = 4_096;
/// The largest number of handshakes at the same time. Further connections wait, and the time of
/// their handshake runs.
const MAX_HANDSHAKES: usize = 1_024;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// The age at which the server asks a client to replace a connection, so that new replicas get calls
/// after a roll-out. The connection then has a grace period of our own, because tonic's would end it
/// without asking.
pub(super) const MAX_CONNECTION_AGE: Duration = Duration::from_mins(10);
/// How long a connection may finish its calls after its client was told to replace it.
const GRACE: Duration = Duration::from_secs(30);
/// How long a listener pauses after it could not accept a connection.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until `stop`.
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
        permits: Arc::new(Semaphore::new(MAX_HANDSHAKES)),
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
            // so that a small answer is sent without waiting for more data; if the option cannot be
            // set, answers are only late
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

/// Performs TLS handshakes, each in a task of its own, so that a slow or silent client does not
/// delay others.
#[derive(Clone)]
struct Handshakes {
    name: &'static str,
    tls: ServerTls,
    permits: Arc<Semaphore>,
    accepted: mpsc::Sender<io::Result<Connection>>,
}

impl Handshakes {
    async fn shake(self, stream: TcpStream, permit: OwnedSemaphorePermit) {
        let peer = stream.peer_addr().ok();
        let handshake = async {
            let _permit = self.permits.acquire().await.map_err(io::Error::other)?;
            self.tls.accept(stream).await
        };
        let error = match tokio::time::timeout(HANDSHAKE, handshake).await {
            Ok(Ok(stream)) => {
                // fails only if the listener has ended
                let _ = self
                    .accepted
                    .send(Ok(Connection::new(stream, permit)))
                    .await;
                return;
            }
            Ok(Err(error)) => error,
            Err(_elapsed) => io::ErrorKind::TimedOut.into(),
        };
        // an operator wants to know of a refused service, but not of strangers
        if self.tls.is_mutual() {
            tracing::warn!(listener = self.name, ?peer, %error, "no handshake");
        } else {
            tracing::debug!(listener = self.name, ?peer, %error, "no handshake");
        }
    }
}

/// A connection, which holds its permit until it ends. It breaks when its time is over, even during a
/// call.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    peer: Peer,
    time: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: Stream, permit: OwnedSemaphorePermit) -> Self {
        let peer = Peer::new(stream.tcp().peer_addr().ok(), stream.peer_names());
        Self {
            stream,
            peer,
            time: Box::pin(tokio::time::sleep(MAX_CONNECTION_AGE + GRACE)),
            _permit: permit,
        }
    }

    /// The stream, while there is time left.
    fn stream(&mut self, context: &mut Context<'_>) -> io::Result<Pin<&mut Stream>> {
        match self.time.as_mut().poll(context) {
            Poll::Pending => Ok(Pin::new(&mut self.stream)),
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
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
        self.stream(context)?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream(context)?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream(context)?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream(context)?.poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream(context)?.poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::listener::server;
    use futures_util::StreamExt as _;
    use hyper_util::rt::TokioIo;
    use tokio::{io::AsyncReadExt as _, time::Instant};
    use tonic::transport::Endpoint;
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
    use tower::service_fn;

    #[tokio::test(start_paused = true)]
    async fn a_connection_of_age_is_replaced_while_its_calls_go_on() {
        let (connect, connected) = mpsc::channel(8);
        let connector = service_fn(move |_| {
            let (client, server) = tokio::io::duplex(1_024);
            let connect = connect.clone();
            async move {
                connect.send(Ok::<_, io::Error>(server)).await?;
                Ok::<_, mpsc::error::SendError<_>>(TokioIo::new(client))
            }
        });
        let mut connections = 0;
        let connected = ReceiverStream::new(connected).inspect(|_| connections += 1);
        let (reporter, service) = tonic_health::server::health_reporter();
        let serving = server().add_service(service).serve_with_incoming(connected);
        let asking = async {
            let channel =
                Endpoint::from_static("http://a.b").connect_with_connector_lazy(connector);
            let mut client = HealthClient::new(channel);
            let answer = client.watch(HealthCheckRequest::default()).await;
            let mut watched = answer.unwrap().into_inner();
            watched.message().await.unwrap().unwrap();
            tokio::time::sleep(MAX_CONNECTION_AGE + GRACE / 2).await;
            // a channel of tonic may notice the lost connection only when it sends the next call
            if client.check(HealthCheckRequest::default()).await.is_err() {
                client.check(HealthCheckRequest::default()).await.unwrap();
            }
            let status = tonic_health::ServingStatus::NotServing;
            reporter.set_service_status("", status).await;
            watched.message().await.unwrap().unwrap();
        };
        tokio::select! {
            ended = serving => ended.unwrap(),
            () = asking => {}
        }
        assert_eq!(connections, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_ends_whatever_goes_on() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let mut accepted = accept("test", socket, None, CancellationToken::new());
        let (client, accepted) = tokio::join!(TcpStream::connect(address), accepted.next());
        let mut connection = accepted.unwrap().unwrap();
        let begun = Instant::now();
        let error = connection.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= MAX_CONNECTION_AGE + GRACE);
        drop(client);
    }
}
