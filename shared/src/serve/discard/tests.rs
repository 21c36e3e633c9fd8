use super::*;
use futures_util::{StreamExt as _, stream};
use http_body_util::StreamBody;
use std::convert::Infallible;
use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_stream::wrappers::ReceiverStream;
use tower::ServiceExt as _;

type Sender = mpsc::Sender<Bytes>;

/// A body that comes piece by piece. The sender hears when nobody reads it any more.
fn coming() -> (Sender, Body) {
    let (sender, pieces) = mpsc::channel(1);
    let frames = ReceiverStream::new(pieces).map(|piece| Ok::<_, Status>(Frame::data(piece)));
    (sender, Body::new(StreamBody::new(frames)))
}

/// A layer around a service that drops whatever it is sent.
#[derive(Clone, Default)]
struct Refusing(DiscardBodies);

impl Refusing {
    async fn answer(&self, version: Version, body: Body) -> Response<Body> {
        let refuse = tower::service_fn(|request: Request<Body>| async move {
            drop(request);
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let request = Request::post("/a.A/A").version(version).body(body);
        let service = self.0.layer(refuse);
        service.oneshot(request.unwrap()).await.unwrap()
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
        sender.send(Bytes::from_static(b"abc")).await.unwrap();
    }
    sender.closed().await;
    assert_eq!(begun.elapsed(), MAX_TIME);
}

#[tokio::test(start_paused = true)]
async fn what_has_come_is_read_without_a_task_and_costs_no_time() {
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
async fn who_announces_more_is_answered_at_once_and_read_up_to_the_length() {
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

/// A body that says how long it is.
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
async fn so_many_bodies_are_read_at_once_and_room_is_made_again() {
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
    let discard = DiscardBodies::default();
    let answer = discard.layer(reading).oneshot(request).await.unwrap();
    assert_eq!(discard.permits.available_permits(), MAX_BODIES);
    let answer = answer.into_body().collect().await.unwrap();
    assert_eq!(answer.to_bytes().as_ref(), b"abc");
}
