//! Translates a Connect request into a gRPC request.

use super::{Codec, compression::Encoding, error::malformed, json};
use crate::serve::message::{MAX_MESSAGE, Refusal};
use contract::errors::{self, InvalidField};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Body as _, Frame};
use prost::Message as _;
use prost_reflect::MessageDescriptor;
use proto::auth::v1::ErrorReason;
use tonic::{Code, Status, body::Body, codegen::Bytes};

/// The version of the protocol. The header is optional.
const VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");
/// Headers that describe the original body, or that only a gRPC client may send.
const NOT_PASSED_ON: [HeaderName; 6] = [
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::ACCEPT_ENCODING,
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("grpc-encoding"),
    HeaderName::from_static("grpc-accept-encoding"),
];

/// The gRPC request. The original body is read when the message is read. For an unknown method
/// (without `input`), it is not read at all.
pub(super) fn translate(
    request: Request<Body>,
    codec: Codec,
    input: Option<MessageDescriptor>,
) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    let sent = Sent {
        version: parts.headers.remove(VERSION),
        encoding: Encoding::of(&parts.headers),
        body,
    };
    strip(&mut parts.headers);
    let body = input.map_or_else(Body::empty, |input| {
        let message = async move {
            let message = sent
                .read()
                .await
                .and_then(|bytes| decode(codec, bytes, &input));
            Ok::<_, Status>(Frame::data(framed(&message?)?))
        };
        Body::new(StreamBody::new(stream::once(message)))
    });
    Request::from_parts(parts, body)
}

fn strip(headers: &mut HeaderMap) {
    for name in NOT_PASSED_ON {
        headers.remove(name);
    }
    let grpc = HeaderValue::from_static("application/grpc");
    headers.insert(header::CONTENT_TYPE, grpc);
}

/// The original body, with the headers that are needed to read it.
struct Sent {
    version: Option<HeaderValue>,
    encoding: Encoding,
    body: Body,
}

impl Sent {
    /// The bytes of the message, decompressed.
    async fn read(self) -> Result<Vec<u8>, Status> {
        if self.version.is_some_and(|version| version != "1") {
            return Err(malformed("connect-protocol-version must be 1"));
        }
        let encoding = self.encoding;
        if encoding == Encoding::Unknown {
            return Err(encoding_unsupported());
        }
        encoding.unpack(read_to_end(self.body).await?)
    }
}

pub(in crate::serve) async fn read_to_end(mut body: Body) -> Result<Vec<u8>, Status> {
    let announced = usize::try_from(body.size_hint().lower());
    if announced.is_ok_and(|length| length > MAX_MESSAGE) {
        return Err(Refusal::TooLong(MAX_MESSAGE).status());
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > MAX_MESSAGE {
            return Err(Refusal::TooLong(MAX_MESSAGE).status());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// The message in Protocol Buffers. A body that has this encoding already is not checked here,
/// because tonic decodes it later.
fn decode(codec: Codec, bytes: Vec<u8>, input: &MessageDescriptor) -> Result<Vec<u8>, Status> {
    match codec {
        Codec::Proto => Ok(bytes),
        Codec::Json if bytes.is_empty() => Err(malformed(
            "the body is empty; a message without fields is {}",
        )),
        Codec::Json => json::read(&bytes, input)
            .map(|message| message.encode_to_vec())
            .map_err(invalid_json),
    }
}

fn invalid_json(invalid: InvalidField) -> Status {
    if invalid.field.is_empty() {
        return malformed(&format!("the JSON cannot be read: {}", invalid.problem));
    }
    errors::invalid_fields(ErrorReason::MessageMalformed, vec![invalid])
}

fn encoding_unsupported() -> Status {
    errors::refuse(
        Code::Unimplemented,
        ErrorReason::EncodingUnsupported,
        "the body may be sent as it is, or with content-encoding: gzip",
    )
}

/// The message with its prefix ("gRPC over HTTP2", Length-Prefixed-Message).
fn framed(message: &[u8]) -> Result<Bytes, Status> {
    let length = u32::try_from(message.len());
    let length = length.map_err(|_| Refusal::TooLong(MAX_MESSAGE).status())?;
    Ok([&[0], length.to_be_bytes().as_slice(), message]
        .concat()
        .into())
}
