//! Validations as proxies ask for them. Each gives the session that it is told of.

use envoy_types::{
    ext_authz::v3::pb::{CheckRequest, HttpResponse},
    pb::envoy::service::auth::v3::{
        AttributeContext,
        attribute_context::{HttpRequest, Request as ClientRequest},
        authorization_client::AuthorizationClient,
    },
};
use http::{Request, header};
use testing::{
    auth::{SERVICE_TOKEN, as_service},
    http2::exchange,
};
use tonic::{body::Body, transport::Channel};

const SESSION: &str = "x-ticketing-session-id";

/// By Envoy's method, about a request as a browser sends it.
pub(crate) async fn check(channel: Channel, token: String) -> String {
    let headers = [
        (":method", "GET"),
        (":path", "/reports/monthly"),
        (":authority", "reports.example.com"),
        ("accept", "application/json"),
        ("accept-language", "en"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"),
        ("x-forwarded-proto", "https"),
        ("authorization", &format!("Bearer {token}")),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let request = HttpRequest {
        headers: headers.into(),
        ..HttpRequest::default()
    };
    let attributes = AttributeContext {
        request: Some(ClientRequest {
            http: Some(request),
            ..ClientRequest::default()
        }),
        ..AttributeContext::default()
    };
    let request = as_service(CheckRequest {
        attributes: Some(attributes),
    });
    let answer = AuthorizationClient::new(channel).check(request).await;
    let Some(HttpResponse::OkResponse(passed)) =
        answer.expect("an answer").into_inner().http_response
    else {
        panic!("a valid session");
    };
    let mut headers = passed
        .headers
        .into_iter()
        .filter_map(|option| option.header);
    let session = headers.find(|header| header.key == SESSION);
    session.expect("a session").value
}

/// By `GET /authorize`.
pub(crate) async fn authorize(mut channel: Channel, token: String) -> String {
    let request = Request::get("/authorize")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header("x-ticketing-service-token", SERVICE_TOKEN)
        .body(Body::empty());
    let answer = exchange(&mut channel, request.expect("a request")).await;
    let answer = answer.expect("an answer");
    let session = answer.headers().get(SESSION).expect("a valid session");
    session.to_str().expect("text").to_owned()
}
