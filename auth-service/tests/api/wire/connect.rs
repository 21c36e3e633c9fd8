//! Connect, by a real curl: the same methods, answered by JSON and HTTP statuses.

use super::clients::{LIST, World};
use serde_json::json;
use testing::{
    Kind,
    auth::{Auth, PASSWORD},
    curl::{Answer, curl, post},
    metrics::scrape,
};

const SARA: &str = "sara@example.com";
pub(super) const PAGE: &str = "https://page.example";
pub(super) const LOG_IN: &str = "/ticketing.auth.v1.AuthService/CreateSession";
const LOG_OUT: &str = "/ticketing.auth.v1.AuthService/RevokeSession";
const HEALTH: &str = "/grpc.health.v1.Health/Check";

pub(super) fn credentials() -> String {
    json!({ "email": SARA, "password": PASSWORD }).to_string()
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}")
}

/// Logs in, and gives the access token.
async fn logged_in(server: &str, arguments: &[&str]) -> String {
    let answer = post(format!("{server}{LOG_IN}"), &credentials(), arguments).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = answer.json()["tokens"]["accessToken"]
        .as_str()
        .map(str::to_owned);
    token.expect("a token")
}

fn refused(status: u16, code: &str, reason: &str) -> (u16, String, String) {
    (status, code.to_owned(), reason.to_owned())
}

