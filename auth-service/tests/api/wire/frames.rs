//! HTTP/2 written by hand: a client that keeps to nothing but the form of frames
//! (RFC 9113, section 4).

use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const CANCEL: u32 = 0x8;
/// What a server says to a client that asks too much of it.
pub(super) const ENHANCE_YOUR_CALM: u32 = 0xb;

/// What a server may send, as far as tests look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Reset,
    GoAway,
    Other,
}

/// A frame that was received.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) stream: u32,
    pub(super) ends_stream: bool,
    payload: Vec<u8>,
}

impl Frame {
    /// Of a GOAWAY.
    pub(super) fn error_code(&self) -> u32 {
        u32::from_be_bytes(self.payload[4..8].try_into().unwrap())
    }
}

/// Connects; what is written first says who we are.
pub(super) async fn connect(server: SocketAddr) -> (Answers, OwnedWriteHalf) {
    let (read, mut write) = TcpStream::connect(server).await.unwrap().into_split();
    let settings = frame(0x4, 0, 0, &[]);
    let begin = [PREFACE, &settings].concat();
    write.write_all(&begin).await.unwrap();
    let answers = Answers {
        read: BufReader::new(read),
        resets: Vec::new(),
    };
    (answers, write)
}

/// What the server sends.
pub(super) struct Answers {
    read: BufReader<OwnedReadHalf>,
    /// Streams that it has reset.
    pub(super) resets: Vec<u32>,
}

impl Answers {
    /// The next frame, until the connection ends.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.read.read_exact(&mut head).await.ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.read.read_exact(&mut payload).await.ok()?;
        let kind = match kind {
            0x0 => Kind::Data,
            0x1 => Kind::Headers,
            0x3 => Kind::Reset,
            0x7 => Kind::GoAway,
            _ => Kind::Other,
        };
        Some(Frame {
            kind,
            stream: u32::from_be_bytes(stream),
            ends_stream: matches!(kind, Kind::Data | Kind::Headers) && flags & END_STREAM != 0,
            payload,
        })
    }

    /// Reads until the server has answered a stream to its end.
    pub(super) async fn answered(&mut self, stream: u32) {
        loop {
            let frame = self.next().await.expect("the connection goes on");
            assert_ne!(frame.kind, Kind::GoAway, "{frame:?}");
            if frame.kind == Kind::Reset {
                self.resets.push(frame.stream);
            }
            if frame.stream == stream && frame.ends_stream {
                return;
            }
        }
    }

    /// Reads until the server says that it ends the connection; why.
    pub(super) async fn ended(mut self) -> u32 {
        loop {
            let frame = self.next().await.expect("it says why");
            if frame.kind == Kind::GoAway {
                return frame.error_code();
            }
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [a, b, c, kind, flags];
    [&head, stream.to_be_bytes().as_slice(), payload].concat()
}

/// Opens a call, whose message is still to come.
pub(super) fn open(stream: u32, path: &str) -> Vec<u8> {
    frame(0x1, END_HEADERS, stream, &headers(path))
}

/// Opens a call, which is going to send one byte.
pub(super) fn open_for_a_byte(stream: u32, path: &str) -> Vec<u8> {
    let headers = [headers(path), literal(&[0x0f, 0x0d], "1")].concat();
    frame(0x1, END_HEADERS, stream, &headers)
}

/// As RFC 7541 writes them: by the numbers that it gives to names and frequent values.
fn headers(path: &str) -> Vec<u8> {
    let (post, http) = (0x83, 0x86);
    [
        vec![post, http],
        literal(&[0x04], path),
        literal(&[0x01], "localhost"),
        literal(&[0x0f, 0x10], "application/grpc"),
    ]
    .concat()
}

/// A header that is not indexed.
fn literal(name: &[u8], value: &str) -> Vec<u8> {
    let length = u8::try_from(value.len()).unwrap();
    assert!(length < 127, "a length of one byte");
    [name, &[length], value.as_bytes()].concat()
}

/// Sends a call's one message, which is empty.
pub(super) fn empty_message(stream: u32) -> Vec<u8> {
    frame(0x0, END_STREAM, stream, &[0; 5])
}

/// Ends a call's message.
pub(super) fn end(stream: u32) -> Vec<u8> {
    frame(0x0, END_STREAM, stream, &[])
}

/// Gives a call up.
pub(super) fn cancel(stream: u32) -> Vec<u8> {
    frame(0x3, 0, stream, &CANCEL.to_be_bytes())
}
