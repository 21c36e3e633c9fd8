//! Errors of Connect: an HTTP status that follows from the code, and JSON with the code, the message
//! and the details.

use super::methods;
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use contract::errors;
use http::{HeaderValue, Response, StatusCode, header};
use prost::Message as _;
use prost_reflect::DynamicMessage;
use prost_types::Any;
use proto::auth::v1::ErrorReason;
use serde::Serialize;
use tonic::{Code, Status, body::Body};

#[derive(Debug, Serialize)]
struct Error<'a> {
    code: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail>,
}

#[derive(Debug, Serialize)]
struct Detail {
    #[serde(rename = "type")]
    type_name: String,
    value: String,
    /// The same as JSON, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    debug: Option<DynamicMessage>,
}

/// The refusal of a message that cannot be read.
pub(super) fn malformed(message: &str) -> Status {
    errors::refuse(
        Code::InvalidArgument,
        ErrorReason::MessageMalformed,
        message,
    )
}

/// The answer to a call that is refused.
pub(super) fn answer(status: &Status) -> Response<Body> {
    json_refusal(status).map(|json| Body::new(http_body_util::Full::from(json)))
}

/// A refusal by HTTP: the status of its code, and JSON with its message and details.
#[must_use]
pub fn json_refusal(status: &Status) -> Response<String> {
    let (http, code) = told(status.code());
    let details = tonic_types::Status::decode(status.details());
    let details = details.unwrap_or_default().details;
    let error = Error {
        code,
        message: status.message(),
        details: details.iter().map(detail).collect(),
    };
    // this cannot fail, because all keys are texts
    let mut answer = Response::new(serde_json::to_string(&error).unwrap_or_default());
    *answer.status_mut() = http;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(super::JSON));
    if http == StatusCode::UNAUTHORIZED {
        // RFC 9110, 15.5.2
        let bearer = HeaderValue::from_static("Bearer");
        headers.insert(header::WWW_AUTHENTICATE, bearer);
    }
    if let Some(wait) = errors::retry_after(status) {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

fn detail(any: &Any) -> Detail {
    let type_name = any.type_url.rsplit('/').next().unwrap_or_default();
    let types = methods::types().ok();
    let message = types.and_then(|types| types.get_message_by_name(type_name));
    let message = message.map(|message| DynamicMessage::decode(message, any.value.as_slice()));
    Detail {
        type_name: type_name.to_owned(),
        value: BASE64_STANDARD_NO_PAD.encode(&any.value),
        debug: message.and_then(Result::ok),
    }
}

/// The HTTP status and the name of a code ("Error Codes").
fn told(code: Code) -> (StatusCode, &'static str) {
    match code {
        Code::Cancelled => (
            // the crate `http` has no constant for it
            StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            "canceled",
        ),
        Code::InvalidArgument => (StatusCode::BAD_REQUEST, "invalid_argument"),
        Code::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, "deadline_exceeded"),
        Code::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Code::AlreadyExists => (StatusCode::CONFLICT, "already_exists"),
        Code::PermissionDenied => (StatusCode::FORBIDDEN, "permission_denied"),
        Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "resource_exhausted"),
        Code::FailedPrecondition => (StatusCode::BAD_REQUEST, "failed_precondition"),
        Code::Aborted => (StatusCode::CONFLICT, "aborted"),
        Code::OutOfRange => (StatusCode::BAD_REQUEST, "out_of_range"),
        Code::Unimplemented => (StatusCode::NOT_IMPLEMENTED, "unimplemented"),
        Code::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Code::DataLoss => (StatusCode::INTERNAL_SERVER_ERROR, "data_loss"),
        Code::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
        Code::Ok | Code::Unknown => (StatusCode::INTERNAL_SERVER_ERROR, "unknown"),
    }
}
