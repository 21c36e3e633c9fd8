//! The four ways in which a service, or the proxy before it, asks about an access token. They share
//! one look-up, so they say the same.

mod authorize;
mod envoy;
mod walk;

use contract::errors;
use envoy_types::{
    ext_authz::v3::pb::{CheckRequest, CheckResponse, HttpResponse},
    pb::envoy::service::auth::v3::{
        AttributeContext,
        attribute_context::{HttpRequest, Request as ClientRequest},
        authorization_client::AuthorizationClient,
    },
};
use http_body_util::BodyExt as _;
use proto::auth::v1::{
    ErrorReason, ValidateSessionRequest,
    session_validation_service_client::SessionValidationServiceClient,
};
use serde_json::Value;
use std::collections::HashMap;
use testing::{
    auth::{SERVICE_TOKEN, as_service},
    http2::exchange,
};
use tonic::{
    Code, Response, Status,
    body::Body,
    codegen::http::{self, header},
    transport::Channel,
};

/// What introspection says of a token that does not hold. It gives no reason.
pub(crate) const INACTIVE: &str = "INACTIVE";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    ValidateSession,
    Introspection,
    Check,
    Authorize,
}

pub(crate) const DOORS: [Door; 4] = [
    Door::ValidateSession,
    Door::Introspection,
    Door::Check,
    Door::Authorize,
];

/// Whose token it is: user and session.
pub(crate) type Holder = (String, String);

impl Door {
    /// Asks on an internal listener. The status of a refusal has its reason, from whatever the
    /// answer was made of.
    pub(crate) async fn ask(
        self,
        internal: &Channel,
        token: &str,
    ) -> Result<Response<Holder>, Status> {
        let internal = internal.clone();
        let holder = match self {
            Self::ValidateSession => validate(internal, token).await,
            Self::Introspection => introspect(internal, token).await,
            Self::Check => {
                let answer = check(internal, &[("authorization", &bearer(token))], &[]).await;
                answer.and_then(|answer| passed(&answer))
            }
            Self::Authorize => {
                let bearer = bearer(token);
                let headers = [("authorization", bearer.as_str()), by_proxy(SERVICE_TOKEN)];
                let answer = call(internal, http::Method::GET, "/authorize", &headers, "").await?;
                let (status, headers, body) = answer;
                if status != 200 {
                    return Err(refusal(status, &body));
                }
                let told = |name: &str| headers[name].to_str().unwrap().to_owned();
                Ok((told("x-ticketing-user-id"), told("x-ticketing-session-id")))
            }
        };
        holder.map(Response::new)
    }
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// How a proxy identifies itself by a token.
pub(crate) fn by_proxy(token: &str) -> (&'static str, &str) {
    ("x-ticketing-service-token", token)
}

async fn validate(internal: Channel, token: &str) -> Result<Holder, Status> {
    let request = as_service(ValidateSessionRequest {
        access_token: token.to_owned(),
    });
    let mut client = SessionValidationServiceClient::new(internal);
    let answer = client.validate_session(request).await?.into_inner();
    let principal = answer.principal.unwrap();
    Ok((principal.user_id.to_string(), principal.session_id))
}

async fn introspect(internal: Channel, token: &str) -> Result<Holder, Status> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .finish();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", &bearer(SERVICE_TOKEN)),
    ];
    let path = "/oauth2/introspect";
    let (status, _, body) = call(internal, http::Method::POST, path, &headers, &form).await?;
    if status != 200 {
        return Err(refusal(status, &body));
    }
    let answer: Value = serde_json::from_slice(&body).unwrap();
    if answer["active"] == false {
        return Err(Status::unauthenticated(INACTIVE));
    }
    let told = |name: &str| answer[name].as_str().unwrap().to_owned();
    Ok((told("sub"), told("sid")))
}

/// Asks as Envoy does, about a request with these headers on a route with these extensions.
pub(crate) async fn check(
    internal: Channel,
    headers: &[(&str, &str)],
    extensions: &[(&str, &str)],
) -> Result<CheckResponse, Status> {
    let map = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let request = HttpRequest {
        headers: map(headers),
        ..HttpRequest::default()
    };
    let attributes = AttributeContext {
        request: Some(ClientRequest {
            http: Some(request),
            ..ClientRequest::default()
        }),
        context_extensions: map(extensions),
        ..AttributeContext::default()
    };
    let request = as_service(CheckRequest {
        attributes: Some(attributes),
    });
    let answer = AuthorizationClient::new(internal).check(request).await;
    answer.map(Response::into_inner)
}

/// Whose request Envoy is told to pass on.
fn passed(answer: &CheckResponse) -> Result<Holder, Status> {
    let status = answer
        .status
        .as_ref()
        .expect("without one, Envoy lets all pass");
    match answer.http_response.as_ref().expect("what to do") {
        HttpResponse::OkResponse(_) => {
            assert_eq!(status.code, i32::from(Code::Ok));
            let told = |name| told(answer, name).unwrap();
            Ok((told("x-ticketing-user-id"), told("x-ticketing-session-id")))
        }
        HttpResponse::DeniedResponse(denied) => {
            assert_ne!(status.code, i32::from(Code::Ok));
            let http = denied.status.as_ref().expect("without one, it is 403").code;
            Err(refusal(http.try_into().unwrap(), denied.body.as_bytes()))
        }
        HttpResponse::ErrorResponse(_) => panic!("{answer:?}"),
    }
}

/// A header that Envoy is told to set for the service behind it.
pub(crate) fn told(answer: &CheckResponse, name: &str) -> Option<String> {
    let Some(HttpResponse::OkResponse(passed)) = &answer.http_response else {
        panic!("{answer:?}");
    };
    let headers = passed
        .headers
        .iter()
        .map(|option| option.header.as_ref().unwrap());
    let mut headers = headers.filter(|header| header.key == name);
    headers.next().map(|header| header.value.clone())
}

pub(crate) type HttpAnswer = (u16, http::HeaderMap, Vec<u8>);

pub(crate) async fn call(
    mut internal: Channel,
    method: http::Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<HttpAnswer, Status> {
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Body::new(http_body_util::Full::from(body.to_owned()));
    let answer = exchange(&mut internal, request.body(body).unwrap()).await;
    let answer = answer.map_err(|error| Status::unknown(error.to_string()))?;
    let (head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes().to_vec();
    let is_kept_back = head.headers.contains_key(header::CACHE_CONTROL);
    assert_eq!(is_kept_back, head.status == 200);
    Ok((head.status.as_u16(), head.headers, body))
}

/// The reason of a refusal in JSON.
pub(crate) fn reason(error: &Value) -> &str {
    let mut details = error["details"].as_array().unwrap().iter();
    let info = details.find(|detail| detail["type"] == "google.rpc.ErrorInfo");
    info.unwrap()["debug"]["reason"].as_str().unwrap()
}

/// A refusal in JSON, as gRPC would have it.
fn refusal(http: u16, body: &[u8]) -> Status {
    let error: Value = serde_json::from_slice(body).unwrap();
    let (code, expected) = match error["code"].as_str().unwrap() {
        "unauthenticated" => (Code::Unauthenticated, 401),
        "permission_denied" => (Code::PermissionDenied, 403),
        "unavailable" => (Code::Unavailable, 503),
        "resource_exhausted" => (Code::ResourceExhausted, 429),
        other => panic!("{other}: {error}"),
    };
    assert_eq!(http, expected, "{error}");
    let reason = format!("ERROR_REASON_{}", reason(&error));
    let reason = ErrorReason::from_str_name(&reason).unwrap();
    errors::refuse(code, reason, error["message"].as_str().unwrap())
}
