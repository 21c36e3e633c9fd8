//! What both services answer to whatever a listener may be sent: each error has its
//! code and its reason, wherever between socket and handler it is made.

use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::{body::Frame, client::conn::http2::handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use proto::requests::v1::GetPartnerRequestRequest;
use std::net::SocketAddr;
use testing::pair::{PARTNER_USER, Pair};
use testing::{Kind, auth::SERVICE_TOKEN, http2::framed, metrics::scrape};
use tokio::net::TcpStream;
use tonic::{Code, Status, body::Body, codegen::http::Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_request::MessageRequest,
};
use tonic_types::StatusExt as _;

const CHECK: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECT: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const LOG_IN: &str = "/ticketing.auth.v1.AuthService/CreateSession";
const VALIDATE: &str = "/ticketing.auth.v1.SessionValidationService/ValidateSession";
const GET: &str = "/ticketing.requests.v1.PartnerRequestsService/GetPartnerRequest";

/// A message of one type.
fn message(message: &impl prost::Message) -> Vec<u8> {
    framed(0, &message.encode_to_vec())
}

/// A body that is sent and not ended.
fn unended(bytes: Vec<u8>) -> Body {
    use tokio_stream::StreamExt as _;
    let sent = tokio_stream::once(Ok::<_, Status>(Frame::data(bytes.into())));
    Body::new(StreamBody::new(sent.chain(tokio_stream::pending())))
}

fn whole(bytes: Vec<u8>) -> Body {
    Body::new(Full::from(bytes))
}

/// Code and reason of an answer, however it says them.
async fn send(
    server: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: Body,
) -> (Code, String) {
    let mut request = Request::post(format!("http://{server}{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    // a client that has no time of its own
    let stream = TcpStream::connect(server).await.unwrap();
    let connecting = handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut client, connection) = connecting.await.unwrap();
    tokio::spawn(connection);
    let request = request.body(body).unwrap();
    let answer = client.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let (head, body) = answer.into_parts();
    let status = if let Some(status) = Status::from_header_map(&head.headers) {
        status
    } else {
        let all = body.collect().await.unwrap();
        Status::from_header_map(all.trailers().expect("trailers")).expect("a status")
    };
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| {
        assert_eq!(info.domain, "ticketing");
        info.reason.clone()
    });
    assert_eq!(
        details.retry_info().is_some(),
        matches!(status.code(), Code::Unavailable | Code::ResourceExhausted)
            && reason.as_deref() != Some("MESSAGE_TOO_LARGE"),
        "{status:?}"
    );
    (status.code(), reason.unwrap_or_default())
}

/// A listener, a path and metadata.
type Call = (SocketAddr, &'static str, Vec<(&'static str, String)>);

struct World {
    pair: Pair,
    token: String,
}

impl World {
    async fn start(kind: Kind) -> Self {
        let pair = Pair::start(kind).await;
        let token = format!("Bearer {}", pair.log_in(PARTNER_USER).await);
        Self { pair, token }
    }

    fn listeners(&self) -> [SocketAddr; 5] {
        let auth = &self.pair.auth.replica;
        [
            auth.public,
            auth.internal,
            auth.ops,
            self.pair.public,
            self.pair.ops,
        ]
    }

    /// A call of each service, with what lets it in.
    fn calls(&self) -> [Call; 4] {
        let auth = &self.pair.auth.replica;
        let bearer = |token: &str| vec![("authorization", token.to_owned())];
        [
            (auth.public, LOG_IN, Vec::new()),
            (
                auth.internal,
                VALIDATE,
                bearer(&format!("Bearer {SERVICE_TOKEN}")),
            ),
            (self.pair.public, GET, bearer(&self.token)),
            (self.pair.ops, CHECK, Vec::new()),
        ]
    }
}

