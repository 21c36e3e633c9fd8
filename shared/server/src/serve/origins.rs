//! Refuses the requests of pages of other origins before their bodies are read.
//!
//! A browser sends some requests of a page to any server, and only hides the answer from the page
//! (Fetch standard, "CORS protocol"). In each POST, the browser names the origin of the page, even
//! if it is the server's own. Clients that are not browsers send no origin.

use super::web::WebOrigins;
use futures_util::future::Either;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use std::{
    future::{Ready, ready},
    task::{Context, Poll},
};
use tonic::body::Body;
use tower::{Layer, Service};

/// The answer. It tells operators what to do if their proxy replaces the `Host` header.
const REFUSED: &str = "This origin is neither the listener's own nor one of its web origins. \
    A proxy before the listener must pass on the Host header of the browser.\n";

/// The layer. It wraps everything that a listener serves.
#[derive(Clone, Debug)]
pub(super) struct OriginCheck {
    pub(super) web_origins: WebOrigins,
    /// Whether the listener speaks TLS.
    pub(super) tls: bool,
    /// Whether there are proxies in front of the listener. They may terminate TLS.
    pub(super) behind_proxies: bool,
}

impl OriginCheck {
    fn admits(&self, request: &Request<Body>) -> bool {
        let mut origins = request.headers().get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(origin), None) => {
                self.web_origins.contains(origin) || self.is_own(origin, request)
            }
            (Some(_), Some(_)) => false,
        }
    }

    /// Whether the page is of the origin that the request was sent to.
    fn is_own(&self, origin: &HeaderValue, request: &Request<Body>) -> bool {
        let Some((scheme, authority)) = origin.to_str().ok().and_then(|o| o.split_once("://"))
        else {
            return false;
        };
        let (is_spoken, port) = match scheme {
            "https" => (self.tls || self.behind_proxies, ":443"),
            "http" => (!self.tls, ":80"),
            _ => return false,
        };
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        let asked = request.uri().authority().map(http::uri::Authority::as_str);
        let without_port =
            |name: &str| name.strip_suffix(port).unwrap_or(name).to_ascii_lowercase();
        let asked = asked.or(host).map(without_port);
        is_spoken && asked == Some(without_port(authority))
    }
}

fn refuse() -> Response<Body> {
    let mut refusal = Response::new(Body::new(Full::from(REFUSED)));
    *refusal.status_mut() = StatusCode::FORBIDDEN;
    let text = HeaderValue::from_static("text/plain");
    refusal.headers_mut().insert(header::CONTENT_TYPE, text);
    refusal
}

impl<S> Layer<S> for OriginCheck {
    type Service = OriginChecked<S>;

    fn layer(&self, inner: S) -> OriginChecked<S> {
        OriginChecked {
            inner,
            check: self.clone(),
        }
    }
}

/// A service that gets no requests from pages of other origins.
#[derive(Clone, Debug)]
pub(super) struct OriginChecked<S> {
    inner: S,
    check: OriginCheck,
}

impl<S> Service<Request<Body>> for OriginChecked<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if self.check.admits(&request) {
            return Either::Left(self.inner.call(request));
        }
        tracing::debug!(
            origin = ?request.headers().get(header::ORIGIN),
            host = ?request.headers().get(header::HOST),
            "a page of another origin"
        );
        Either::Right(ready(Ok(refuse())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tls: bool, behind_proxies: bool) -> OriginCheck {
        OriginCheck {
            web_origins: "https://page.example".parse().unwrap(),
            tls,
            behind_proxies,
        }
    }

    /// Whether a request to this host with these origins passes.
    fn admits(check: &OriginCheck, host: &str, origins: &[&str]) -> bool {
        // the host is in a header of HTTP/1.1, and in the URI of HTTP/2
        let by_http1 = Request::post("/a.A/A").header(header::HOST, host);
        let by_http2 = Request::post(format!("http://{host}/a.A/A"));
        let [one, other] = [by_http1, by_http2].map(|mut request| {
            for origin in origins {
                request = request.header(header::ORIGIN, *origin);
            }
            check.admits(&request.body(Body::empty()).unwrap())
        });
        assert_eq!(one, other, "{host} {origins:?}");
        one
    }

    #[test]
    fn pages_of_named_origins_and_clients_without_an_origin_pass() {
        for tls in [false, true] {
            let check = check(tls, false);
            assert!(admits(&check, "api.example", &[]));
            assert!(admits(&check, "api.example", &["https://page.example"]));
            for other in [
                &["https://other.example"][..],
                &["https://page.example.other.example"],
                &["http://page.example"],
                &["https://page.example:8443"],
                &["null"],
                &[""],
                &["https://page.example", "https://page.example"],
                &["https://page.example https://other.example"],
                &["https://www.api.example"],
            ] {
                assert!(!admits(&check, "api.example", other), "{other:?}");
            }
        }
    }

    #[test]
    fn pages_of_the_listeners_own_origin_pass_if_the_scheme_is_the_listeners() {
        for (tls, behind_proxies, http, https) in [
            (false, false, true, false),
            (false, true, true, true),
            (true, false, false, true),
            (true, true, false, true),
        ] {
            let check = check(tls, behind_proxies);
            for (host, by_http, by_https) in [
                ("api.example", "http://api.example", "https://api.example"),
                (
                    "API.example:8080",
                    "http://api.example:8080",
                    "https://api.example:8080",
                ),
            ] {
                assert_eq!(admits(&check, host, &[by_http]), http, "{host} {check:?}");
                assert_eq!(admits(&check, host, &[by_https]), https, "{host} {check:?}");
            }
        }
        let plain = check(false, false);
        assert!(admits(&plain, "api.example:80", &["http://api.example"]));
        assert!(!admits(&plain, "api.example:81", &["http://api.example"]));
        assert!(!admits(&plain, "api.example", &["ftp://api.example"]));
    }
}
