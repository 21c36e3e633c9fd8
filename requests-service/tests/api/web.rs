//! gRPC-Web, as a browser calls it: the pre-flight first, then the call by HTTP/1.1.

use crate::tls::trusting;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use prost::Message as _;
use proto::requests::v1::ListPartnerRequestsRequest;
use std::{fmt::Write as _, net::SocketAddr};
use testing::pair::{PARTNER_USER, Pair, to_reach};
use testing::{
    Kind,
    auth::Auth,
    certificates::{Authority, Mounted},
    http2::framed,
    tls,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic_health::pb::HealthCheckRequest;
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_request::MessageRequest,
};

const PAGE: &str = "https://partner.example.com";
/// SERVING, as health says it, framed.
const SERVING: &[u8] = b"\0\0\0\0\x02\x08\x01";
const LIST: &str = "/ticketing.requests.v1.PartnerRequestsService/ListPartnerRequests";

async fn pair(kind: Kind, flags: &[&str]) -> Pair {
    pair_by(kind, flags, None).await
}

/// By TLS, where the files are given.
async fn pair_by(kind: Kind, flags: &[&str], mounted: Option<&Mounted>) -> Pair {
    let auth = Auth::start(kind).await;
    let mut all = to_reach(&auth, auth.replica.internal).to_vec();
    all.extend(flags.iter().map(|flag| (*flag).to_owned()));
    if let Some(mounted) = mounted {
        let (certificate, key) = (mounted.certificate(), mounted.key());
        all.push(format!(
            "--public-tls-certificate-file={}",
            certificate.display()
        ));
        all.push(format!("--public-tls-key-file={}", key.display()));
    }
    Pair::with(auth, &all, mounted.map(trusting)).await
}

/// What a server answers, in small letters; empty where it hangs up.
async fn send_by(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    call: &str,
    headers: &[String],
    body: &[u8],
) -> String {
    send(&mut stream, call, headers, body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).to_ascii_lowercase()
}

/// Sends a request: a method and a path, headers, a body.
async fn send(stream: &mut (impl AsyncWrite + Unpin), call: &str, headers: &[String], body: &[u8]) {
    let mut head = format!("{call} HTTP/1.1\r\nhost: served\r\nconnection: close\r\n");
    for header in headers {
        head += header;
        head += "\r\n";
    }
    write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
    let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
}

async fn pre_flight(server: SocketAddr, origin: &str) -> String {
    let headers = [
        format!("origin: {origin}"),
        "access-control-request-method: POST".to_owned(),
        "access-control-request-headers: authorization,content-type,x-grpc-web".to_owned(),
    ];
    let stream = TcpStream::connect(server).await.unwrap();
    send_by(stream, &format!("OPTIONS {LIST}"), &headers, b"").await
}

/// The headers of a page's call by gRPC-Web, of either kind.
fn of_page(origin: &str, kind: &str) -> Vec<String> {
    vec![
        format!("origin: {origin}"),
        format!("content-type: application/grpc-web{kind}"),
        format!("accept: application/grpc-web{kind}"),
        "x-grpc-web: 1".to_owned(),
    ]
}

async fn list(server: SocketAddr, origin: &str, token: Option<&str>) -> String {
    let stream = TcpStream::connect(server).await.unwrap();
    list_by(stream, origin, token).await
}

async fn list_by(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    origin: &str,
    token: Option<&str>,
) -> String {
    let mut headers = of_page(origin, "+proto");
    headers.extend(token.map(|token| format!("authorization: Bearer {token}")));
    let body = framed(0, &ListPartnerRequestsRequest::default().encode_to_vec());
    send_by(stream, &format!("POST {LIST}"), &headers, &body).await
}

/// Asks whether a service is healthy, once or to be told of each change.
async fn health(server: SocketAddr, method: &str, service: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let service = service.to_owned();
    let call = format!("POST /grpc.health.v1.Health/{method}");
    let body = framed(0, &HealthCheckRequest { service }.encode_to_vec());
    send(&mut stream, &call, &of_page(PAGE, "+proto"), &body).await;
    stream
}

/// Reads until an answer has these bytes, while it may go on.
async fn read_until(stream: &mut TcpStream, expected: &[u8]) -> String {
    let mut answer = Vec::new();
    while !answer
        .windows(expected.len())
        .any(|bytes| bytes == expected)
    {
        let read = stream.read_buf(&mut answer).await.unwrap();
        let so_far = String::from_utf8_lossy(&answer);
        assert_ne!(read, 0, "it ended without {expected:?}: {so_far}");
    }
    String::from_utf8_lossy(&answer).to_ascii_lowercase()
}

