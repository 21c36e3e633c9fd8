//! An outage is never an answer.

use crate::third_service::{self, Third};
use client::{
    channel::Target,
    validation::{RemoteValidator, ServiceTokens},
};
use contract::{deadline::Limits, errors};
use proto::auth::v1::{
    ErrorReason, ValidateSessionRequest, ValidateSessionResponse,
    session_validation_service_server::{SessionValidationService, SessionValidationServiceServer},
};
use server::serve::Listener;
use std::{net::SocketAddr, sync::Mutex, time::Duration};
use testing::{
    Kind,
    auth::{Auth, refusal, with_token},
    proxy::TcpProxy,
    third::v1::{WaitRequest, WhoAmIRequest},
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, service::Routes};

/// What a caller gives a call.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a validation may take where none comes.
const VALIDATION: Duration = Duration::from_secs(5);
/// What a caller gives a call that is not answered: a tenth of it is left to say so.
const SHORT_PATIENCE: Duration = Duration::from_secs(10);

fn validator(address: SocketAddr, folder: &std::path::Path) -> RemoteValidator {
    let tokens = ServiceTokens::open(folder.join("token")).unwrap();
    let target = Target::new(&format!("http://{address}").parse().unwrap(), None).unwrap();
    RemoteValidator::new(target, Some(tokens))
}

async fn who_am_i(third: &mut Third, token: &str) -> Result<String, (Code, String)> {
    who_am_i_within(PATIENCE, third, token).await
}

async fn who_am_i_within(
    patience: Duration,
    third: &mut Third,
    token: &str,
) -> Result<String, (Code, String)> {
    let mut request = with_token(WhoAmIRequest {}, token);
    request.set_timeout(patience);
    match third.client.who_am_i(request).await {
        Ok(answer) => Ok(answer.into_inner().name),
        Err(status) => Err(refusal::<()>(Err(status))),
    }
}

fn unavailable() -> Result<String, (Code, String)> {
    Err((Code::Unavailable, "VALIDATION_UNAVAILABLE".to_owned()))
}

testing::on_both_databases! {
    async fn auth_service_away_or_silent_is_unavailable_and_back_without_a_restart(kind: Kind) {
        let auth = Auth::start(kind).await;
        let proxy = TcpProxy::start(auth.replica.internal);
        let limits = Limits { validation: VALIDATION, ..Limits::default() };
        let validator = validator(proxy.address(), auth.folder.path());
        let mut third = third_service::start_with(validator, limits).await;
        auth.add_customer("sara@example.com").await;
        let token = auth.log_in("sara@example.com").await.tokens.unwrap().access_token;
        let served = Ok("sara@example.com".to_owned());
        assert_eq!(who_am_i(&mut third, &token).await, served);

        proxy.cut().await;
        assert_eq!(who_am_i(&mut third, &token).await, unavailable());
        assert_eq!(who_am_i(&mut third, "forged").await, unavailable());
        proxy.restore().await;
        assert_eq!(who_am_i(&mut third, &token).await, served);

        proxy.hang().await;
        assert_eq!(who_am_i(&mut third, &token).await, unavailable());
        proxy.restore().await;
        assert_eq!(who_am_i(&mut third, &token).await, served);
    }

    async fn a_caller_that_will_not_wait_longer_is_told_and_its_work_stops(kind: Kind) {
        let auth = Auth::start(kind).await;
        let remote = validator(auth.replica.internal, auth.folder.path());
        let mut third = third_service::start(remote).await;
        auth.add_customer("sara@example.com").await;
        let token = auth.log_in("sara@example.com").await.tokens.unwrap().access_token;
        let mut request = with_token(WaitRequest {}, &token);
        request.set_timeout(SHORT_PATIENCE);
        let late = refusal(third.client.wait(request).await);
        assert_eq!(late, (Code::Unavailable, "DEADLINE_REACHED".to_owned()));
        third.drops.recv().await.expect("the handler was dropped");
    }
}

