//! Spoilt JSON and spoilt forms, over the wire: each is answered, and none by a fault of ours.

use proptest::{prelude::*, strategy::ValueTree as _};
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr};
use testing::{
    Kind,
    auth::{Auth, PASSWORD, SERVICE_TOKEN, channel},
    fuzz::{changed, changes, inputs},
    http2::exchange,
};
use tonic::{
    body::Body,
    codegen::http::{Request, header},
    transport::Channel,
};

const SARA: &str = "sara@example.com";

/// Posts a body by HTTP/2; the status, and the body of the answer.
async fn post(
    channel: &mut Channel,
    path: &str,
    kind: &str,
    token: &str,
    body: String,
) -> (u16, Value) {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, kind)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::new(http_body_util::Full::from(body)));
    let answer = exchange(channel, request.unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let body = http_body_util::BodyExt::collect(answer.into_body())
        .await
        .unwrap()
        .to_bytes();
    (status, serde_json::from_slice(&body).expect("JSON"))
}

/// Sends spoilt texts, a fifth of how many are asked for; how many were answered by which status.
async fn send(
    server: SocketAddr,
    path: &str,
    kind: &str,
    token: &str,
    good: &[String],
    check: impl Fn(&str, u16, &Value),
) -> BTreeMap<u16, u32> {
    let mut runner = super::runner();
    let strategy = (prop::sample::select(good.to_vec()), changes());
    let mut channel = channel(server);
    let mut tally = BTreeMap::new();
    for _ in 0..inputs().cases / 5 {
        let (text, changes) = strategy.new_tree(&mut runner).unwrap().current();
        let spoilt = changed(&text, &changes);
        let (status, answer) = post(&mut channel, path, kind, token, spoilt.clone()).await;
        check(&spoilt, status, &answer);
        *tally.entry(status).or_default() += 1;
    }
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spoilt_json_is_served_or_refused_in_words() {
    let auth = Auth::start(Kind::Sqlite).await;
    auth.add_customer(SARA).await;
    let token = auth.log_in(SARA).await.tokens.unwrap().access_token;
    for (method, good) in [
        (
            "CreateSession",
            json!({ "email": SARA, "password": PASSWORD, "deviceInfo": "a" }),
        ),
        ("ListSessions", json!({ "pageSize": 5, "pageToken": "" })),
        ("RevokeAllSessions", json!({ "keepCurrent": true })),
        ("RevokeSession", json!({ "token": "a.b.c" })),
    ] {
        let path = format!("/ticketing.auth.v1.AuthService/{method}");
        let json = "application/json";
        let good = [good.to_string()];
        let check = |spoilt: &str, status: u16, answer: &Value| {
            let is_known = matches!(status, 200 | 400 | 401 | 429);
            assert!(is_known, "{method} {spoilt:?}: {status} {answer}");
        };
        let tally = send(auth.replica.public, &path, json, &token, &good, check).await;
        assert!(tally.contains_key(&400), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spoilt_token_holds_by_introspection_only_where_it_is_the_same() {
    let auth = Auth::start(Kind::Sqlite).await;
    auth.add_customer(SARA).await;
    let token = auth.log_in(SARA).await.tokens.unwrap().access_token;
    let form = "application/x-www-form-urlencoded";
    let good = [format!("token={token}")];
    let check = |spoilt: &str, status: u16, answer: &Value| {
        assert!(
            matches!(status, 200 | 400 | 429),
            "{spoilt:?}: {status} {answer}"
        );
        if status == 200 && answer["active"] == true {
            let mut fields = form_urlencoded::parse(spoilt.as_bytes());
            let sent = fields.find(|(name, _)| name == "token");
            assert_eq!(sent.unwrap().1, token, "{spoilt:?}");
        } else if status == 200 {
            assert_eq!(answer, &json!({ "active": false }), "{spoilt:?}");
        }
    };
    let server = auth.replica.internal;
    let tally = send(
        server,
        "/oauth2/introspect",
        form,
        SERVICE_TOKEN,
        &good,
        check,
    )
    .await;
    assert!(tally.contains_key(&200), "{tally:?}");
}
