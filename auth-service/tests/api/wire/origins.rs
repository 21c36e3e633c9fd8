//! Pages of other origins, which browsers name: they log nobody in.

use super::connect::{LOG_IN, PAGE, credentials, serving_sara};
use std::net::SocketAddr;
use testing::curl::{curl, post};

/// Logs in as a page of this origin does; status and what the page may read.
async fn log_in_from(server: SocketAddr, origin: &str) -> (u16, Option<String>) {
    let origin = format!("origin: {origin}");
    let url = format!("http://{server}{LOG_IN}");
    let answer = post(url, &credentials(), &["--header", &origin]).await;
    let allowed = answer.header("access-control-allow-origin");
    (answer.status, allowed.map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_origin_logs_nobody_in() {
    const SESSIONS: &str = "SELECT CAST(count(*) AS integer) FROM user_sessions";
    let (auth, _) = serving_sara().await;
    let with_pages = auth
        .another_replica_with(&[&format!("--web-origins={PAGE}")])
        .await;
    let behind = auth.another_replica_with(&["--trusted-proxies=1"]).await;
    let public = auth.replica.public;
    let mut sessions = 0;
    for (server, origin, expected) in [
        (public, "https://other.example".to_owned(), (403, None)),
        (public, PAGE.to_owned(), (403, None)),
        (public, "null".to_owned(), (403, None)),
        // the same site by another port
        (
            public,
            format!("http://127.0.0.1:{}", with_pages.public.port()),
            (403, None),
        ),
        (public, format!("http://{public}"), (200, None)),
        (public, format!("https://{public}"), (403, None)),
        (
            behind.public,
            format!("https://{}", behind.public),
            (200, None),
        ),
        (
            with_pages.public,
            PAGE.to_owned(),
            (200, Some(PAGE.to_owned())),
        ),
        (
            with_pages.public,
            "https://other.example".to_owned(),
            (403, None),
        ),
    ] {
        let answered = log_in_from(server, &origin).await;
        assert_eq!(answered, expected, "{origin}");
        sessions += i32::from(expected.0 == 200);
        assert_eq!(
            auth.database.query_number(SESSIONS).await,
            sessions,
            "{origin}"
        );
    }
    // by gRPC-Web alike
    let url = format!("http://{}{LOG_IN}", with_pages.public);
    let answer = curl([
        "--header",
        "origin: https://other.example",
        "--header",
        "content-type: application/grpc-web",
        "--data-raw",
        "",
        &url,
    ])
    .await;
    assert_eq!(answer.status, 403);
    let pre_flight = curl([
        "--request",
        "OPTIONS",
        "--header",
        &format!("origin: {PAGE}"),
        "--header",
        "access-control-request-method: POST",
        "--header",
        "access-control-request-headers: connect-protocol-version,connect-timeout-ms,content-type",
        &url,
    ])
    .await;
    assert_eq!(pre_flight.status, 200);
    let allowed = pre_flight.header("access-control-allow-headers").unwrap();
    for name in [
        "connect-protocol-version",
        "connect-timeout-ms",
        "authorization",
    ] {
        assert!(allowed.contains(name), "{name} in {allowed}");
    }
}
