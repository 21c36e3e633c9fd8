//! Each kind of call, and how its answer is checked.

use crate::{
    doors, json,
    load::{Load, Window, drive},
    pages::Page,
    stage::Stage,
    supply::{Signed, Supply},
};
use proto::{
    auth::v1::{
        RefreshSessionRequest, ValidateSessionRequest, auth_service_client::AuthServiceClient,
        session_validation_service_client::SessionValidationServiceClient,
    },
    requests::v1::partner_requests_service_client::PartnerRequestsServiceClient,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use testing::auth::{as_service, with_token};
use tokio::task::JoinSet;
use tonic::{Code, transport::Channel};

/// More tokens a second than two processors verify. Where there are not enough, less time is
/// measured.
const UNSEEN_A_SECOND: f64 = 20_000.0;

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Echo,
    /// One token.
    Hot,
    /// Many tokens, whose signatures are remembered.
    Warm(usize),
    /// Tokens that nobody has seen yet.
    Unseen,
    /// The same as [`Self::Warm`], as Envoy asks.
    Check,
    /// The same, as nginx asks.
    Authorize,
    Refresh,
    RefreshInJson,
    List(Arc<Page>),
    ListInJson(Arc<Page>),
}

impl Kind {
    /// All of them; the echo first.
    pub(crate) fn all(stage: &Stage) -> Vec<Self> {
        let lists = stage.pages.iter().cloned().map(Self::List);
        let in_json = stage.pages.iter().take(1).cloned().map(Self::ListInJson);
        [
            Self::Echo,
            Self::Hot,
            Self::Warm(stage.tokens),
            Self::Unseen,
            Self::Check,
            Self::Authorize,
            Self::Refresh,
            Self::RefreshInJson,
        ]
        .into_iter()
        .chain(in_json)
        .chain(lists)
        .collect()
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Echo => "echo".to_owned(),
            Self::Hot => "validate, one token".to_owned(),
            Self::Warm(tokens) => format!("validate, {tokens} tokens"),
            Self::Unseen => "validate, tokens not seen before".to_owned(),
            Self::Check => "validate, by Envoy's Check".to_owned(),
            Self::Authorize => "validate, by /authorize".to_owned(),
            Self::Refresh => "refresh, rotating".to_owned(),
            Self::RefreshInJson => "refresh, in JSON".to_owned(),
            Self::List(page) => page.name.clone(),
            Self::ListInJson(page) => format!("{}, in JSON", page.name),
        }
    }

    pub(crate) async fn measure(&self, stage: &mut Stage, load: Load, window: Duration) -> Window {
        match self {
            Self::Echo => echo(stage, load, window).await,
            Self::Hot => {
                let tokens = Arc::clone(&stage.hot);
                validate(stage, &stage.channels.validation, tokens, load, window).await
            }
            Self::Warm(_) => {
                let tokens = Arc::clone(&stage.warm);
                validate(stage, &stage.channels.validation, tokens, load, window).await
            }
            Self::Unseen => {
                let tokens = Supply::once(stage.unseen(unseen_in(window)));
                let replica = &stage.channels.validation_afresh;
                validate(stage, replica, tokens, load, window).await
            }
            Self::Check => ask(stage, doors::check, load, window).await,
            Self::Authorize => ask(stage, doors::authorize, load, window).await,
            Self::Refresh => {
                let tokens = Supply::once(stage.refreshable().await);
                refresh(stage, tokens, load, window).await
            }
            Self::RefreshInJson => {
                let tokens = Supply::once(stage.refreshable().await);
                refresh_in_json(stage, tokens, load, window).await
            }
            Self::List(page) => list(stage, page, load, window).await,
            Self::ListInJson(page) => list_in_json(stage, page, load, window).await,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rough number"
)]
fn unseen_in(window: Duration) -> usize {
    (UNSEEN_A_SECOND * window.as_secs_f64()) as usize
}

async fn echo(stage: &Stage, load: Load, window: Duration) -> Window {
    let tokens = Arc::clone(&stage.hot);
    let call = move |channel| {
        let tokens = Arc::clone(&tokens);
        async move {
            let token = tokens.next().expect("it is endless");
            let answer = send(channel, token).await;
            assert_eq!(answer.name, token.text, "the echo");
            true
        }
    };
    drive(&stage.channels.echo, load, window, &stage.processes, call).await
}

async fn validate(
    stage: &Stage,
    channels: &[Channel],
    tokens: Arc<Supply>,
    load: Load,
    window: Duration,
) -> Window {
    let call = move |channel| {
        let tokens = Arc::clone(&tokens);
        async move {
            let Some(token) = tokens.next() else {
                return false;
            };
            let answer = send(channel, token).await;
            assert_eq!(answer.user_id, token.user_id, "whose session it is");
            assert_eq!(answer.session_id, token.session_id, "which session it is");
            true
        }
    };
    drive(channels, load, window, &stage.processes, call).await
}

