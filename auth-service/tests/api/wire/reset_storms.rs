//! Cancelled calls: an honest client may cancel all it has at once, and its other calls go
//! on. One that does nothing else is told to go away.

use super::frames::{self, ENHANCE_YOUR_CALM};
use testing::{Kind, auth::Auth};
use tokio::io::AsyncWriteExt as _;

const CHECK: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
/// Calls that a client may have at once.
const AT_ONCE: u32 = 256;

/// The streams of a client, by their numbers.
fn streams() -> impl Iterator<Item = u32> {
    (1..).step_by(2)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_cancels_all_its_calls_twice_at_once_keeps_its_connection() {
    let auth = Auth::start(Kind::Sqlite).await;
    for address in [auth.replica.public, auth.replica.internal, auth.replica.ops] {
        let (mut answers, mut client) = frames::connect(address).await;
        let mut streams = streams();
        let watched = streams.next().unwrap();
        let watch = [frames::open(watched, WATCH), frames::empty_message(watched)].concat();
        client.write_all(&watch).await.unwrap();
        for _ in 0..20 {
            let mut burst = Vec::new();
            for _ in 0..2 {
                // one call is the one that goes on
                let cancelled: Vec<_> = streams.by_ref().take(AT_ONCE as usize - 1).collect();
                burst.extend(
                    cancelled
                        .iter()
                        .flat_map(|stream| frames::open(*stream, CHECK)),
                );
                burst.extend(cancelled.iter().flat_map(|stream| frames::cancel(*stream)));
            }
            let other = streams.next().unwrap();
            burst.extend(frames::open(other, CHECK));
            burst.extend(frames::empty_message(other));
            client.write_all(&burst).await.unwrap();
            answers.answered(other).await;
        }
        drop(client);
    }
}

/// Says why the server ended a connection whose client does one thing again and again.
async fn ended_by(auth: &Auth, again: impl Fn(u32) -> Vec<u8> + Send + 'static) -> u32 {
    let (answers, mut client) = frames::connect(auth.replica.public).await;
    let storm = tokio::spawn(async move {
        let mut streams = streams();
        // far more than is borne, however fast it is read
        for _ in 0..1_000 {
            let burst: Vec<u8> = streams.by_ref().take(1_000).flat_map(&again).collect();
            if client.write_all(&burst).await.is_err() {
                return;
            }
        }
    });
    let why = answers.ended().await;
    storm.await.unwrap();
    why
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_nothing_but_cancel_is_sent_away() {
    let auth = Auth::start(Kind::Sqlite).await;
    let open_and_cancel = |stream| [frames::open(stream, CHECK), frames::cancel(stream)].concat();
    assert_eq!(ended_by(&auth, open_and_cancel).await, ENHANCE_YOUR_CALM);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_nothing_but_make_us_cancel_is_sent_away() {
    let auth = Auth::start(Kind::Sqlite).await;
    // the byte does not come, so the stream is reset (RFC 9113, 8.1.1)
    let open_and_break =
        |stream| [frames::open_for_a_byte(stream, CHECK), frames::end(stream)].concat();
    assert_eq!(ended_by(&auth, open_and_break).await, ENHANCE_YOUR_CALM);
}
