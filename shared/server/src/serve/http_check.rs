//! Accepts only `POST` with a content type that the listener serves. Any other request is refused
//! before it is counted and before its body is read.
//!
//! A page may send requests with some content types to any origin without a pre-flight (Fetch
//! standard, "CORS-safelisted request-header"): with `text/plain`, with those of HTML forms, or
//! without one. The listener serves none of these, so each call from a page needs a pre-flight.

use super::connect;
use contract::access_rules::PathRules;
use futures_util::future::Either;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header,
};
use std::{
    future::{Ready, ready},
    task::{Context, Poll},
};
use tonic::body::Body;
use tower::{Layer, Service};

/// gRPC ("gRPC over HTTP2", Content-Type): only by HTTP/2, and only with Protocol Buffers.
const GRPC: &[&str] = &["application/grpc", "application/grpc+proto"];
/// gRPC-Web (PROTOCOL-WEB, "Content-Type"): by HTTP/1.1 and HTTP/2.
const GRPC_WEB: &[&str] = &[
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
];
/// Connect: by HTTP/1.1 and HTTP/2.
const CONNECT: &[&str] = &connect::CONTENT_TYPES;

/// The layer. It wraps everything that a listener serves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HttpCheck {
    /// Whether gRPC-Web is served.
    pub(super) grpc_web: bool,
    /// Whether Connect is served.
    pub(super) connect: bool,
    /// Paths that are served by plain HTTP. Their handlers check the HTTP method.
    pub(super) paths: PathRules,
}

impl HttpCheck {
    /// The refusal of a request that is not served. Otherwise, this removes the parameters of the
    /// content type and writes it in lower case, because the inner layers compare it byte by byte.
    fn refusal(self, request: &mut Request<Body>) -> Option<Response<Body>> {
        let path = request.uri().path();
        if self.paths.iter().any(|(served, _)| *served == path) {
            return None;
        }
        if request.method() != Method::POST {
            let allowed = if self.grpc_web {
                "POST, OPTIONS"
            } else {
                "POST"
            };
            let allowed = HeaderValue::from_static(allowed);
            return Some(refuse(
                StatusCode::METHOD_NOT_ALLOWED,
                header::ALLOW,
                allowed,
            ));
        }
        let sent = media_type(request.headers()).unwrap_or_default();
        let mut served = self.content_types(request.version());
        match served.find(|served| served.eq_ignore_ascii_case(sent)) {
            Some(served) => {
                let served = HeaderValue::from_static(served);
                request.headers_mut().insert(header::CONTENT_TYPE, served);
                None
            }
            None => Some(self.unsupported(request.version())),
        }
    }

    fn content_types(self, version: Version) -> impl Iterator<Item = &'static str> {
        let grpc = if version == Version::HTTP_2 {
            GRPC
        } else {
            &[]
        };
        let grpc_web = if self.grpc_web { GRPC_WEB } else { &[] };
        let connect = if self.connect { CONNECT } else { &[] };
        grpc.iter().chain(grpc_web).chain(connect).copied()
    }

    /// The answer to another content type. It lists those that are served (RFC 9110, 15.5.16).
    fn unsupported(self, version: Version) -> Response<Body> {
        let served: Vec<_> = self.content_types(version).collect();
        let served = HeaderValue::try_from(served.join(", "));
        let served = served.unwrap_or(HeaderValue::from_static(""));
        refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, header::ACCEPT, served)
    }
}

/// The media type without parameters, if the request has exactly one content type (RFC 9110, 8.3).
fn media_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let media_type = value.to_str().ok()?.split(';').next()?;
    Some(media_type.trim_matches([' ', '\t']))
}

fn refuse(status: StatusCode, name: HeaderName, value: HeaderValue) -> Response<Body> {
    let mut refusal = Response::new(Body::empty());
    *refusal.status_mut() = status;
    refusal.headers_mut().insert(name, value);
    refusal
}

impl<S> Layer<S> for HttpCheck {
    type Service = HttpChecked<S>;

    fn layer(&self, inner: S) -> HttpChecked<S> {
        HttpChecked {
            inner,
            check: *self,
        }
    }
}

/// A service that gets only requests that pass the check.
#[derive(Clone, Debug)]
pub(super) struct HttpChecked<S> {
    inner: S,
    check: HttpCheck,
}

impl<S> Service<Request<Body>> for HttpChecked<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.check.refusal(&mut request) {
            None => Either::Left(self.inner.call(request)),
            Some(refusal) => Either::Right(ready(Ok(refusal))),
        }
    }
}

#[cfg(test)]
mod tests;
