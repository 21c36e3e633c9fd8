//! gRPC-Web, as a browser calls it: the pre-flight first, then the call by HTTP/1.1.

use crate::{
    tls::trusting,
    with_sessions::{PARTNER_USER, Pair, to_reach},
};
use prost::Message as _;
use proto::requests::v1::ListPartnerRequestsRequest;
use std::{fmt::Write as _, net::SocketAddr};
use testing::{
    Kind,
    auth::Auth,
    certificates::{Authority, Mounted},
    tls,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

const PAGE: &str = "https://partner.example.com";
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
async fn ask(server: SocketAddr, method: &str, headers: &[String], body: &[u8]) -> String {
    let stream = TcpStream::connect(server).await.unwrap();
    ask_by(stream, server, method, headers, body).await
}

async fn ask_by(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    server: SocketAddr,
    method: &str,
    headers: &[String],
    body: &[u8],
) -> String {
    let mut head = format!("{method} {LIST} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n");
    for header in headers {
        head += header;
        head += "\r\n";
    }
    write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
    let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).to_ascii_lowercase()
}

async fn pre_flight(server: SocketAddr, origin: &str) -> String {
    let headers = [
        format!("origin: {origin}"),
        "access-control-request-method: POST".to_owned(),
        "access-control-request-headers: authorization,content-type,x-grpc-web".to_owned(),
    ];
    ask(server, "OPTIONS", &headers, b"").await
}

async fn list(server: SocketAddr, origin: &str, token: Option<&str>) -> String {
    let stream = TcpStream::connect(server).await.unwrap();
    list_by(stream, server, origin, token).await
}

async fn list_by(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    server: SocketAddr,
    origin: &str,
    token: Option<&str>,
) -> String {
    let mut headers = vec![
        format!("origin: {origin}"),
        "content-type: application/grpc-web+proto".to_owned(),
        "x-grpc-web: 1".to_owned(),
    ];
    headers.extend(token.map(|token| format!("authorization: Bearer {token}")));
    let message = ListPartnerRequestsRequest::default().encode_to_vec();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let body = [&[0], length.as_slice(), &message].concat();
    ask_by(stream, server, "POST", &headers, &body).await
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

    async fn a_page_of_another_origin_is_not_let_in(kind: Kind) {
        let pair = pair(kind, &[&format!("--web-origins={PAGE}")]).await;
        for other in ["https://evil.example.com", "https://partner.example.com.evil.example", "null"] {
            let answer = pre_flight(pair.public, other).await;
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
            assert!(!answer.contains("200 ok") && !answer.contains("req-"), "{answer}");
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
        let answer = list_by(stream, pair.public, PAGE, Some(&token)).await;
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
async fn without_origins_nobody_speaks_http1_by_tls() {
    let ours = Authority::new();
    let mounted = Mounted::new(&ours.server(&["localhost"]), &ours);
    let pair = pair_by(Kind::Sqlite, &[], Some(&mounted)).await;
    let token = pair.log_in(PARTNER_USER).await;
    for protocols in BY_HTTP1 {
        // the handshake fails at this end, or is not gone on with at the other
        let stream = tls::connect(pair.public, &mounted.authority(), protocols).await;
        if let Ok(stream) = stream {
            assert!(protocols.is_empty(), "{protocols:?} is agreed to");
            let answer = list_by(stream, pair.public, PAGE, Some(&token)).await;
            assert_eq!(answer, "");
        }
    }
    assert_eq!(pair.list_ids(&token).await, [1], "by HTTP/2 as ever");
}
