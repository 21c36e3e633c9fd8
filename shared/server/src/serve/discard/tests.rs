use super::*;
use futures_util::{StreamExt as _, stream};
use http_body_util::StreamBody;
use std::convert::Infallible;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc,
    task::JoinSet,
    time::Instant,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::Routes;
use tower::ServiceExt as _;

type Sender = mpsc::Sender<Bytes>;

/// A body that arrives piece by piece. The sender notices when the body is dropped.
fn coming() -> (Sender, Body) {
    let (sender, pieces) = mpsc::channel(1);
    let frames = ReceiverStream::new(pieces).map(|piece| Ok::<_, Status>(Frame::data(piece)));
    (sender, Body::new(StreamBody::new(frames)))
}

/// The layer, around a service that drops each body.
#[derive(Clone)]
struct Refusing(DiscardBodies);

impl Default for Refusing {
    fn default() -> Self {
        Self(DiscardBodies::new(Arc::default()))
    }
}

impl Refusing {
    async fn answer(&self, version: Version, body: Body) -> Response<Body> {
        let request = Request::post("/a.A/A").version(version).body(body);
        self.answer_to(request.unwrap()).await
    }

    async fn answer_to(&self, request: Request<Body>) -> Response<Body> {
        let refuse = tower::service_fn(|request: Request<Body>| async move {
            drop(request);
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let service = self.0.layer(refuse);
        service.oneshot(request).await.unwrap()
    }
}

fn closes(answer: &Response<Body>) -> bool {
    answer.headers().contains_key(header::CONNECTION)
}

#[tokio::test(start_paused = true)]
async fn an_answer_waits_for_what_is_on_its_way() {
    let (sender, body) = coming();
    let begun = Instant::now();
    let sending = async move {
        for _ in 0..5 {
            tokio::time::sleep(MAX_PAUSE / 2).await;
            sender.send(Bytes::from_static(b"abc")).await.unwrap();
        }
    };
    let refusing = Refusing::default();
    let (answer, ()) = tokio::join!(refusing.answer(Version::HTTP_11, body), sending);
    assert_eq!(begun.elapsed(), 5 * MAX_PAUSE / 2);
    assert!(!closes(&answer), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_the_answer_gets_it_and_may_send_the_rest() {
    let (sender, body) = coming();
    let begun = Instant::now();
    let answer = Refusing::default().answer(Version::HTTP_11, body).await;
    assert_eq!(begun.elapsed(), MAX_PAUSE);
    assert!(!closes(&answer), "{answer:?}");
    for _ in 0..3 {
        tokio::time::sleep(2 * MAX_PAUSE).await;
        sender.send(Bytes::from_static(b"abc")).await.unwrap();
    }
    sender.closed().await;
    assert_eq!(begun.elapsed(), MAX_TIME);
}

/// Sends a piece of a body every half pause, until the body is dropped.
async fn send_without_end(sender: Sender) {
    let sending = async {
        while sender.send(Bytes::from_static(b"abc")).await.is_ok() {
            tokio::time::sleep(MAX_PAUSE / 2).await;
        }
    };
    tokio::select! {
        () = sender.closed() => {}
        () = sending => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_read_for_a_time() {
    let (sender, body) = coming();
    let begun = Instant::now();
    let sending = tokio::spawn(send_without_end(sender));
    let answer = Refusing::default().answer(Version::HTTP_11, body).await;
    assert_eq!(begun.elapsed(), MAX_TIME);
    assert!(closes(&answer), "{answer:?}");
    sending.await.unwrap();
    assert_eq!(begun.elapsed(), MAX_TIME);
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_no_body_for_longer_than_two_pauses() {
    for begins_to_stop in [Duration::ZERO, 3 * MAX_PAUSE] {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let refusing = Refusing::default();
            let (sender, body) = coming();
            let sending = tokio::spawn(send_without_end(sender));
            let stop = async {
                tokio::time::sleep(begins_to_stop).await;
                refusing.0.drain.cancel();
                Instant::now()
            };
            let (_answer, stopped) = tokio::join!(refusing.answer(version, body), stop);
            assert_eq!(stopped.elapsed(), MAX_PAUSE, "{version:?}");
            sending.await.unwrap();
            assert_eq!(stopped.elapsed(), 2 * MAX_PAUSE, "{version:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_listener_stops_although_a_refused_client_goes_on_sending() {
    let drain = Arc::new(CancellationToken::new());
    let (mut client, connection) = tokio::io::duplex(1_024);
    let connections = stream::iter([Ok::<_, Infallible>(connection)]).chain(stream::pending());
    let stop = drain.as_ref().clone().cancelled_owned();
    let serving = crate::serve::listener::server()
        .accept_http1(true)
        .layer(DiscardBodies::new(Arc::clone(&drain)))
        .add_routes(Routes::default())
        .serve_with_incoming_shutdown(connections, stop);
    let serving = tokio::spawn(serving);
    let head = "POST /a.A/A HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let sending = async {
        while client.write_all(b"abc").await.is_ok() {
            tokio::time::sleep(MAX_PAUSE / 4).await;
        }
    };
    let stopping = async {
        tokio::time::sleep(MAX_PAUSE).await;
        drain.cancel();
        let stopped = Instant::now();
        serving.await.unwrap().unwrap();
        assert!(
            stopped.elapsed() <= 2 * MAX_PAUSE,
            "{:?}",
            stopped.elapsed()
        );
    };
    tokio::join!(sending, stopping);
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("grpc-status: 12"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_lost_in_a_stop_while_its_call_is_still_sending() {
    let refusing = Refusing::default();
    refusing.0.drain.cancel();
    let (sender, body) = coming();
    let sending = async move {
        tokio::time::sleep(MAX_PAUSE / 2).await;
        sender.send(Bytes::from_static(b"abc")).await.unwrap();
    };
    let begun = Instant::now();
    let (answer, ()) = tokio::join!(refusing.answer(Version::HTTP_11, body), sending);
    assert_eq!(begun.elapsed(), MAX_PAUSE / 2);
    assert!(!closes(&answer), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_continue_is_answered_at_once() {
    for (version, expected, is_answered_at_once) in [
        (Version::HTTP_11, "100-continue", true),
        (Version::HTTP_11, "100-Continue", true),
        (Version::HTTP_2, "100-continue", true),
        // HTTP/1.0 has no `100 Continue`
        (Version::HTTP_10, "100-continue", false),
        (Version::HTTP_11, "something-else", false),
    ] {
        let begun = Instant::now();
        let (sender, body) = coming();
        let request = Request::post("/a.A/A").version(version);
        let request = request.header(header::EXPECT, expected).body(body);
        let answer = Refusing::default().answer_to(request.unwrap()).await;
        let waited = if is_answered_at_once {
            Duration::ZERO
        } else {
            MAX_PAUSE
        };
        assert_eq!(begun.elapsed(), waited, "{version:?} {expected}");
        let closes_next = is_answered_at_once && version == Version::HTTP_11;
        assert_eq!(closes(&answer), closes_next, "{version:?} {expected}");
        // who sends nevertheless is read
        sender.send(Bytes::from_static(b"abc")).await.unwrap();
        sender.closed().await;
        assert_eq!(begun.elapsed(), MAX_TIME, "{version:?} {expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_has_arrived_is_read_without_a_task() {
    let begun = Instant::now();
    let pieces = stream::iter([Ok::<_, Status>(Frame::data(Bytes::from_static(b"abc")))]);
    let body = Body::new(StreamBody::new(pieces));
    Refusing::default().answer(Version::HTTP_2, body).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    let tasks = Handle::current().metrics().num_alive_tasks();
    assert_eq!(tasks, 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_read_up_to_a_length() {
    let piece = Bytes::from(vec![0; 65_536]);
    let pieces = MAX_BYTES / 65_536;
    for (version, is_told) in [(Version::HTTP_11, true), (Version::HTTP_2, false)] {
        let (sender, body) = coming();
        let sending = async {
            let mut sent = 0;
            while sender.send(piece.clone()).await.is_ok() {
                sent += 1;
            }
            sent
        };
        let refusing = Refusing::default();
        let (answer, sent) = tokio::join!(refusing.answer(version, body), sending);
        assert!((pieces..pieces + 3).contains(&sent), "{sent}");
        assert_eq!(closes(&answer), is_told, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_announces_too_great_a_length_is_answered_at_once() {
    let begun = Instant::now();
    let (sender, body) = coming();
    let body = Body::new(Announced(body));
    let answer = Refusing::default().answer(Version::HTTP_11, body).await;
    assert!(closes(&answer), "{answer:?}");
    assert_eq!(begun.elapsed(), Duration::ZERO);
    let piece = Bytes::from(vec![0; 65_536]);
    let mut sent = 0;
    while sender.send(piece.clone()).await.is_ok() {
        sent += 1;
    }
    assert!(sent >= MAX_BYTES / 65_536, "{sent}");
}

/// A body with a known length.
struct Announced(Body);

impl HttpBody for Announced {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(MAX_BYTES + 1)
    }
}

#[tokio::test(start_paused = true)]
async fn a_limited_number_of_bodies_is_read_at_once_and_permits_are_freed() {
    let refusing = Refusing::default();
    let mut senders = Vec::new();
    let mut answers = JoinSet::new();
    for _ in 0..MAX_BODIES {
        let (sender, body) = coming();
        senders.push(sender);
        let refusing = refusing.clone();
        answers.spawn(async move { refusing.answer(Version::HTTP_11, body).await });
    }
    assert!(
        answers
            .join_all()
            .await
            .iter()
            .all(|answer| !closes(answer))
    );
    let (sender, body) = coming();
    assert!(closes(&refusing.answer(Version::HTTP_11, body).await));
    assert!(sender.is_closed());
    tokio::time::sleep(MAX_TIME).await;
    let (_sender, body) = coming();
    let answer = refusing.answer(Version::HTTP_11, body).await;
    assert!(!closes(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_body_that_was_read_costs_nothing() {
    let (sender, body) = coming();
    let reading = tower::service_fn(|request: Request<Body>| async move {
        let read = request.into_body().collect().await.unwrap().to_bytes();
        Ok::<_, Infallible>(Response::new(Body::new(http_body_util::Full::new(read))))
    });
    let request = Request::new(body);
    sender.send(Bytes::from_static(b"abc")).await.unwrap();
    drop(sender);
    let Refusing(discard) = Refusing::default();
    let answer = discard.layer(reading).oneshot(request).await.unwrap();
    assert_eq!(discard.permits.available_permits(), MAX_BODIES);
    let answer = answer.into_body().collect().await.unwrap();
    assert_eq!(answer.to_bytes().as_ref(), b"abc");
}
