use super::*;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use std::convert::Infallible;
use tower::{ServiceExt as _, service_fn};

const PATHS: PathRules = &[("/keys", contract::access_rules::AccessRule::Public)];
const CHECK: &str = "/grpc.health.v1.Health/Check";

fn request(content_type: &str, body: Body) -> Request<Body> {
    let request = Request::post(CHECK).header(CONTENT_TYPE, content_type);
    request.body(body).unwrap()
}

/// The answer to a call, if the inner layers give this answer to the translated call.
async fn answered<F>(request: Request<Body>, served: impl Fn(Request<Body>) -> F) -> Response<Body>
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let layer = Connect::new(Methods::read(&[]).unwrap(), PATHS);
    let served = service_fn(move |request| {
        let answer = served(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    layer.layer(served).oneshot(request).await.unwrap()
}

async fn text(answer: Response<Body>) -> String {
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

/// The health status SERVING, followed by trailers.
fn serving(trailers: &'static [(&str, &str)]) -> Response<Body> {
    let message = Frame::data(tonic::codegen::Bytes::from_static(b"\0\0\0\0\x02\x08\x01"));
    let trailers = trailers.iter().map(|(name, value)| {
        let name = http::HeaderName::from_static(name);
        (name, http::HeaderValue::from_static(value))
    });
    let frames = [message, Frame::trailers(trailers.collect())];
    let frames = frames.map(Ok::<_, Infallible>);
    let body = StreamBody::new(futures_util::stream::iter(frames));
    let answer = Response::builder().header(CONTENT_TYPE, "application/grpc");
    answer
        .header("x-own", "kept")
        .body(Body::new(body))
        .unwrap()
}

#[tokio::test]
async fn a_call_within_is_one_of_grpc() {
    let body = Body::new(Full::from(r#"{"service":"a"}"#));
    let mut request = request("application/json", body);
    for (name, value) in [
        ("accept-encoding", "gzip"),
        ("authorization", "Bearer x"),
        ("content-length", "15"),
        ("grpc-encoding", "gzip"),
        ("grpc-timeout", "1n"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let answer = answered(request, |request| async move {
        assert_eq!(request.version(), Version::HTTP_2);
        let mut names: Vec<_> = request
            .headers()
            .keys()
            .map(http::HeaderName::as_str)
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["authorization", "content-type"]);
        assert_eq!(request.headers()[CONTENT_TYPE], "application/grpc");
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, &b"\0\0\0\0\x03\x0a\x01a"[..]);
        serving(&[("grpc-status", "0"), ("x-later", "kept")])
    });
    let answer = answer.await;
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    assert_eq!(header("content-type"), Some(JSON));
    assert_eq!(header("x-own"), Some("kept"));
    assert_eq!(header("trailer-x-later"), Some("kept"));
    assert_eq!(header("trailer-grpc-status"), None);
    assert_eq!(text(answer).await, r#"{"status":"SERVING"}"#);
}

#[tokio::test]
async fn an_answer_of_protocol_buffers_has_no_frame() {
    let request = request("application/proto", Body::empty());
    let answer = answered(request, |_| async { serving(&[("grpc-status", "0")]) }).await;
    assert_eq!(answer.headers()[CONTENT_TYPE], PROTO);
    assert_eq!(text(answer).await, "\x08\x01");
}

#[tokio::test]
async fn a_refusal_is_told_wherever_its_status_stands() {
    let json = || request("application/json", Body::empty());
    let in_headers = answered(json(), |_| async { Status::not_found("gone").into_http() }).await;
    let in_trailers = answered(json(), |_| async {
        serving(&[("grpc-status", "5"), ("grpc-message", "gone")])
    });
    for answer in [in_headers, in_trailers.await] {
        assert_eq!(answer.status(), 404);
        assert!(
            answer
                .headers()
                .keys()
                .all(|name| !name.as_str().starts_with("grpc-"))
        );
        assert_eq!(
            text(answer).await,
            r#"{"code":"not_found","message":"gone"}"#
        );
    }
}

#[tokio::test]
async fn a_body_that_nobody_asks_for_is_not_read() {
    let body = StreamBody::new(futures_util::stream::poll_fn(
        |_| -> Poll<Option<Result<Frame<tonic::codegen::Bytes>, Infallible>>> {
            panic!("it is read")
        },
    ));
    let request = request("application/json", Body::new(body));
    let answer = answered(request, |_| async {
        Status::unauthenticated("who?").into_http()
    });
    assert_eq!(answer.await.status(), 401);
}

#[tokio::test]
async fn an_answer_that_is_not_of_grpc_is_passed_on() {
    let request = request("application/json", Body::empty());
    let answer = answered(request, |_| async {
        Response::builder().status(400).body(Body::empty()).unwrap()
    });
    assert_eq!(answer.await.status(), 400);
}

#[tokio::test]
async fn a_path_of_http_is_passed_on_and_its_refusals_are_told_by_http() {
    let keys = |body: &'static str| {
        let request = Request::post("/keys").header(CONTENT_TYPE, "text/plain");
        request.body(Body::new(Full::from(body))).unwrap()
    };
    let answer = answered(keys("as it is"), |request| async {
        assert_eq!(request.headers()[CONTENT_TYPE], "text/plain");
        Response::new(request.into_body())
    });
    assert_eq!(text(answer.await).await, "as it is");
    let refused = answered(keys(""), |_| async { Status::unavailable("").into_http() });
    assert_eq!(refused.await.status(), 503);
}

#[test]
fn every_code_has_the_status_that_the_protocol_gives_it() {
    let statuses: Vec<u16> = (1..=16)
        .map(|code| Status::new(Code::from_i32(code), ""))
        .map(|status| error::answer(&status).status().as_u16())
        .collect();
    let expected = [
        499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
    ];
    assert_eq!(statuses, expected);
}