fn is(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

/// Whether the message was looked at by the handler, which finds fault with it, or none.
fn is_handled((code, reason): &(Code, String)) -> bool {
    matches!(
        (code, reason.as_str()),
        (Code::Ok, "")
            | (Code::InvalidArgument, "FIELD_INVALID")
            | (
                Code::Unauthenticated,
                "CREDENTIALS_INVALID" | "TOKEN_MISSING"
            )
    )
}

testing::on_both_databases! {
    async fn unknown_paths_are_unimplemented_on_every_listener(kind: Kind) {
        let world = World::start(kind).await;
        for server in world.listeners() {
            for path in [
                "/",
                "/nothing",
                "/a.B/C",
                "/a.B/C/D",
                "/grpc.health.v1.Health/Nothing",
                "/grpc.health.v1.Health/",
                "/grpc.reflection.v1.ServerReflection/check",
                "/ticketing.auth.v1.AuthService/Nothing",
                "/ticketing.auth.v1.AuthService",
                "/ticketing.auth.v1.SessionValidationService/validatesession",
                "/ticketing.requests.v1.PartnersService/%4cistPartners",
            ] {
                let answer = send(server, path, &[], whole(framed(0, b""))).await;
                assert_eq!(answer, is(Code::Unimplemented, "METHOD_UNKNOWN"), "{path}");
            }
        }
    }

    async fn compressed_messages_are_refused_by_their_encoding(kind: Kind) {
        let world = World::start(kind).await;
        let unsupported = is(Code::Unimplemented, "ENCODING_UNSUPPORTED");
        for server in world.listeners() {
            for encoding in ["gzip", "GZIP", "deflate", "zstd", "snappy", "identity, gzip", ""] {
                let headers = [("grpc-encoding", encoding)];
                let answer = send(server, CHECK, &headers, whole(framed(1, b"x"))).await;
                assert_eq!(answer, unsupported, "{encoding}");
            }
            let plain = [("grpc-encoding", "identity"), ("grpc-accept-encoding", "gzip")];
            let answer = send(server, CHECK, &plain, whole(framed(0, b""))).await;
            assert_eq!(answer.0, Code::Ok);
        }
        for (server, path, _) in world.calls() {
            let headers = [("grpc-encoding", "gzip")];
            assert_eq!(send(server, path, &headers, whole(framed(1, b"x"))).await, unsupported);
        }
    }

    async fn a_body_that_holds_no_message_of_the_call_is_the_callers_fault(kind: Kind) {
        let world = World::start(kind).await;
        let malformed = is(Code::InvalidArgument, "MESSAGE_MALFORMED");
        // a field that is cut off, and text that is not UTF-8
        let undecodable = [&b"\x0a\x7fx"[..], b"\x0a\x02\xff\xfe", b"\xff"];
        let good = message(&HealthCheckRequest::default());
        let mut bodies: Vec<Vec<u8>> = undecodable.map(|bytes| framed(0, bytes)).into();
        bodies.extend([
            Vec::new(),
            vec![0],
            vec![0, 0, 0, 0],
            vec![0, 0, 0, 0, 1],
            framed(0, &[0x0a; 60])[..40].to_vec(),
            framed(1, b""),
            framed(2, b""),
            framed(0x80, b"grpc-status:0"),
            [good.clone(), vec![0, 0]].concat(),
            [good.clone(), framed(1, b"")].concat(),
            [good.clone(), framed(0, b"\xff")].concat(),
        ]);
        for (server, path, headers) in world.calls() {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            for body in &bodies {
                let answer = send(server, path, &headers, whole(body.clone())).await;
                assert_eq!(answer, malformed, "{path} {body:?}");
            }
            // a message that tells the call all it needs is looked at
            let answer = send(server, path, &headers, whole(good.clone())).await;
            assert!(is_handled(&answer), "{path}: {answer:?}");
        }
        for bytes in undecodable {
            let answer = send(world.pair.public, WATCH, &[], whole(framed(0, bytes))).await;
            assert_eq!(answer, malformed);
        }
        for ops in [world.pair.auth.replica.ops, world.pair.ops] {
            let scraped = scrape(ops).await;
            let faults = |name| {
                let mut counted = scraped.counted(name).into_iter();
                counted.find(|series| series.contains("code=\"INTERNAL\"")).map(str::to_owned)
            };
            assert_eq!(faults("ticketing_auth_calls_total"), None);
            assert_eq!(faults("ticketing_requests_calls_total"), None);
        }
    }

    async fn a_message_that_is_too_long_is_refused_by_its_announcement(kind: Kind) {
        let world = World::start(kind).await;
        let too_large = is(Code::ResourceExhausted, "MESSAGE_TOO_LARGE");
        for (server, path, headers) in world.calls() {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let most: u32 = if path == CHECK { 4_096 } else { 65_536 };
            for announced in [most + 1, 1_000_000, u32::MAX] {
                let body = [&[0], announced.to_be_bytes().as_slice()].concat();
                let answer = send(server, path, &headers, unended(body)).await;
                assert_eq!(answer, too_large, "{path}: {announced}");
            }
            let content = vec![b'x'; usize::try_from(most).unwrap() + 1];
            let answer = send(server, path, &headers, whole(framed(0, &content))).await;
            assert_eq!(answer, too_large, "{path}");
            // the longest: text in a field that nobody knows
            let mut longest = vec![0xfa, 0x01];
            let text = if path == CHECK { most - 4 } else { most - 5 };
            prost::encoding::encode_varint(text.into(), &mut longest);
            longest.resize(usize::try_from(most).unwrap(), b'x');
            let answer = send(server, path, &headers, whole(framed(0, &longest))).await;
            assert!(is_handled(&answer), "{path}: {answer:?}");
        }
    }

    async fn wrong_calls_of_health_and_reflection_are_refused_with_a_reason(kind: Kind) {
        let world = World::start(kind).await;
        let not_given = is(Code::NotFound, "NOT_GIVEN");
        for server in world.listeners() {
            let nothing = message(&HealthCheckRequest { service: "nothing".to_owned() });
            for path in [CHECK, WATCH] {
                assert_eq!(send(server, path, &[], whole(nothing.clone())).await, not_given);
            }
            let reflect = |message_request| {
                let host = String::new();
                whole(message(&ServerReflectionRequest { host, message_request }))
            };
            let nothing = MessageRequest::FileContainingSymbol("a.B".to_owned());
            let answer = send(server, REFLECT, &[], reflect(Some(nothing))).await;
            assert_eq!(answer, not_given);
            let answer = send(server, REFLECT, &[], reflect(None)).await;
            assert_eq!(answer, is(Code::InvalidArgument, "NOT_GIVEN"));
            let answer = send(server, REFLECT, &[], whole(framed(0, &[b'x'; 5_000]))).await;
            assert_eq!(answer, is(Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
            let answer = send(server, REFLECT, &[], whole(framed(1, b""))).await;
            assert_eq!(answer, is(Code::InvalidArgument, "MESSAGE_MALFORMED"));
        }
    }

    async fn an_invalid_timeout_is_ignored_and_a_passed_one_is_refused(kind: Kind) {
        let world = World::start(kind).await;
        for (server, path, headers) in world.calls() {
            let with = |time| {
                let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
                headers.chain([("grpc-timeout", time)]).collect::<Vec<_>>()
            };
            for time in ["", "S", "1", "1s", "-1S", "123456789S", "1.5S", "soon", "99999999H"] {
                let message = message(&GetPartnerRequestRequest::default());
                let answer = send(server, path, &with(time), whole(message)).await;
                assert!(is_handled(&answer), "{path} {time}: {answer:?}");
            }
            for time in ["0n", "1n", "999u", "1m", "2m", "100m"].into_iter().cycle().take(60) {
                let answer = send(server, path, &with(time), unended(vec![0])).await;
                assert!(
                    // who cannot be asked in so short a time
                    answer == is(Code::Unavailable, "DEADLINE_REACHED")
                        || answer == is(Code::Unavailable, "VALIDATION_UNAVAILABLE"),
                    "{path} {time}: {answer:?}"
                );
            }
        }
    }
}
