//! Passes calls on to the services.

use super::{Body, Services, plain};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::{net::SocketAddr, time::Duration};

/// How long a service may take to begin its answer. It gives up a call before that.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a connection to a service may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a silent connection to a service is kept: shorter than the service keeps it.
const IDLE: Duration = Duration::from_secs(20);

/// Headers about one connection, which are not passed on (RFC 9110, 7.6.1).
const OF_A_CONNECTION: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a client of Connect takes for an outage.
const UNAVAILABLE: &str = r#"{"code":"unavailable","message":"the service does not answer"}"#;

/// The ways to both services.
#[derive(Debug)]
pub(super) struct Upstream {
    client: Client<HttpConnector, Incoming>,
    services: Services,
}

impl Upstream {
    pub(super) fn new(services: Services) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            // the browser's, by which a service knows pages of its own origin
            .set_host(false)
            .build(connector);
        Self { client, services }
    }

    /// The service that has a path.
    pub(super) fn of(&self, path: &str) -> Option<SocketAddr> {
        if path.starts_with("/ticketing.auth.v1.AuthService/") {
            Some(self.services.auth)
        } else if path.starts_with("/ticketing.requests.v1.") {
            Some(self.services.requests)
        } else {
            None
        }
    }

    /// The service's answer. Bodies are passed on as they come, and the service bounds them.
    pub(super) async fn pass(
        &self,
        service: SocketAddr,
        peer: SocketAddr,
        mut request: Request<Incoming>,
    ) -> Response<Body> {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let Ok(uri) = format!("http://{service}{path}").parse::<Uri>() else {
            return plain(StatusCode::BAD_REQUEST, "text/plain", "This is no path.\n");
        };
        *request.uri_mut() = uri;
        remove_hop_by_hop(request.headers_mut());
        let address = HeaderValue::from_str(&peer.ip().to_canonical().to_string());
        if let Ok(address) = address {
            // after what the client says of itself, which the services do not read
            request.headers_mut().append(FORWARDED_FOR, address);
        }
        let answer = tokio::time::timeout(ANSWER, self.client.request(request)).await;
        let failed = match answer {
            Ok(Ok(mut answer)) => {
                remove_hop_by_hop(answer.headers_mut());
                return answer.map(http_body_util::BodyExt::boxed);
            }
            Ok(Err(error)) => format!("{error:?}"),
            Err(_elapsed) => "no answer in time".to_owned(),
        };
        tracing::debug!(%service, failed, "a service does not answer");
        let json = "application/json";
        plain(StatusCode::SERVICE_UNAVAILABLE, json, UNAVAILABLE)
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&OF_A_CONNECTION) {
        headers.remove(name);
    }
}
