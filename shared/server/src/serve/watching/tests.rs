//! Calls of health and reflection when the server stops.

use super::*;
use crate::serve::{reasons::Reasons, with_reflection};
use contract::errors;
use http_body_util::BodyExt as _;
use std::{convert::Infallible, time::Duration};
use tokio::time::Instant;
use tonic::{Code, Status, codegen::Bytes, service::Routes};
use tower::ServiceExt as _;

const CHECK: &str = "/grpc.health.v1.Health/Check";
const REFLECT: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/// The frame of an empty message.
const EMPTY: &[u8] = &[0; 5];
const SERVING: &[u8] = &[0, 0, 0, 0, 2, 8, 1];

/// Health and reflection on a listener that stops.
async fn stopping(path: &str, question: Body) -> Response<Body> {
    let drain = CancellationToken::new();
    drain.cancel();
    let layer = EndWatching {
        drain: Arc::new(drain),
    };
    let (_reporter, health) = tonic_health::server::health_reporter();
    let routes = with_reflection(Routes::new(health), &[]).unwrap();
    let request = Request::post(path).header("content-type", "application/grpc");
    let service = Reasons.layer(layer.layer(routes));
    let Ok(answer) = service.oneshot(request.body(question).unwrap()).await;
    answer
}

/// A request that has arrived, with or without its end.
fn question(message: &'static [u8], has_end: bool) -> Body {
    let frames = (!message.is_empty()).then(|| Frame::data(Bytes::from_static(message)));
    let come = stream::iter(frames.map(Ok::<_, Infallible>));
    if has_end {
        Body::new(StreamBody::new(come))
    } else {
        Body::new(StreamBody::new(come.chain(stream::pending())))
    }
}

/// The messages of an answer, and its status.
async fn read(answer: Response<Body>) -> (Vec<u8>, Status) {
    let at_once = Status::from_header_map(answer.headers());
    let answer = answer.into_body().collect().await.unwrap();
    let behind = answer.trailers().and_then(Status::from_header_map);
    let status = at_once.or(behind).expect("a status");
    (answer.to_bytes().to_vec(), status)
}

#[tokio::test(start_paused = true)]
async fn a_question_that_has_come_is_answered() {
    for (path, has_end) in [(CHECK, true), (WATCH, true), (WATCH, false)] {
        let begun = Instant::now();
        let (messages, status) = read(stopping(path, question(EMPTY, has_end)).await).await;
        assert_eq!(status.code(), Code::Ok, "{path}: {status:?}");
        assert_eq!(messages, SERVING, "{path}");
        assert_eq!(begun.elapsed(), Duration::ZERO, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reflection_stream_ends_when_the_drain_begins() {
    let begun = Instant::now();
    let (messages, status) = read(stopping(REFLECT, question(&[], false)).await).await;
    assert_eq!((messages, status.code()), (Vec::new(), Code::Ok));
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_does_not_come_is_late() {
    for (path, message, waits) in [
        (CHECK, &[][..], true),
        (CHECK, EMPTY, true),
        (WATCH, &[], false),
        (WATCH, &EMPTY[..3], false),
    ] {
        let begun = Instant::now();
        let (_, status) = read(stopping(path, question(message, false)).await).await;
        assert_eq!(status.code(), Code::Unavailable, "{path}: {status:?}");
        let reason = errors::reason_of(&status);
        assert_eq!(reason.as_deref(), Some("DEADLINE_REACHED"), "{path}");
        // a check has the deadline of any call
        assert_eq!(begun.elapsed() > Duration::ZERO, waits, "{path}");
    }
}