/// Asks as proxies do, about the same tokens.
async fn ask<F: Future<Output = String> + Send + 'static>(
    stage: &Stage,
    door: fn(Channel, String) -> F,
    load: Load,
    window: Duration,
) -> Window {
    let tokens = Arc::clone(&stage.warm);
    let call = move |channel| {
        let tokens = Arc::clone(&tokens);
        async move {
            let token = tokens.next().expect("it is endless");
            let session = door(channel, token.text.clone()).await;
            assert_eq!(session, token.session_id, "which session it is");
            true
        }
    };
    let channels = &stage.channels.validation;
    drive(channels, load, window, &stage.processes, call).await
}

async fn send(channel: Channel, token: &Signed) -> proto::auth::v1::Principal {
    let request = as_service(ValidateSessionRequest {
        access_token: token.text.clone(),
    });
    let mut client = SessionValidationServiceClient::new(channel);
    let answer = client.validate_session(request).await;
    let answer = answer.expect("a valid session").into_inner();
    answer.principal.expect("a principal")
}

async fn refresh(stage: &Stage, tokens: Arc<Supply>, load: Load, window: Duration) -> Window {
    let call = move |channel| {
        let tokens = Arc::clone(&tokens);
        async move {
            let Some(token) = tokens.next() else {
                return false;
            };
            let request = RefreshSessionRequest {
                refresh_token: token.text.clone(),
            };
            let answer = AuthServiceClient::new(channel)
                .refresh_session(request)
                .await;
            let answer = answer.expect("a pair").into_inner();
            let session = answer.session.expect("a session");
            assert_eq!(session.session_id, token.session_id, "which session it is");
            let pair = answer.tokens.expect("a pair");
            assert_eq!(pair.generation, 2, "the session rotates");
            true
        }
    };
    let channels = &stage.channels.refresh;
    drive(channels, load, window, &stage.processes, call).await
}

async fn refresh_in_json(
    stage: &Stage,
    tokens: Arc<Supply>,
    load: Load,
    window: Duration,
) -> Window {
    let call = move |channel| {
        let tokens = Arc::clone(&tokens);
        async move {
            let Some(token) = tokens.next() else {
                return false;
            };
            let method = "/ticketing.auth.v1.AuthService/RefreshSession";
            let request = json!({ "refreshToken": token.text }).to_string();
            let answer = json::call(channel, method, None, request).await;
            let answer = answer.expect("a pair");
            let session = &answer["session"]["sessionId"];
            assert_eq!(*session, *token.session_id, "which session it is");
            assert_eq!(answer["tokens"]["generation"], 2, "the session rotates");
            true
        }
    };
    let channels = &stage.channels.refresh;
    drive(channels, load, window, &stage.processes, call).await
}

async fn list(stage: &Stage, page: &Arc<Page>, load: Load, window: Duration) -> Window {
    let page = Arc::clone(page);
    let load = load.at_most(page.in_flight);
    let call = move |channel| {
        let page = Arc::clone(&page);
        async move {
            let request = with_token(page.request.clone(), &page.token);
            let answer = PartnerRequestsServiceClient::new(channel)
                .list_partner_requests(request)
                .await;
            match answer {
                Ok(answer) => page.check(&answer.into_inner()),
                Err(status) if status.code() == Code::Unavailable => {
                    tell_refusal(&page.name, status.message());
                }
                Err(status) => panic!("{}: {status}", page.name),
            }
            true
        }
    };
    let channels = &stage.channels.requests;
    drive(channels, load, window, &stage.processes, call).await
}

/// A first page without a filter.
async fn list_in_json(stage: &Stage, page: &Arc<Page>, load: Load, window: Duration) -> Window {
    let page = Arc::clone(page);
    let call = move |channel| {
        let page = Arc::clone(&page);
        async move {
            let method = "/ticketing.requests.v1.PartnerRequestsService/ListPartnerRequests";
            let answer = json::call(channel, method, Some(&page.token), "{}".to_owned()).await;
            match answer {
                Ok(answer) => page.check_json(&answer),
                Err(error) => tell_refusal(&page.name, &error["message"].to_string()),
            }
            true
        }
    };
    let channels = &stage.channels.requests;
    drive(channels, load, window, &stage.processes, call).await
}

/// A service with too much to do may refuse a list. It counts as a call, so it is told.
fn tell_refusal(page: &str, message: &str) {
    eprintln!("{page}: refused: {message}");
}

/// Shows each of the many tokens once, so that its signature is remembered.
pub(crate) async fn warm_up(stage: &Stage) {
    let mut callers = JoinSet::new();
    let channels = &stage.channels.validation;
    for channel in channels {
        let (channel, tokens) = (channel.clone(), Arc::clone(&stage.warm));
        let count = stage.tokens.div_ceil(channels.len());
        callers.spawn(async move {
            for _ in 0..count {
                send(channel.clone(), tokens.next().expect("it is endless")).await;
            }
        });
    }
    callers.join_all().await;
}
