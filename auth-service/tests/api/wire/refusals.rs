//! Refusals of calls whose message is still to come, by HTTP written by hand: the client
//! gets each answer, and its next call on the same connection as well.

use super::frames;
use crate::unserved::log_in;
use std::{fmt::Write as _, net::SocketAddr};
use testing::{Kind, Role, TestDatabase, auth::Auth};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
};

const LIST: &str = "/ticketing.auth.v1.AuthService/ListSessions";
const LOG_IN: &str = "/ticketing.auth.v1.AuthService/CreateSession";
const GET_KEYS: &str = "/ticketing.auth.v1.AuthService/GetJwks";
const GRPC_WEB: &str = "application/grpc-web+proto";
const EMPTY: &[u8] = &[0; 5];

/// A call that is refused, and what for.
#[derive(Clone)]
struct Refused {
    method: &'static str,
    path: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    /// How much of the body is looked at.
    looked_at: usize,
    /// How a line of the answer's head begins.
    answer: &'static str,
}

/// By whom a call may be refused: by each of the layers, by what reads messages, and by
/// what finds methods.
fn refusals() -> Vec<Refused> {
    let refused = |answer| Refused {
        method: "POST",
        path: LIST,
        content_type: GRPC_WEB,
        body: log_in(),
        looked_at: 0,
        answer,
    };
    vec![
        refused("grpc-status: 16"),
        Refused {
            content_type: "text/plain",
            ..refused("HTTP/1.1 415 Unsupported Media Type")
        },
        Refused {
            method: "PUT",
            ..refused("HTTP/1.1 405 Method Not Allowed")
        },
        Refused {
            path: "/ticketing.auth.v1.AuthService/Nothing",
            ..refused("grpc-status: 12")
        },
        Refused {
            path: "/nothing",
            ..refused("grpc-status: 12")
        },
        Refused {
            path: LOG_IN,
            // the length says that two megabytes come
            body: [&[0, 0, 0x20, 0, 0], vec![0; 0x20_0000].as_slice()].concat(),
            looked_at: 5,
            ..refused("grpc-status: 8")
        },
        Refused {
            path: LOG_IN,
            // compressed, which nobody offered
            body: [&[1], &log_in()[1..]].concat(),
            looked_at: 5,
            ..refused("grpc-status: 3")
        },
        Refused {
            path: LOG_IN,
            body: [0, 0, 0, 0, 3, 255, 255, 255, 0, 0, 0, 0].to_vec(),
            looked_at: 8,
            ..refused("grpc-status: 3")
        },
    ]
}

/// A connection by HTTP/1.1.
struct Http1 {
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
}

impl Http1 {
    async fn connect(server: SocketAddr) -> Self {
        let (read, write) = TcpStream::connect(server).await.unwrap().into_split();
        let read = BufReader::new(read);
        Self { read, write }
    }

    async fn send_head(&mut self, call: &Refused) {
        self.send_head_with(call, "").await;
    }

    /// With another line of the head.
    async fn send_head_with(&mut self, call: &Refused, line: &str) {
        let Refused { method, path, .. } = call;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{line}");
        let (content_type, length) = (call.content_type, call.body.len());
        write!(head, "content-type: {content_type}\r\n").unwrap();
        write!(head, "content-length: {length}\r\n\r\n").unwrap();
        self.write.write_all(head.as_bytes()).await.unwrap();
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.write.write_all(bytes).await.expect("it is read");
    }

    /// The next answer's head, after its body has been read, too.
    async fn answer(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.read.read_line(&mut head).await.expect("an answer");
            assert_ne!(read, 0, "the connection ended after {head:?}");
        }
        if head.contains("transfer-encoding: chunked") {
            self.read_chunks().await;
        } else if let Some((_, rest)) = head.split_once("content-length: ") {
            let length = rest.split("\r\n").next().unwrap().parse().unwrap();
            self.read.read_exact(&mut vec![0; length]).await.unwrap();
        }
        head
    }

    async fn read_chunks(&mut self) {
        loop {
            let mut length = String::new();
            self.read.read_line(&mut length).await.unwrap();
            let length = usize::from_str_radix(length.trim_end(), 16).unwrap();
            let mut chunk = vec![0; length + 2];
            self.read.read_exact(&mut chunk).await.unwrap();
            if length == 0 {
                return;
            }
        }
    }

    /// Makes a call that is served.
    async fn is_served(&mut self) {
        let call = Refused {
            method: "POST",
            path: GET_KEYS,
            content_type: GRPC_WEB,
            body: EMPTY.to_vec(),
            looked_at: EMPTY.len(),
            answer: "HTTP/1.1 200 OK",
        };
        self.send_head(&call).await;
        self.send(&call.body).await;
        let answer = self.answer().await;
        assert!(answer.starts_with(call.answer), "{answer}");
        let is_refused = answer.lines().any(|line| line.starts_with("grpc-status"));
        assert!(!is_refused, "{answer}");
    }
}