pub(super) async fn serving_sara() -> (Auth, String) {
    let auth = Auth::start(Kind::Sqlite).await;
    auth.add_customer(SARA).await;
    let server = format!("http://{}", auth.replica.public);
    (auth, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_logs_in_lists_sessions_and_logs_out_by_every_version_of_http() {
    let world = World::start(PAGE).await;
    world.auth.add_customer(SARA).await;
    let authority = world.certificates.authority().display().to_string();
    for (server, version) in [
        (world.plain(), "--http1.1"),
        (world.plain(), "--http2-prior-knowledge"),
        (world.tls(), "--http1.1"),
        (world.tls(), "--http2"),
    ] {
        let by = [version, "--cacert", &authority];
        let token = logged_in(&server, &by).await;
        let bearer = bearer(&token);
        let list = async || {
            let with_token = [by.as_slice(), &["--header", &bearer]].concat();
            post(format!("{server}{LIST}"), "{}", &with_token).await
        };
        let listed = list().await;
        assert_eq!(listed.status, 200, "{listed:?}");
        assert_eq!(listed.header("content-type"), Some("application/json"));
        let sessions = listed.json()["sessions"].as_array().cloned().unwrap();
        let current = sessions.iter().filter(|session| session["current"] == true);
        assert_eq!(current.count(), 1, "{listed:?}");

        let token = json!({ "token": token }).to_string();
        let ended = post(format!("{server}{LOG_OUT}"), &token, &by).await;
        assert_eq!((ended.status, ended.json()), (200, json!({})));
        let answer = list().await;
        let ended = refused(401, "unauthenticated", "SESSION_ENDED");
        assert_eq!(answer.refusal(), ended, "{server} {version}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_in_json_is_refused_by_the_path_of_its_field() {
    let (_auth, server) = serving_sara().await;
    let token = bearer(&logged_in(&server, &[]).await);
    let list = "/ticketing.auth.v1.AuthService/ListSessions";
    let revoke = "/ticketing.auth.v1.AuthService/RevokeUserSessions";
    for (path, body, fields) in [
        (LOG_IN, "", &[][..]),
        (LOG_IN, "{", &[]),
        (LOG_IN, "null", &[]),
        (LOG_IN, "[]", &[]),
        (LOG_IN, "{} {}", &[]),
        (LOG_IN, r#"{"email":1}"#, &["email"]),
        (LOG_IN, r#"{"email":"a@b.c","pasword":"x"}"#, &["pasword"]),
        (LOG_IN, r#"{"deviceInfo":"a","deviceInfo":"b"}"#, &[]),
        (LOG_IN, r#"{"device_info":["a"]}"#, &["device_info"]),
        (list, r#"{"pageSize":"many"}"#, &["page_size"]),
        (list, r#"{"pageSize":2147483648}"#, &["page_size"]),
        (list, r#"{"pageSize":1.5}"#, &["page_size"]),
        (
            revoke,
            r#"{"createdBefore":"yesterday"}"#,
            &["created_before"],
        ),
        (
            revoke,
            r#"{"createdBefore":{"seconds":1}}"#,
            &["created_before"],
        ),
    ] {
        let with_token = ["--header", token.as_str()];
        let answer = post(format!("{server}{path}"), body, &with_token).await;
        // who may not call does not learn what is wrong with the message
        if path == revoke {
            let refusal = refused(403, "permission_denied", "USER_TYPE_NOT_ALLOWED");
            assert_eq!(answer.refusal(), refusal, "{body}");
            continue;
        }
        let malformed = refused(400, "invalid_argument", "MESSAGE_MALFORMED");
        assert_eq!(answer.refusal(), malformed, "{body}");
        assert_eq!(answer.fields(), fields, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_not_the_message_are_refused() {
    let (_auth, server) = serving_sara().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body");
    let data = format!("@{}", file.display());
    let url = format!("{server}{LOG_IN}");
    let send = async |bytes: &[u8], headers: &[&str]| -> Answer {
        std::fs::write(&file, bytes).unwrap();
        let headers = headers.iter().flat_map(|header| ["--header", header]);
        let arguments = headers.chain(["--data-binary", &data, &url]);
        curl(arguments).await
    };
    let json = "content-type: application/json";
    let proto = "content-type: application/proto";
    let gzip = "content-encoding: gzip";
    let malformed = refused(400, "invalid_argument", "MESSAGE_MALFORMED");
    let too_large = refused(429, "resource_exhausted", "MESSAGE_TOO_LARGE");
    let unsupported = refused(501, "unimplemented", "ENCODING_UNSUPPORTED");
    let long = [b"{\"email\":\"", vec![b'a'; 65_536].as_slice(), b"\"}"].concat();
    let very_long = vec![b' '; 3_000_000];
    for (bytes, headers, expected) in [
        (&b"{\"email\":\"\xff\"}"[..], &[json][..], &malformed),
        (b"\xef\xbb\xbf{}", &[json], &malformed),
        (b"\x0a\xff", &[proto], &malformed),
        (b"{}", &[json, gzip], &malformed),
        (b"{}", &[json, "connect-protocol-version: 2"], &malformed),
        (b"{}", &[json, "content-encoding: br"], &unsupported),
        (&long, &[json], &too_large),
        (&long, &[proto], &too_large),
        (&very_long, &[json], &too_large),
        (
            &very_long,
            &[json, "transfer-encoding: chunked"],
            &too_large,
        ),
    ] {
        let answer = send(bytes, headers).await;
        assert_eq!(&answer.refusal(), expected, "{headers:?}");
        assert_eq!(
            answer.header("retry-after"),
            None,
            "the same is refused again"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gzip_is_taken_and_given() {
    let (_auth, server) = serving_sara().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body");
    std::fs::write(&file, credentials()).unwrap();
    let packed = std::process::Command::new("gzip").arg(&file).status();
    assert!(packed.unwrap().success());
    let data = format!("@{}.gz", file.display());
    let url = format!("{server}{LOG_IN}");
    let answer = curl([
        "--compressed",
        "--header",
        "content-type: application/json; charset=utf-8",
        "--header",
        "content-encoding: gzip",
        "--header",
        "connect-protocol-version: 1",
        "--data-binary",
        &data,
        &url,
    ])
    .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // two tokens are long enough
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.json()["user"]["email"], SARA);
    let plain = post(url, &credentials(), &[]).await;
    assert_eq!(plain.header("content-encoding"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_refused_and_counted_as_by_grpc() {
    let (auth, server) = serving_sara().await;
    // the body is not looked at before the caller is
    let answer = post(
        format!("{server}{LIST}"),
        "{",
        &["--header", "x-request-id: mine"],
    )
    .await;
    let missing = refused(401, "unauthenticated", "TOKEN_MISSING");
    assert_eq!(answer.refusal(), missing);
    assert_eq!(answer.header("x-request-id"), Some("mine"));

    let wrong = json!({ "email": SARA, "password": "wrong" }).to_string();
    let answer = post(format!("{server}{LOG_IN}"), &wrong, &[]).await;
    let invalid = refused(401, "unauthenticated", "CREDENTIALS_INVALID");
    assert_eq!(answer.refusal(), invalid);

    let in_no_time = ["--header", "connect-timeout-ms: 1"];
    let answer = post(format!("{server}{LOG_IN}"), &credentials(), &in_no_time).await;
    let late = refused(503, "unavailable", "DEADLINE_REACHED");
    assert_eq!(answer.refusal(), late);
    assert_eq!(answer.header("retry-after"), Some("1"));
    let delay = answer.detail("google.rpc.RetryInfo");
    assert_eq!(delay, json!({ "retryDelay": "1s" }));

    logged_in(&server, &[]).await;
    post(format!("{server}{LOG_IN}"), r#"{"emial":""}"#, &[]).await;
    let scraped = scrape(auth.replica.ops).await;
    let name = "ticketing.auth.v1.AuthService";
    let counted: Vec<_> = [
        ("ListSessions", "UNAUTHENTICATED"),
        ("CreateSession", "UNAUTHENTICATED"),
        ("CreateSession", "UNAVAILABLE"),
        ("CreateSession", "OK"),
        ("CreateSession", "INVALID_ARGUMENT"),
    ]
    .iter()
    .map(|(method, code)| {
        let labels = format!(r#"{{method="{name}/{method}",code="{code}"}}"#);
        scraped.value(&format!("ticketing_auth_calls_total{labels}"))
    })
    .collect();
    assert_eq!(counted, [Some(1.0); 5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unary_methods_of_the_public_listener_are_served_and_nothing_else() {
    let (auth, server) = serving_sara().await;
    let healthy = post(format!("{server}{HEALTH}"), "{}", &[]).await;
    assert_eq!(
        (healthy.status, healthy.json()),
        (200, json!({ "status": "SERVING" }))
    );
    let unknown = json!({ "service": "nothing" }).to_string();
    let answer = post(format!("{server}{HEALTH}"), &unknown, &[]).await;
    assert_eq!(answer.refusal(), refused(404, "not_found", "NOT_GIVEN"));
    for path in [
        "/ticketing.auth.v1.AuthService/Nothing",
        "/nothing",
        "/ticketing.auth.v1.SessionValidationService/ValidateSession",
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ] {
        let answer = post(format!("{server}{path}"), "{}", &[]).await;
        let unknown = refused(501, "unimplemented", "METHOD_UNKNOWN");
        assert_eq!(answer.refusal(), unknown, "{path}");
    }
    let url = format!("{server}{LOG_IN}");
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let answer = curl(["--request", method, &url]).await;
        let told = (answer.status, answer.header("allow"));
        assert_eq!(told, (405, Some("POST")), "{method}");
    }
    let body = credentials();
    for (content_type, status) in [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/connect+json", 415),
        ("application/grpc-web", 415),
        ("application/json", 200),
    ] {
        let header = format!("content-type: {content_type}");
        let answer = curl(["--header", &header, "--data-raw", &body, &url]).await;
        assert_eq!(answer.status, status, "{content_type}");
    }
    for other in [auth.replica.internal, auth.replica.ops] {
        let answer = post(format!("http://{other}{HEALTH}"), "{}", &[]).await;
        assert_eq!(answer.status, 415, "not for clients");
    }
}
