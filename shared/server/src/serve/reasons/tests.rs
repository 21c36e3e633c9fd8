use super::*;
use crate::serve::Listener;
use std::{
    io,
    sync::{Arc, Mutex},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    service::Routes,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_client::HealthClient,
    health_server::{Health, HealthServer},
};
use tonic_types::{ErrorDetails, StatusExt as _};

const CAUSE: &str = "relation \"users\" does not exist";

/// A service that fails as the request says.
struct Failing;

impl Failing {
    fn fail(request: tonic::Request<HealthCheckRequest>) -> Status {
        match request.into_inner().service.as_str() {
            "panic" => panic!("asked for"),
            "reason" => errors::refuse(Code::Internal, ErrorReason::Internal, "its own words"),
            "elsewhere" => {
                let details = ErrorDetails::with_error_info("QUOTA", "elsewhere", []);
                Status::with_error_details(Code::Internal, "its own words", details)
            }
            "fields" => {
                let details = ErrorDetails::with_bad_request_violation("page_size", "negative");
                Status::with_error_details(Code::InvalidArgument, "no such page", details)
            }
            code => Status::new(Code::from_i32(code.parse().unwrap()), CAUSE),
        }
    }
}

type Watched =
    futures_util::stream::Iter<std::array::IntoIter<Result<HealthCheckResponse, Status>, 2>>;

#[tonic::async_trait]
impl Health for Failing {
    type WatchStream = Watched;

    async fn check(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthCheckResponse>, Status> {
        Err(Self::fail(request))
    }

    async fn watch(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<Watched>, Status> {
        let answers = [Ok(HealthCheckResponse::default()), Err(Self::fail(request))];
        Ok(tonic::Response::new(futures_util::stream::iter(answers)))
    }
}

async fn start() -> (HealthClient<Channel>, DropGuard) {
    let any = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind("failing", any).await.unwrap();
    let address = format!("http://{}", listener.address());
    let channel = Endpoint::from_shared(address).unwrap().connect_lazy();
    let stop = CancellationToken::new();
    let routes = Routes::new(HealthServer::new(Failing));
    tokio::spawn(listener.serve(routes, stop.clone()));
    (HealthClient::new(channel), stop.drop_guard())
}

/// The status of a failed call, which may follow a message.
async fn failures(client: &mut HealthClient<Channel>, how: &str) -> [Status; 2] {
    let request = || HealthCheckRequest {
        service: how.to_owned(),
    };
    let at_once = client.check(request()).await.unwrap_err();
    let mut watched = client.watch(request()).await.unwrap().into_inner();
    watched.message().await.unwrap().unwrap();
    [at_once, watched.message().await.unwrap_err()]
}

fn reason(status: &Status) -> (String, String) {
    let details = status.get_error_details();
    let info = details.error_info().expect("a reason");
    (info.domain.clone(), info.reason.clone())
}

#[tokio::test]
async fn an_error_without_a_reason_gets_one_and_a_fault_keeps_its_cause_to_itself() {
    let (mut client, _stop) = start().await;
    for code in (1..=16).map(Code::from_i32) {
        let (told, expected, message) = match code {
            Code::Internal | Code::Unknown | Code::DataLoss => {
                (Code::Internal, "INTERNAL", "internal error")
            }
            Code::Unimplemented => (code, "METHOD_UNKNOWN", "no such method"),
            _ => (code, "NOT_GIVEN", CAUSE),
        };
        let may_be_retried = matches!(code, Code::Unavailable | Code::ResourceExhausted);
        for status in failures(&mut client, &(code as i32).to_string()).await {
            assert_eq!(status.code(), told);
            assert_eq!(reason(&status).1, expected, "{code:?}");
            assert_eq!(reason(&status).0, errors::DOMAIN);
            assert!(status.message().contains(message), "{status:?}");
            let retry = status.get_details_retry_info();
            assert_eq!(retry.is_some(), may_be_retried, "{code:?}");
        }
    }
}

#[tokio::test]
async fn an_error_with_a_reason_stays_as_it_is() {
    let (mut client, _stop) = start().await;
    for (how, domain, expected) in [
        ("reason", errors::DOMAIN, "INTERNAL"),
        ("elsewhere", "elsewhere", "QUOTA"),
    ] {
        for status in failures(&mut client, how).await {
            assert_eq!(reason(&status), (domain.to_owned(), expected.to_owned()));
            assert_eq!(status.message(), "its own words");
        }
    }
    for status in failures(&mut client, "fields").await {
        assert_eq!(reason(&status).1, "NOT_GIVEN");
        let fields = status.get_details_bad_request().expect("its own details");
        assert_eq!(fields.field_violations[0].field, "page_size");
    }
}

#[tokio::test]
async fn a_panic_is_a_fault_that_is_answered() {
    let (mut client, _stop) = start().await;
    for _ in 0..2 {
        let request = HealthCheckRequest {
            service: "panic".to_owned(),
        };
        let status = client.check(request).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(reason(&status).1, "INTERNAL");
    }
}

/// The log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_cause_of_a_fault_is_in_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (mut client, _stop) = start().await;
    failures(&mut client, "13").await;
    let written = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(written.matches("relation").count(), 2, "{written}");
}
