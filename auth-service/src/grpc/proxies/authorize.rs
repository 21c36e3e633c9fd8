//! `GET /authorize`, for proxies that pass a request on if a subrequest is answered with 2xx: nginx
//! (`auth_request`), Traefik (`ForwardAuth`) and others.
//!
//! The client's token is in `authorization`. What the route requires is in the query, which the
//! proxy's configuration has and a client does not reach.

use super::{ProxyQuestions, RouteRule, identity};
use contract::{bearer::BearerToken, errors::refuse};
use http::{HeaderValue, Request, Response, header};
use proto::auth::v1::ErrorReason;
use tonic::{Code, Status, body::Body, metadata::MetadataMap};

/// Answers 200 with the user of the request in headers. Refuses by an error: 401, 403, or, where
/// there is no answer, 5xx.
pub async fn authorize(
    questions: ProxyQuestions,
    request: Request<Body>,
) -> Result<Response<Body>, Status> {
    let query = request.uri().query().unwrap_or_default();
    let rule = RouteRule::read(form_urlencoded::parse(query.as_bytes()))?;
    let metadata = MetadataMap::from_headers(request.into_parts().0.headers);
    let token = BearerToken::from_metadata(&metadata);
    let principal = questions.ask(token, &rule).await?;
    let mut answer = Response::new(Body::empty());
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in identity::headers(&principal) {
        if let Some(value) = value {
            let value = HeaderValue::try_from(value).map_err(|_| {
                tracing::error!(name, "a value is not one of a header");
                refuse(Code::Internal, ErrorReason::Internal, "internal error")
            })?;
            headers.insert(name, value);
        }
    }
    Ok(answer)
}
