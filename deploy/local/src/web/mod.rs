//! The gateway: the partner page and both services' public listeners, under one origin.
//!
//! A path of a service is passed on to its public listener, and any other path is a file of
//! `deploy/web`. Nothing here leads to an internal listener.

mod files;
mod upstream;

use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use upstream::Upstream;

/// Connections at once. Others wait for one of these to end.
const CONNECTIONS: usize = 1_024;
/// How long a client may take for the head of a request, and may keep a silent connection.
const HEAD: Duration = Duration::from_mins(1);
/// The size of a request's head.
const HEAD_BYTES: usize = 64 * 1_024;
/// The pause after an accept that failed, for example because no file is left to open.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a stop waits for calls in flight.
const DRAIN: Duration = Duration::from_secs(15);

type Body = BoxBody<Bytes, hyper::Error>;

/// A socket that already listens.
#[derive(Debug)]
pub struct Gateway {
    socket: TcpListener,
    address: SocketAddr,
}

/// Where both services listen for clients.
#[derive(Clone, Copy, Debug)]
pub struct Services {
    /// auth-service's public listener.
    pub auth: SocketAddr,
    /// requests-service's public listener.
    pub requests: SocketAddr,
}

/// The gateway cannot bind its address.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for the web page: {source}")]
pub struct GatewayError {
    address: SocketAddr,
    source: io::Error,
}

impl Gateway {
    /// Listens on an address; port 0 selects any free port.
    pub async fn bind(address: SocketAddr) -> Result<Self, GatewayError> {
        let failed = |source| GatewayError { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address })
    }

    /// The address on which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, and then waits a bounded time for the calls in flight.
    pub async fn serve(self, services: Services, stop: CancellationToken) {
        let upstream = Arc::new(Upstream::new(services));
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES);
        let connections = GracefulShutdown::new();
        loop {
            let accepted = async {
                let permit = Arc::clone(&permits).acquire_owned().await;
                (permit, self.socket.accept().await)
            };
            let Some((permit, accepted)) = stop.run_until_cancelled(accepted).await else {
                break;
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let connection = http.serve_connection(
                TokioIo::new(no_delay(stream)),
                service_fn({
                    let upstream = Arc::clone(&upstream);
                    move |request| {
                        let upstream = Arc::clone(&upstream);
                        async move { Ok::<_, Infallible>(answer(&upstream, peer, request).await) }
                    }
                }),
            );
            let connection = connections.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection of a page ended");
                }
                drop(permit);
            });
        }
        drop(self.socket);
        let _late = tokio::time::timeout(DRAIN, connections.shutdown()).await;
    }
}

fn no_delay(stream: TcpStream) -> TcpStream {
    // it is only slower otherwise
    let _ignored = stream.set_nodelay(true);
    stream
}

async fn answer(
    upstream: &Upstream,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    match upstream.of(request.uri().path()) {
        Some(service) => upstream.pass(service, peer, request).await,
        None => files::answer(&request),
    }
}

/// An answer of the gateway itself.
fn plain(status: StatusCode, content_type: &'static str, text: &'static str) -> Response<Body> {
    let mut answer = Response::new(full(text));
    *answer.status_mut() = status;
    let value = http::HeaderValue::from_static(content_type);
    answer.headers_mut().insert(header::CONTENT_TYPE, value);
    answer
}

fn full(text: &'static str) -> Body {
    Full::from(text).map_err(|never| match never {}).boxed()
}
