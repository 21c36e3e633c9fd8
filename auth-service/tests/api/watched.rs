//! Streams that only watch hold up no stop: of health and of reflection, on every
//! listener.

use crate::{
    process::{Process, configured},
    rows::eventually,
    served::Served as _,
};
use futures_util::{
    FutureExt as _, StreamExt as _,
    stream::{once, pending},
};
use std::net::SocketAddr;
use testing::{Kind, Role, TestDatabase, auth::channel};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};
use tonic::{Request, Streaming, client::Grpc};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
    health_client::HealthClient,
};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::{
    v1::{self, server_reflection_request::MessageRequest},
    v1alpha,
};

/// Whoever is held up by a stop says so.
const HELD_UP: &str = "calls were still in flight";

async fn start(folder: &std::path::Path) -> Process {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let mut command = configured(folder, &database.url_as(Role::Auth));
    command.env("AUTH_WEB_ORIGINS", "https://partner.example.com");
    let process = Process::start(command).await;
    eventually("it serves", async || {
        let mut health = HealthClient::new(channel(process.ops));
        let health = health.check(HealthCheckRequest::default()).await;
        health.is_ok_and(|health| health.into_inner().status() == ServingStatus::Serving)
    })
    .await;
    process
}

/// It ends, and has waited for nothing.
async fn ends(process: Process) {
    let (code, printed) = process.ended().await;
    assert_eq!(code, 0, "{printed}");
    assert!(!printed.contains(HELD_UP), "{printed}");
}

async fn watch(listener: SocketAddr) -> Streaming<HealthCheckResponse> {
    let mut health = HealthClient::new(channel(listener));
    let watched = health.watch(HealthCheckRequest::default()).await;
    let mut watched = watched.unwrap().into_inner();
    let first = watched.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    watched
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_of_health_is_told_that_the_service_stops_and_holds_up_no_stop() {
    let folder = tempfile::tempdir().unwrap();
    let process = start(folder.path()).await;
    let mut watched = Vec::new();
    for listener in [process.public(), process.internal(), process.ops] {
        watched.push(watch(listener).await);
    }
    process.terminate().await;
    for mut watched in watched {
        let last = watched.message().await.unwrap().unwrap();
        assert_eq!(last.status(), ServingStatus::NotServing);
        assert!(watched.message().await.unwrap().is_none());
    }
    ends(process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_watches_health_holds_up_no_stop() {
    let folder = tempfile::tempdir().unwrap();
    let process = start(folder.path()).await;
    let mut page = TcpStream::connect(process.public()).await.unwrap();
    let call = "POST /grpc.health.v1.Health/Watch HTTP/1.1\r\nhost: auth\r\n\
                content-type: application/grpc-web+proto\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0";
    page.write_all(call.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let said =
        |answer: &[u8], status: u8| answer.windows(7).any(|it| it == [0, 0, 0, 0, 2, 8, status]);
    while !said(&answer, 1) {
        assert_ne!(page.read_buf(&mut answer).await.unwrap(), 0);
    }
    process.terminate().await;
    page.read_to_end(&mut answer).await.unwrap();
    assert!(said(&answer, 2), "{answer:?}");
    assert!(String::from_utf8_lossy(&answer).contains("grpc-status:0"));
    ends(process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_reflection_stream_is_answered_and_does_not_delay_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let process = start(folder.path()).await;
    let list = || v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut kept = Vec::new();
    for listener in [process.public(), process.internal(), process.ops] {
        // the messages of both versions are the same
        let path = |version: &str| {
            format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
        };
        for path in [path("v1"), path("v1alpha")] {
            let requested = once(std::future::ready(list())).chain(pending());
            let mut grpc = Grpc::new(channel(listener));
            grpc.ready().await.unwrap();
            let codec = ProstCodec::<_, v1alpha::ServerReflectionResponse>::default();
            let answers = grpc
                .streaming(Request::new(requested), path.parse().unwrap(), codec)
                .await;
            let mut answers = answers.unwrap().into_inner();
            assert!(answers.message().await.unwrap().is_some());
            kept.push(answers);
        }
    }
    process.terminate().await;
    for mut answers in kept {
        assert!(answers.message().await.unwrap().is_none());
    }
    ends(process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unfinished_health_request_does_not_delay_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let process = start(folder.path()).await;
    let mut requested = tokio::task::JoinSet::new();
    for path in [
        "/grpc.health.v1.Health/Check",
        "/grpc.health.v1.Health/Watch",
    ] {
        let (begun, begins) = oneshot::channel();
        let mut grpc = Grpc::new(channel(process.ops));
        grpc.ready().await.unwrap();
        requested.spawn(async move {
            let codec = ProstCodec::<_, HealthCheckResponse>::default();
            let question = async move {
                begun.send(()).unwrap();
                HealthCheckRequest::default()
            };
            let question = question.into_stream().chain(pending());
            let path = path.parse().unwrap();
            let answers = grpc.streaming(Request::new(question), path, codec).await;
            let mut answers = answers?.into_inner();
            while answers.message().await?.is_some() {}
            Ok::<(), tonic::Status>(())
        });
        begins.await.unwrap();
    }
    process.terminate().await;
    requested.join_all().await;
    ends(process).await;
}