async fn serving_pages() -> Auth {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let url = database.url_as(Role::Auth);
    Auth::start_through(database, &url, &["--web-origins=https://page.example"]).await
}

fn assert_answers(call: &Refused, answer: &str) {
    let answers = answer.lines().any(|line| line.starts_with(call.answer));
    let goes_on = !answer.contains("connection: close");
    assert!(
        answers && goes_on,
        "{} {}\n{answer}",
        call.method,
        call.path
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_sent_after_its_refusal_does_not_disturb_the_next_answer() {
    let auth = serving_pages().await;
    let mut clients = JoinSet::new();
    for call in refusals() {
        let server = auth.replica.public;
        clients.spawn(async move {
            let mut client = Http1::connect(server).await;
            for _ in 0..2 {
                client.send_head(&call).await;
                // what reads messages looks at the beginning of one
                let (begin, rest) = call.body.split_at(call.looked_at);
                client.send(begin).await;
                assert_answers(&call, &client.answer().await);
                client.send(rest).await;
                client.is_served().await;
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_in_pieces_gets_its_answer() {
    let auth = serving_pages().await;
    for call in refusals() {
        let mut client = Http1::connect(auth.replica.public).await;
        for _ in 0..25 {
            client.send_head(&call).await;
            for piece in call.body.chunks(call.body.len() / 5) {
                client.send(piece).await;
            }
            assert_answers(&call, &client.answer().await);
        }
        client.is_served().await;
    }
}

const EXPECT: &str = "expect: 100-continue\r\n";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_expects_continue_is_refused_before_it_sends() {
    let auth = serving_pages().await;
    for call in refusals() {
        let mut client = Http1::connect(auth.replica.public).await;
        client.send_head_with(&call, EXPECT).await;
        let mut answer = client.answer().await;
        if call.looked_at > 0 {
            // that takes the message to be refused
            assert_eq!(answer, CONTINUE, "{} {}", call.method, call.path);
            client.send(&call.body).await;
            assert_answers(&call, &client.answer().await);
            client.is_served().await;
            continue;
        }
        for _ in 0..2 {
            let refuses = answer.lines().any(|line| line.starts_with(call.answer));
            let closes = answer.contains("connection: close");
            assert!(refuses && closes, "{} {}\n{answer}", call.method, call.path);
            let mut more = String::new();
            client.read.read_to_string(&mut more).await.unwrap();
            assert_eq!(more, "", "{} {}", call.method, call.path);
            // and who does not wait
            client = Http1::connect(auth.replica.public).await;
            client.send_head_with(&call, EXPECT).await;
            client.send(&call.body).await;
            answer = client.answer().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_expects_continue_is_told_to_send_a_message_that_is_served() {
    let auth = serving_pages().await;
    let mut client = Http1::connect(auth.replica.public).await;
    for _ in 0..2 {
        let call = Refused {
            path: GET_KEYS,
            body: EMPTY.to_vec(),
            ..refusals().remove(0)
        };
        client.send_head_with(&call, EXPECT).await;
        assert_eq!(client.answer().await, CONTINUE);
        client.send(&call.body).await;
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    client.is_served().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_body_is_answered_and_cut_off() {
    let auth = serving_pages().await;
    let mut endless = refusals().remove(0);
    endless.body = vec![0; 100_000_000];
    let mut client = Http1::connect(auth.replica.public).await;
    client.send_head(&endless).await;
    let answer = client.answer().await;
    assert!(answer.contains(endless.answer), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    client
        .write
        .write_all(&endless.body)
        .await
        .expect_err("nobody reads all that");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_refused_by_http2_may_send_its_message_and_is_not_reset() {
    let auth = serving_pages().await;
    for path in [LIST, "/nothing"] {
        let (mut answers, mut client) = frames::connect(auth.replica.public).await;
        for stream in [1, 5] {
            client.write_all(&frames::open(stream, path)).await.unwrap();
            answers.answered(stream).await;
            let message = frames::empty_message(stream);
            let next = frames::open(stream + 2, GET_KEYS);
            let next = [message, next, frames::empty_message(stream + 2)].concat();
            client.write_all(&next).await.unwrap();
            answers.answered(stream + 2).await;
        }
        assert_eq!(answers.resets, [0; 0]);
    }
}
