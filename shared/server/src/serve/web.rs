//! Web pages that call the public listener. Pages of the listener's own origin may call by Connect.
//! Pages of other origins may call by Connect and gRPC-Web, if their origins are named.

use http::{HeaderName, HeaderValue, Method, Uri, header};
use std::{fmt, iter, str::FromStr, time::Duration};
use tonic_web::GrpcWebLayer;
use tower::{
    layer::util::Identity,
    util::{Either, option_layer},
};
use tower_http::cors::CorsLayer;

/// The headers that a page may send.
const REQUEST_HEADERS: [HeaderName; 10] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    HeaderName::from_static("connect-protocol-version"),
    HeaderName::from_static("connect-timeout-ms"),
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("x-grpc-web"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-user-agent"),
];
/// The headers of an answer that a page may read. An answer without a body has its status there.
const RESPONSE_HEADERS: [HeaderName; 5] = [
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-status-details-bin"),
    header::RETRY_AFTER,
    HeaderName::from_static("x-request-id"),
];
/// How long a browser may keep the answer to a pre-flight.
const PREFLIGHT_AGE: Duration = Duration::from_hours(1);

/// The origins whose pages may call, such as `https://partner.example.com`, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebOrigins(Vec<HeaderValue>);

impl WebOrigins {
    /// Whether there are none. Then gRPC-Web is not served.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether pages of this origin may call.
    pub(super) fn contains(&self, origin: &HeaderValue) -> bool {
        self.0.contains(origin)
    }

    /// Answers pre-flights (Fetch standard, "CORS protocol"), if there are origins.
    pub(super) fn cors(&self) -> Either<CorsLayer, Identity> {
        let cors = || {
            CorsLayer::new()
                .allow_origin(self.0.clone())
                .allow_methods([Method::POST])
                .allow_headers(REQUEST_HEADERS)
                .expose_headers(RESPONSE_HEADERS)
                .max_age(PREFLIGHT_AGE)
        };
        option_layer((!self.is_empty()).then(cors))
    }

    /// Translates gRPC-Web to gRPC and back, if there are origins.
    pub(super) fn grpc_web(&self) -> Either<GrpcWebLayer, Identity> {
        option_layer((!self.is_empty()).then(GrpcWebLayer::new))
    }
}

/// A text is not a list of origins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be origins by commas, each as a browser sends it: https://host or https://host:port")]
pub struct InvalidOrigins;

impl fmt::Display for WebOrigins {
    /// The origins, separated by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (origin, before) in self.0.iter().zip(iter::once("").chain(iter::repeat(", "))) {
            write!(f, "{before}{}", origin.to_str().unwrap_or_default())?;
        }
        Ok(())
    }
}

impl FromStr for WebOrigins {
    type Err = InvalidOrigins;

    fn from_str(text: &str) -> Result<Self, InvalidOrigins> {
        let origins = text.split(',').map(str::trim);
        let origins = origins.filter(|origin| !origin.is_empty());
        origins.map(origin).collect::<Result<_, _>>().map(Self)
    }
}

/// Reads a scheme, a host and a port. Nothing else is allowed, because origins are compared byte by
/// byte.
fn origin(text: &str) -> Result<HeaderValue, InvalidOrigins> {
    let uri: Uri = text.parse().map_err(|_| InvalidOrigins)?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(InvalidOrigins);
    };
    let as_sent = format!("{scheme}://{authority}").to_ascii_lowercase();
    let is_web = matches!(scheme, "http" | "https");
    if !is_web || as_sent != text || authority.as_str().contains(['@', '*']) {
        return Err(InvalidOrigins);
    }
    HeaderValue::from_str(text).map_err(|_| InvalidOrigins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_as_browsers_send_them_and_nothing_else_is() {
        let two: WebOrigins = "https://a.example, http://localhost:3000".parse().unwrap();
        assert_eq!(two.0, ["https://a.example", "http://localhost:3000"]);
        assert_eq!(two.to_string(), "https://a.example, http://localhost:3000");
        assert!("".parse::<WebOrigins>().unwrap().is_empty());
        for wrong in [
            "*",
            "null",
            "a.example",
            "https://a.example/",
            "https://a.example/page",
            "https://A.example",
            "https://user@a.example",
            "ftp://a.example",
            "https://a.example https://b.example",
            "https://*",
        ] {
            assert_eq!(wrong.parse::<WebOrigins>(), Err(InvalidOrigins), "{wrong}");
        }
    }
}
