//! Translates a gRPC answer into a Connect answer.

use super::{Codec, compression, error, json};
use crate::serve::reasons;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use http_body_util::{BodyExt as _, Full};
use prost_reflect::MessageDescriptor;
use tonic::{Code, Status, body::Body, codegen::Bytes};

/// The length of the prefix of a message: one byte for compression, four for the length.
const PREFIX: usize = 5;
const NOT_COMPRESSED: &[u8] = &[0];
/// Connect has the trailers of gRPC as headers with this prefix.
const TRAILER: &str = "trailer-";
/// Headers and trailers that describe the answer as gRPC sent it.
const NOT_PASSED_ON: [HeaderName; 7] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    HeaderName::from_static("grpc-accept-encoding"),
    HeaderName::from_static("grpc-encoding"),
    Status::GRPC_MESSAGE,
    Status::GRPC_STATUS,
    Status::GRPC_STATUS_DETAILS,
];

/// The Connect answer. An answer that is not gRPC stays as it is: an inner layer has answered by
/// plain HTTP.
pub(super) async fn translate(
    answer: Response<Body>,
    codec: Codec,
    output: Option<&MessageDescriptor>,
    gzip: bool,
) -> Response<Body> {
    let is_grpc = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|sent| sent.as_bytes().starts_with(b"application/grpc"));
    if !is_grpc {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let message = message(&mut parts.headers, body).await;
    let message = message.and_then(|message| encode(codec, message, output));
    let mut headers = parts.headers;
    for name in NOT_PASSED_ON {
        headers.remove(name);
    }
    match message {
        Ok(message) => answered(headers, message, codec, gzip),
        Err(status) => {
            let mut answer = error::answer(&status);
            answer.headers_mut().extend(headers);
            answer
        }
    }
}

/// The message of a call that succeeded. Adds the trailers to `headers`.
async fn message(headers: &mut HeaderMap, body: Body) -> Result<Bytes, Status> {
    if let Some(status) = refusal(headers) {
        return Err(status);
    }
    let body = body.collect().await?;
    if let Some(trailers) = body.trailers() {
        if let Some(status) = refusal(trailers) {
            return Err(status);
        }
        for (name, value) in trailers {
            let trailer = HeaderName::try_from(format!("{TRAILER}{name}"));
            if let (Ok(trailer), false) = (trailer, NOT_PASSED_ON.contains(name)) {
                headers.append(trailer, value.clone());
            }
        }
    }
    let mut message = body.to_bytes();
    if message.len() < PREFIX || !message.starts_with(NOT_COMPRESSED) {
        return Err(reasons::fault("an answer that is not one message"));
    }
    Ok(message.split_off(PREFIX))
}

fn refusal(headers: &HeaderMap) -> Option<Status> {
    let status = Status::from_header_map(headers)?;
    (status.code() != Code::Ok).then_some(status)
}

fn encode(
    codec: Codec,
    message: Bytes,
    output: Option<&MessageDescriptor>,
) -> Result<Bytes, Status> {
    let (Codec::Json, Some(output)) = (codec, output) else {
        return Ok(message);
    };
    json::write(message, output).map_err(|error| reasons::fault(&error.to_string()))
}

fn answered(mut headers: HeaderMap, message: Bytes, codec: Codec, gzip: bool) -> Response<Body> {
    let content_type = HeaderValue::from_static(codec.content_type());
    headers.insert(header::CONTENT_TYPE, content_type);
    let packed = gzip.then(|| compression::pack(&message)).flatten();
    let body = packed.map_or(message, |packed| {
        let gzip = HeaderValue::from_static(compression::GZIP);
        headers.insert(header::CONTENT_ENCODING, gzip);
        packed
    });
    let mut answer = Response::new(Body::new(Full::from(body)));
    *answer.headers_mut() = headers;
    answer
}
