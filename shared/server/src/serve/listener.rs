//! A listener: its limits, and the layers around all that it serves.

use super::{
    Calls, InvalidDescriptors, Peer, WebOrigins,
    connect::{Connect, Methods},
    connections::{self, MAX_CONNECTION_AGE},
    discard::DiscardBodies,
    http_check::HttpCheck,
    metrics,
    origins::OriginCheck,
    reasons::Reasons,
    watching::EndWatching,
};
use client::tls::{InvalidTls, ServerTls, ServerTlsFiles};
use contract::{
    access_rules::PathRules,
    client_address::{ClientAddress, client_address},
};
use http::Request;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{body::Body, service::Routes, transport::Server};
use tower::util::{MapRequestLayer, option_layer};

/// How many calls may be in flight on one connection.
const MAX_STREAMS: u32 = 256;
/// How many calls a client may cancel on one connection before the server has looked at them. A
/// client that opens and cancels calls without end (CVE-2023-44487) exceeds this, and loses its
/// connection. A gateway that loses one of its clients cancels at most [`MAX_STREAMS`] calls. With
/// the default of h2, 20, it would lose its connection too.
const MAX_CANCELLED: usize = 2 * MAX_STREAMS as usize;
/// How many calls of one connection the server resets, because they break the protocol, before it
/// ends the connection (CVE-2025-8671). This is the default of h2; tonic would remove the limit.
const MAX_BROKEN: usize = 1_024;
/// Bytes of metadata of one call: sixteen times the longest token. A header of one byte on the wire
/// takes a hundred bytes in memory, so a much larger limit would let a stranger fill the memory.
/// Beyond the limit, the answer is 431.
const MAX_METADATA: u32 = 64 * 1_024;
/// How many unread bytes a client may send on one connection: the default of HTTP/2 (RFC 9113,
/// 6.9.2). With a much larger window, connections could fill the memory.
const WINDOW: u32 = 65_535;
/// After how long without data a connection is probed.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long a stop waits for calls in flight.
const DRAIN: Duration = Duration::from_secs(15);
/// A socket that already listens, so that a taken port is reported before anything else starts.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<ServerTls>,
    is_for_clients: bool,
    web_origins: WebOrigins,
    trusted_proxies: usize,
    calls: Option<Calls>,
    methods: Methods,
    paths: PathRules,
}

