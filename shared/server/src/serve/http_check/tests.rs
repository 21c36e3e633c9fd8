use super::*;
use std::convert::Infallible;
use tower::ServiceExt as _;

const PLAIN: &str = "/metrics";

/// The answer of a listener. It echoes the content type of a request that is served.
async fn answer(check: HttpCheck, request: Request<Body>) -> Response<Body> {
    let served = tower::service_fn(|request: Request<Body>| async move {
        let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let mut answer = Response::new(Body::empty());
        if let Some(content_type) = content_type {
            answer
                .headers_mut()
                .insert(header::CONTENT_TYPE, content_type);
        }
        Ok::<_, Infallible>(answer)
    });
    check.layer(served).oneshot(request).await.unwrap()
}

fn post(version: Version, content_types: &[&str]) -> Request<Body> {
    let mut request = Request::post("/a.A/A").version(version);
    for content_type in content_types {
        request = request.header(header::CONTENT_TYPE, *content_type);
    }
    request.body(Body::empty()).unwrap()
}

/// The status, and the value of a header.
fn told(answer: &Response<Body>, name: HeaderName) -> (u16, Option<&str>) {
    let header = answer.headers().get(name);
    (
        answer.status().as_u16(),
        header.map(|value| value.to_str().unwrap()),
    )
}

const GRPC_ALONE: HttpCheck = HttpCheck {
    grpc_web: false,
    connect: false,
    paths: &[],
};
const WITH_GRPC_WEB: HttpCheck = HttpCheck {
    grpc_web: true,
    ..GRPC_ALONE
};
const WITH_CONNECT: HttpCheck = HttpCheck {
    connect: true,
    ..GRPC_ALONE
};

#[tokio::test]
async fn a_content_type_is_served_in_every_spelling() {
    for (sent, read) in [
        ("application/grpc", "application/grpc"),
        ("application/grpc+proto", "application/grpc+proto"),
        ("Application/gRPC", "application/grpc"),
        ("application/grpc;charset=utf-8", "application/grpc"),
        ("APPLICATION/GRPC+PROTO ; a=b", "application/grpc+proto"),
    ] {
        for check in [GRPC_ALONE, WITH_GRPC_WEB] {
            let answer = answer(check, post(Version::HTTP_2, &[sent])).await;
            assert_eq!(told(&answer, header::CONTENT_TYPE), (200, Some(read)));
        }
    }
    for (sent, read) in [
        ("application/grpc-web", "application/grpc-web"),
        (
            "application/grpc-web-text+proto",
            "application/grpc-web-text+proto",
        ),
        (
            "application/grpc-web; charset=UTF-8",
            "application/grpc-web",
        ),
        ("Application/Grpc-Web-Text\t;", "application/grpc-web-text"),
    ] {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let answer = answer(WITH_GRPC_WEB, post(version, &[sent])).await;
            assert_eq!(told(&answer, header::CONTENT_TYPE), (200, Some(read)));
        }
    }
}

#[tokio::test]
async fn other_content_types_are_refused_with_those_that_are_served() {
    let grpc = "application/grpc, application/grpc+proto";
    let grpc_web = "application/grpc-web, application/grpc-web+proto, \
                    application/grpc-web-text, application/grpc-web-text+proto";
    let both = format!("{grpc}, {grpc_web}");
    for sent in [
        &[][..],
        &[""],
        &["text/plain"],
        &["text/plain;application/grpc"],
        &["application/x-www-form-urlencoded"],
        &["multipart/form-data; boundary=application/grpc-web"],
        &["application/json"],
        &["application/proto"],
        &["application/grpc+json"],
        &["application/grpc-web+json"],
        &["application/grpcx"],
        &["application/grpc, text/plain"],
        &["application/grpc", "application/grpc"],
        &["application/grpc-web", "text/plain"],
        &["application/grp\u{e7}"],
        &["*/*"],
    ] {
        for (check, version, served) in [
            (GRPC_ALONE, Version::HTTP_2, grpc),
            (WITH_GRPC_WEB, Version::HTTP_2, &both),
            (WITH_GRPC_WEB, Version::HTTP_11, grpc_web),
        ] {
            let answer = answer(check, post(version, sent)).await;
            assert_eq!(
                told(&answer, header::ACCEPT),
                (415, Some(served)),
                "{sent:?}"
            );
        }
    }
}

#[tokio::test]
async fn grpc_web_is_for_listeners_with_origins_and_grpc_for_http2() {
    let answered = answer(GRPC_ALONE, post(Version::HTTP_2, &["application/grpc-web"]));
    assert_eq!(answered.await.status(), 415);
    let answered = answer(WITH_GRPC_WEB, post(Version::HTTP_11, &["application/grpc"]));
    assert_eq!(answered.await.status(), 415);
}

#[tokio::test]
async fn connect_is_served_where_it_is_by_both_versions() {
    for (sent, read) in [
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        ("application/proto", "application/proto"),
    ] {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let served = answer(WITH_CONNECT, post(version, &[sent])).await;
            assert_eq!(told(&served, header::CONTENT_TYPE), (200, Some(read)));
            let unserved = answer(GRPC_ALONE, post(version, &[sent])).await;
            assert_eq!(unserved.status(), 415);
        }
    }
    let answered = answer(WITH_CONNECT, post(Version::HTTP_11, &["text/plain"])).await;
    let served = "application/json, application/proto";
    assert_eq!(told(&answered, header::ACCEPT), (415, Some(served)));
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_served() {
    for method in [
        "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "QUERY",
    ] {
        for (check, served) in [(GRPC_ALONE, "POST"), (WITH_GRPC_WEB, "POST, OPTIONS")] {
            let mut request = post(Version::HTTP_2, &["application/grpc"]);
            *request.method_mut() = method.parse().unwrap();
            let answer = answer(check, request).await;
            assert_eq!(
                told(&answer, header::ALLOW),
                (405, Some(served)),
                "{method}"
            );
        }
    }
}

#[tokio::test]
async fn a_path_that_is_not_grpc_knows_its_methods_itself() {
    let check = HttpCheck {
        paths: &[(PLAIN, contract::access_rules::AccessRule::Public)],
        ..GRPC_ALONE
    };
    for (path, status) in [
        (PLAIN, 200),
        ("/metrics/", 405),
        ("/", 405),
        ("//metrics", 405),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(answer(check, request).await.status(), status, "{path}");
    }
}
