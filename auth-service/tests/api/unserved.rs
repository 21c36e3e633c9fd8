//! Requests that no listener serves: by another method than POST, or of a content type
//! that is not gRPC's. A page may send some of them to any origin without asking first.

use crate::{rows::texts, served::Served as _};
use prost::Message as _;
use proto::auth::v1::CreateSessionRequest;
use std::{error::Error as _, net::SocketAddr};
use testing::{
    Kind,
    auth::{Auth, PASSWORD, Replica, channel},
    http2,
    metrics::scrape,
};
use tonic::{
    body::Body,
    codegen::http::{Request, header},
};

const SARA: &str = "sara@example.com";
const SESSIONS: &str = "SELECT CAST(count(*) AS integer) FROM user_sessions";
const LOG_IN: &str = "/ticketing.auth.v1.AuthService/CreateSession";
const PATHS: [&str; 4] = [
    LOG_IN,
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/nothing",
];
/// Method, content type, and what is answered.
const UNSERVED: [(&str, Option<&str>, u16); 11] = [
    ("POST", None, 415),
    ("POST", Some("text/plain"), 415),
    ("POST", Some("text/plain; application/grpc"), 415),
    ("POST", Some("application/x-www-form-urlencoded"), 415),
    ("POST", Some("multipart/form-data; boundary=x"), 415),
    ("POST", Some("application/grpc+json"), 415),
    ("PUT", Some("application/grpc"), 405),
    ("DELETE", Some("application/grpc"), 405),
    ("HEAD", Some("application/grpc"), 405),
    ("GET", Some("application/grpc"), 405),
    ("TRACE", None, 405),
];

/// A right log-in, as one message of gRPC.
pub(crate) fn log_in() -> Vec<u8> {
    let message = CreateSessionRequest {
        email: SARA.to_owned(),
        password: PASSWORD.to_owned(),
        device_info: String::new(),
    };
    http2::framed(0, &message.encode_to_vec())
}

fn request(method: &str, path: &str, content_type: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    let body = http_body_util::Full::from(log_in());
    request.body(Body::new(body)).unwrap()
}

async fn status(address: SocketAddr, request: Request<Body>) -> u16 {
    http2::send(address, request).await.status().as_u16()
}

/// Nothing has been done, nor counted.
async fn assert_untouched(auth: &Auth, replicas: [&Replica; 2]) {
    for table in [
        "user_sessions",
        "ticketing_throttles",
        "ticketing_audit_events",
    ] {
        let rows = format!("SELECT CAST(count(*) AS text) FROM {table}");
        let rows = texts(&auth.database, &rows).await;
        assert_eq!(rows, [Some("0".to_owned())], "{table}");
    }
    for replica in replicas {
        let scraped = scrape(replica.ops).await;
        assert_eq!(scraped.counted("ticketing_auth_calls_total"), [""; 0]);
    }
}

testing::on_both_databases! {
    async fn other_methods_and_content_types_are_refused_before_anything_is_done(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        let with_pages = auth.another_replica_with(&["--web-origins=https://page.example"]).await;
        let one = &auth.replica;
        for address in [one.public, one.internal, one.ops, with_pages.public] {
            for path in PATHS {
                for (method, content_type, answer) in UNSERVED {
                    let request = request(method, path, content_type);
                    let answered = status(address, request).await;
                    assert_eq!(answered, answer, "{method} {path} {content_type:?}");
                }
            }
        }
        let grpc_web = request("POST", LOG_IN, Some("application/grpc-web"));
        assert_eq!(status(one.public, grpc_web).await, 415);
        assert_untouched(&auth, [one, &with_pages]).await;
    }

    async fn a_content_type_is_served_however_it_is_written(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        let with_pages = auth.another_replica_with(&["--web-origins=https://page.example"]).await;
        for (address, content_type) in [
            (auth.replica.public, "Application/gRPC+proto; charset=utf-8"),
            (with_pages.public, "Application/gRPC"),
            (with_pages.public, "Application/gRPC-Web+Proto; charset=utf-8"),
        ] {
            let answer = http2::send(address, request("POST", LOG_IN, Some(content_type))).await;
            assert_eq!(answer.status(), 200);
            let begun = content_type.to_ascii_lowercase();
            let begun = begun.split("+proto").next().unwrap();
            let answered = answer.headers()[header::CONTENT_TYPE].to_str().unwrap();
            assert!(answered.starts_with(begun), "{answered}");
        }
        let sessions = auth.database.query_number(SESSIONS).await;
        assert_eq!(sessions, 3);
        auth.log_in_with(SARA, PASSWORD).await.unwrap();
    }
}

#[tokio::test]
async fn metadata_that_is_too_large_is_431_and_far_too_large_ends_the_connection() {
    let auth = Auth::start(Kind::Sqlite).await;
    let send = async |bytes: usize| {
        let mut channel = channel(auth.replica.public);
        let mut request = request("POST", LOG_IN, Some("application/grpc"));
        for number in 0..bytes / 1_000 {
            let name: header::HeaderName = format!("x-{number}").parse().unwrap();
            let value = "a".repeat(1_000).parse().unwrap();
            request.headers_mut().insert(name, value);
        }
        http2::exchange(&mut channel, request).await
    };
    for (bytes, status) in [(50_000, 200), (70_000, 431), (120_000, 431)] {
        let answer = send(bytes).await.unwrap();
        assert_eq!(answer.status(), status, "{bytes}");
    }
    for bytes in [200_000, 1_000_000] {
        let error = send(bytes).await.unwrap_err();
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        let causes: Vec<_> = causes.map(ToString::to_string).collect();
        assert!(
            causes.join(": ").contains("too_many_continuations"),
            "{bytes}: {causes:?}"
        );
    }
}