impl Listener {
    /// Listens on an address; port 0 selects any free port. The last word of the name says what the
    /// listener is for, as in `auth public`.
    pub async fn bind(name: &'static str, address: SocketAddr) -> Result<Self, BindError> {
        let failed = |source| BindError {
            name,
            address,
            source,
        };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self {
            name,
            socket,
            address,
            tls: None,
            is_for_clients: false,
            web_origins: WebOrigins::default(),
            trusted_proxies: 0,
            calls: None,
            methods: Methods::default(),
            paths: &[],
        })
    }

    /// Requires TLS of every client, if there are files.
    pub fn with_tls(self, files: Option<ServerTlsFiles>) -> Result<Self, InvalidTls> {
        let tls = files.map(|files| ServerTls::open(self.name, files));
        let tls = tls.transpose()?;
        Ok(Self { tls, ..self })
    }

    /// Serves its services to clients of every kind: by Connect, and to pages of these origins also
    /// by gRPC-Web.
    #[must_use]
    pub fn for_clients(self, web_origins: WebOrigins) -> Self {
        Self {
            is_for_clients: true,
            web_origins,
            ..self
        }
    }

    /// Sets how many proxies are in front of it. Each of them appends the address of its caller to
    /// `x-forwarded-for`, and each call gets the [`ClientAddress`] that follows from that.
    #[must_use]
    pub fn with_trusted_proxies(self, trusted_proxies: usize) -> Self {
        Self {
            trusted_proxies,
            ..self
        }
    }

    /// Serves the metrics of [`ops`](super::ops) as well.
    #[must_use]
    pub fn with_metrics(self) -> Self {
        self.with_paths(metrics::PATHS)
    }

    /// Serves these paths of its routes without gRPC.
    #[must_use]
    pub fn with_paths(self, paths: PathRules) -> Self {
        Self { paths, ..self }
    }

    /// Observes the calls of its services.
    #[must_use]
    pub fn with_calls(self, calls: Calls) -> Self {
        Self {
            calls: Some(calls),
            ..self
        }
    }

    /// Names the services that Connect serves, if the listener is for clients.
    pub fn with_services(self, services: &[&str]) -> Result<Self, InvalidDescriptors> {
        let methods = if self.is_for_clients {
            Methods::read(services)?
        } else {
            Methods::default()
        };
        Ok(Self { methods, ..self })
    }

    /// The last word of its name, which says what it is for.
    #[must_use]
    pub fn purpose(&self) -> &'static str {
        self.name.rsplit(' ').next().unwrap_or(self.name)
    }

    /// The TLS configuration, if it has one.
    #[must_use]
    pub fn tls(&self) -> Option<&ServerTls> {
        self.tls.as_ref()
    }

    /// The address on which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`. Then it ends streams that only watch, and waits a bounded time for the
    /// other calls in flight.
    pub async fn serve(self, routes: Routes, stop: CancellationToken) -> Result<(), ServeError> {
        let Self {
            name,
            socket,
            address,
            tls,
            is_for_clients,
            web_origins,
            trusted_proxies,
            calls,
            methods,
            paths,
        } = self;
        tracing::info!(listener = name, %address, tls = tls.is_some(), "listening");
        let origins = OriginCheck {
            web_origins: web_origins.clone(),
            tls: tls.is_some(),
            behind_proxies: trusted_proxies > 0,
        };
        let incoming = connections::accept(name, socket, tls, stop.clone());
        // A layer is cloned for each call, and cloning a token takes its lock.
        let drain = Arc::new(stop.clone());
        let check = HttpCheck {
            grpc_web: !web_origins.is_empty(),
            connect: is_for_clients,
            paths,
        };
        // These layers are around all services, including health and reflection. The outermost is
        // the first.
        let serving = server()
            .accept_http1(true)
            .layer(DiscardBodies::new(Arc::clone(&drain)))
            .layer(origins)
            .layer(web_origins.cors())
            .layer(check)
            .layer(Connect::new(methods, paths))
            .layer(web_origins.grpc_web())
            .layer(option_layer(calls))
            .layer(Reasons)
            .layer(EndWatching { drain })
            .layer(MapRequestLayer::new(move |mut request: Request<Body>| {
                let peer = request.extensions().get().and_then(Peer::address);
                let peer = peer.map(|peer| peer.ip());
                let address = client_address(request.headers(), peer, trusted_proxies);
                if let Some(address) = address {
                    request.extensions_mut().insert(ClientAddress(address));
                }
                request
            }))
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned());
        let drained = async {
            stop.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            served = serving => served.map_err(|source| ServeError::Transport { name, source }),
            () = drained => {
                tracing::warn!(listener = name, "calls were still in flight when the drain ended");
                Ok(())
            }
        }
    }
}

/// A listener cannot bind its address.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for {name}: {source}")]
pub struct BindError {
    name: &'static str,
    address: SocketAddr,
    source: io::Error,
}

/// A listener failed while it served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its transport failed.
    #[error("the {name} listener failed: {source}")]
    Transport {
        /// Which listener.
        name: &'static str,
        /// Why.
        source: tonic::transport::Error,
    },
    /// Its task panicked.
    #[error("a listener stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

/// A server with this back end's limits.
pub(super) fn server() -> Server {
    Server::builder()
        .tcp_nodelay(true)
        .max_concurrent_streams(MAX_STREAMS)
        .http2_max_pending_accept_reset_streams(Some(MAX_CANCELLED))
        .http2_max_local_error_reset_streams(Some(MAX_BROKEN))
        .http2_max_header_list_size(MAX_METADATA)
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
        .max_connection_age(MAX_CONNECTION_AGE)
        .http2_keepalive_interval(Some(KEEP_ALIVE))
}