/// Asks reflection, in one message, which services there are.
async fn reflected(server: SocketAddr, version: &str, kind: &str) -> String {
    let stream = TcpStream::connect(server).await.unwrap();
    let call = format!("POST /grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
    let question = MessageRequest::ListServices(String::new());
    let question = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let mut body = framed(0, &question.encode_to_vec());
    if kind == "-text" {
        body = BASE64.encode(body).into_bytes();
    }
    send_by(stream, &call, &of_page(PAGE, kind), &body).await
}

testing::on_both_databases! {
    async fn a_page_of_a_named_origin_lists_requests(kind: Kind) {
        let pair = pair(kind, &[&format!("--web-origins={PAGE}")]).await;
        let answer = pre_flight(pair.public, PAGE).await;
        assert!(answer.starts_with("http/1.1 200"), "{answer}");
        for header in [
            "access-control-allow-origin: https://partner.example.com",
            "access-control-allow-methods: post",
            "access-control-allow-headers: authorization,content-type,",
        ] {
            assert!(answer.contains(header), "{header} in {answer}");
        }

        let tokens = pair.auth.log_in(PARTNER_USER).await.tokens.unwrap();
        let answer = list(pair.public, PAGE, Some(&tokens.access_token)).await;
        assert!(answer.contains("content-type: application/grpc-web"), "{answer}");
        assert!(answer.contains("access-control-allow-origin: https://partner.example.com"));
        assert!(answer.contains("req-"), "{answer}");
        assert!(answer.contains("grpc-status:0"), "{answer}");

        let answer = list(pair.public, PAGE, None).await;
        assert!(answer.contains("grpc-status: 16"), "{answer}");
        assert!(answer.contains("access-control-expose-headers: grpc-message,grpc-status"));
        assert!(!answer.contains("req-"), "{answer}");
    }

    async fn health_and_reflection_answer_a_page_as_all_services_do(kind: Kind) {
        let pair = pair(kind, &[&format!("--web-origins={PAGE}")]).await;
        let answered = |answer: &str, parts: &[&str]| {
            for part in parts.iter().chain(&["access-control-allow-origin: https://partner"]) {
                assert!(answer.contains(part), "{part} in {answer}");
            }
        };
        let mut requested = health(pair.public, "Check", "liveness").await;
        let answer = read_until(&mut requested, b"grpc-status:0").await;
        answered(&answer, &["content-type: application/grpc-web+proto", "\0\0\0\0\u{2}\u{8}\u{1}"]);
        let mut requested = health(pair.public, "Check", "nothing").await;
        let answer = read_until(&mut requested, b"\r\n\r\n").await;
        answered(&answer, &["content-type: application/grpc-web+proto", "grpc-status: 5"]);

        let service = "ticketing.requests.v1.partnerrequestsservice";
        for version in ["v1", "v1alpha"] {
            let answer = reflected(pair.public, version, "+proto").await;
            answered(&answer, &["content-type: application/grpc-web+proto", service, "grpc-status:0"]);
        }
        let answer = reflected(pair.public, "v1", "-text").await;
        answered(&answer, &["content-type: application/grpc-web-text+proto"]);
    }

    async fn a_page_that_watches_health_is_told_it_while_the_stream_goes_on(kind: Kind) {
        let pair = pair(kind, &[&format!("--web-origins={PAGE}")]).await;
        let mut watched = health(pair.public, "Watch", "liveness").await;
        let answer = read_until(&mut watched, SERVING).await;
        assert!(answer.contains("content-type: application/grpc-web+proto"), "{answer}");
        assert!(!answer.contains("grpc-status:"), "{answer}");
    }

    async fn a_page_of_another_origin_is_not_let_in(kind: Kind) {
        let pair = pair(kind, &[&format!("--web-origins={PAGE}")]).await;
        for other in ["https://evil.example.com", "https://partner.example.com.evil.example", "null"] {
            let answer = pre_flight(pair.public, other).await;
            assert!(answer.starts_with("http/1.1 403"), "{answer}");
            assert!(!answer.contains("access-control-allow-origin"), "{answer}");
        }
    }

    async fn without_origins_browsers_are_not_served(kind: Kind) {
        let pair = pair(kind, &[]).await;
        let tokens = pair.auth.log_in(PARTNER_USER).await.tokens.unwrap();
        for answer in [
            pre_flight(pair.public, PAGE).await,
            list(pair.public, PAGE, Some(&tokens.access_token)).await,
        ] {
            assert!(answer.starts_with("http/1.1 403") && !answer.contains("req-"), "{answer}");
        }
    }
}

/// A proxy that asks for nothing by ALPN means HTTP/1.1.
const BY_HTTP1: [&[&str]; 2] = [&["http/1.1"], &[]];

#[tokio::test]
async fn a_page_lists_requests_by_tls_too_also_by_http1() {
    let ours = Authority::new();
    let mounted = Mounted::new(&ours.server(&["localhost"]), &ours);
    let flag = format!("--web-origins={PAGE}");
    let pair = pair_by(Kind::Sqlite, &[&flag], Some(&mounted)).await;
    let token = pair.log_in(PARTNER_USER).await;
    for protocols in BY_HTTP1 {
        let stream = tls::connect(pair.public, &mounted.authority(), protocols).await;
        let stream = stream.unwrap();
        let answer = list_by(stream, PAGE, Some(&token)).await;
        assert!(
            answer.starts_with("http/1.1 200"),
            "{protocols:?}: {answer}"
        );
        assert!(answer.contains("req-"), "{answer}");
        assert!(answer.contains("grpc-status:0"), "{answer}");
    }
    assert_eq!(pair.list_ids(&token).await, [1], "by HTTP/2 as ever");
}

#[tokio::test]
async fn without_origins_pages_are_refused_by_tls_too() {
    let ours = Authority::new();
    let mounted = Mounted::new(&ours.server(&["localhost"]), &ours);
    let pair = pair_by(Kind::Sqlite, &[], Some(&mounted)).await;
    let token = pair.log_in(PARTNER_USER).await;
    for protocols in BY_HTTP1 {
        let stream = tls::connect(pair.public, &mounted.authority(), protocols).await;
        let answer = list_by(stream.unwrap(), PAGE, Some(&token)).await;
        assert!(
            answer.starts_with("http/1.1 403"),
            "{protocols:?}: {answer}"
        );
    }
    assert_eq!(pair.list_ids(&token).await, [1], "by HTTP/2 as ever");
}