/// Stands where auth-service stands, and gives one answer.
struct Scripted {
    answer: Box<dyn Fn() -> Option<Status> + Send + Sync>,
    timeouts: Mutex<Vec<String>>,
}

#[tonic::async_trait]
impl SessionValidationService for Scripted {
    async fn validate_session(
        &self,
        request: Request<ValidateSessionRequest>,
    ) -> Result<Response<ValidateSessionResponse>, Status> {
        let timeout = request
            .metadata()
            .get("grpc-timeout")
            .map(|value| value.to_str().unwrap());
        self.timeouts
            .lock()
            .unwrap()
            .push(timeout.unwrap_or_default().to_owned());
        match (self.answer)() {
            Some(status) => Err(status),
            None => std::future::pending().await,
        }
    }
}

async fn scripted(
    answer: impl Fn() -> Option<Status> + Send + Sync + 'static,
) -> (Third, std::sync::Arc<Scripted>, impl Drop) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "x".repeat(32)).unwrap();
    let script = Scripted {
        answer: Box::new(answer),
        timeouts: Mutex::default(),
    };
    let script = std::sync::Arc::new(script);
    let service = SessionValidationServiceServer::from_arc(std::sync::Arc::clone(&script));
    let listener = Listener::bind("scripted", "127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let third = third_service::start(validator(listener.address(), folder.path())).await;
    let stop = CancellationToken::new();
    tokio::spawn(listener.serve(Routes::new(service), stop.clone()));
    (third, script, stop.drop_guard())
}

#[tokio::test]
async fn whatever_is_not_about_the_token_is_an_outage() {
    let answers: [fn() -> Option<Status>; 8] = [
        || Some(Status::resource_exhausted("shedding")),
        || Some(Status::cancelled("a timeout of the server's")),
        || Some(Status::unimplemented("another server")),
        || {
            Some(Status::unauthenticated(
                "a proxy that says so, without a reason",
            ))
        },
        || Some(Status::permission_denied("a proxy")),
        || Some(Status::internal("a fault")),
        || {
            let reason = ErrorReason::ServiceTokenInvalid;
            Some(errors::refuse(
                Code::Unauthenticated,
                reason,
                "our own credential",
            ))
        },
        || {
            let reason = ErrorReason::SessionEnded;
            Some(errors::refuse(
                Code::Unavailable,
                reason,
                "a code that does not fit",
            ))
        },
    ];
    for answer in answers {
        let (mut third, _script, _guard) = scripted(answer).await;
        assert_eq!(
            who_am_i(&mut third, "token").await,
            unavailable(),
            "{:?}",
            answer()
        );
    }
    let (mut third, _script, _guard) = scripted(|| {
        Some(errors::refuse(
            Code::Unauthenticated,
            ErrorReason::SessionEnded,
            "ended",
        ))
    })
    .await;
    let ended = Err((Code::Unauthenticated, "SESSION_ENDED".to_owned()));
    assert_eq!(who_am_i(&mut third, "token").await, ended);
}

#[tokio::test]
async fn the_rest_of_the_deadline_is_passed_on() {
    let (mut third, script, _guard) = scripted(|| None).await;
    let answer = who_am_i_within(SHORT_PATIENCE, &mut third, "token").await;
    assert_eq!(answer, unavailable());
    let timeouts = script.timeouts.lock().unwrap().clone();
    let [timeout] = timeouts.as_slice() else {
        panic!("{timeouts:?}")
    };
    let microseconds = timeout
        .strip_suffix('n')
        .map(|text| text.parse::<u64>().unwrap() / 1_000)
        .or_else(|| timeout.strip_suffix('u').map(|text| text.parse().unwrap()))
        .or_else(|| {
            timeout
                .strip_suffix('m')
                .map(|text| text.parse::<u64>().unwrap() * 1_000)
        });
    let microseconds = microseconds.unwrap_or_else(|| panic!("{timeout}"));
    assert!(
        microseconds > 0 && microseconds < 9_000_000,
        "{timeout} of what is left of ten seconds"
    );
}
