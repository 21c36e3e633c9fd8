//! Calls in JSON, as Connect's protocol has them, on the same connections as calls of gRPC.

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use testing::http2::exchange;
use tonic::{body::Body, transport::Channel};

/// Calls a method, such as `/ticketing.auth.v1.AuthService/RefreshSession`, and gets its answer, or
/// the error of a service that is unavailable.
pub(crate) async fn call(
    mut channel: Channel,
    method: &str,
    access_token: Option<&str>,
    body: String,
) -> Result<Value, Value> {
    let mut request = Request::post(method).header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = access_token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Body::new(Full::from(body)));
    let answer = exchange(&mut channel, request.expect("a request")).await;
    let (head, body) = answer.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let answer = serde_json::from_slice(&body).expect("JSON");
    match head.status {
        StatusCode::OK => Ok(answer),
        StatusCode::SERVICE_UNAVAILABLE => Err(answer),
        status => panic!("{method}: {status}: {answer}"),
    }
}
