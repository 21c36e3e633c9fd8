//! What a caller notices of connections that end in the middle of a call.

use super::{stand_in::StandIn, to, validate, validator};
use proto::auth::v1::{
    ValidateSessionRequest, session_validation_service_client::SessionValidationServiceClient,
};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tonic::{Code, Request, Status, body::Body};
use tower::Service as _;

/// Frames of HTTP/2 (RFC 9113, section 4.1): length, type, flags, stream, payload.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// No error, and no stream that was looked at.
const GO_AWAY: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// The first stream, with the error 7.
const REFUSED_STREAM: &[u8] = &[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7];
/// The first stream's `:status: 200` and `content-type: application/grpc`.
const HEADERS: &[u8] = b"\0\0\x13\x01\x04\0\0\0\x01\x88\x5f\x10application/grpc";
/// What a client begins with.
const PREFACE: usize = 24;
const TYPE_HEADERS: u8 = 1;

/// Sends the same bytes whenever a connection's first call comes, and nothing more.
struct Sender {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
}

/// Sends bytes when the first call of the first connection comes; what comes later goes
/// elsewhere.
async fn once(bytes: &'static [u8], elsewhere: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(send(stream, bytes, Arc::default()));
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut other = TcpStream::connect(elsewhere).await?;
                tokio::io::copy_bidirectional(&mut stream, &mut other).await
            });
        }
    });
    address
}

impl Sender {
    async fn of(bytes: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(send(stream, bytes, Arc::clone(&counted)));
            }
        });
        Self { address, calls }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

async fn send(mut stream: TcpStream, bytes: &[u8], calls: Arc<AtomicUsize>) -> io::Result<()> {
    stream.write_all(SETTINGS).await?;
    stream.read_exact(&mut [0; PREFACE]).await?;
    let mut header = [0; 9];
    while header[3] != TYPE_HEADERS {
        stream.read_exact(&mut header).await?;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await?;
    }
    calls.fetch_add(1, Ordering::SeqCst);
    stream.write_all(bytes).await?;
    stream.shutdown().await?;
    // with bytes unread the connection would be reset, and what was sent be lost
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// One call over a channel that makes none again of which something may be done.
async fn call(addresses: &[SocketAddr]) -> Result<(), Code> {
    let mut client = SessionValidationServiceClient::new(to(addresses));
    let message = ValidateSessionRequest {
        access_token: "token".to_owned(),
    };
    let answer = client.validate_session(message);
    answer.await.map(drop).map_err(|status| status.code())
}

#[tokio::test]
async fn a_call_that_was_not_looked_at_is_made_elsewhere() {
    for bytes in [GO_AWAY, REFUSED_STREAM] {
        let (stopping, other) = (
            Sender::of(bytes).await,
            StandIn::answering("127.0.0.1:0").await,
        );
        let addresses = [stopping.address, other.address];
        while stopping.calls() < 5 {
            assert_eq!(call(&addresses).await, Ok(()));
            assert_eq!(
                validate(&validator(to(&addresses)), "token").await,
                Ok("sara@example.com".to_owned())
            );
        }
        assert_eq!(call(&[stopping.address]).await, Err(Code::Unavailable));
    }
}

#[tokio::test]
async fn a_call_that_may_be_done_is_not_made_elsewhere() {
    for bytes in [&b""[..], HEADERS] {
        let (lost, other) = (Sender::of(bytes).await, Sender::of(bytes).await);
        let addresses = [lost.address, other.address];
        for calls in 1..=10 {
            assert_eq!(call(&addresses).await, Err(Code::Unavailable), "{bytes:?}");
            assert_eq!(lost.calls() + other.calls(), calls);
        }
    }
}

#[tokio::test]
async fn a_replica_that_goes_on_by_another_connection_is_asked_again() {
    let replica = StandIn::answering("127.0.0.1:0").await;
    let address = once(GO_AWAY, replica.address).await;
    assert_eq!(call(&[address]).await, Ok(()));
    let address = once(b"", replica.address).await;
    assert_eq!(call(&[address]).await, Err(Code::Unavailable));

    // whether the one where nobody is is asked before or after
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    for _ in 0..20 {
        let address = once(GO_AWAY, replica.address).await;
        let addresses = [address, nobody.local_addr().unwrap()];
        assert_eq!(call(&addresses).await, Ok(()));
    }
}

/// Old connections are replaced all the time; that is not what the throttle is for.
#[tokio::test]
async fn connections_that_are_replaced_are_no_failures() {
    let (stopping, other) = (
        Sender::of(GO_AWAY).await,
        StandIn::answering("127.0.0.1:0").await,
    );
    let validator = validator(to(&[stopping.address, other.address]));
    while stopping.calls() < 150 {
        let answer = validate(&validator, "token").await;
        assert_eq!(answer, Ok("sara@example.com".to_owned()));
    }
}

/// A stream of messages may have none: then all of the call goes out at once.
#[tokio::test]
async fn an_empty_call_is_not_repeated() {
    let stopping = Sender::of(GO_AWAY).await;
    let mut channel = to(&[stopping.address]);
    let request = http::Request::post("/a.A/A").body(Body::empty()).unwrap();
    let answer = channel.call(request).await.unwrap();
    let status = Status::from_header_map(answer.headers()).unwrap();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(stopping.calls(), 1);
}

#[tokio::test]
async fn a_call_ends_with_its_time() {
    // it listens, and reads nothing
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let mut client = SessionValidationServiceClient::new(to(&[address]));
    let mut request = Request::new(ValidateSessionRequest::default());
    request.set_timeout(Duration::from_millis(100));
    let status = client.validate_session(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}
