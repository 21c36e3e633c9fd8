//! Each kind of call, as a caller makes it again and again.

use proto::{
    auth::v1::{
        CreateSessionRequest, ListAuditEventsRequest, ListSessionsRequest, RefreshSessionRequest,
        ValidateSessionRequest, auth_service_client::AuthServiceClient,
        session_validation_service_client::SessionValidationServiceClient,
    },
    requests::v1::{
        CountPartnerRequestsRequest, GetPartnerRequestRequest, ListPartnerRequestsRequest,
        ListPartnersRequest, get_partner_request_request::Key,
        partner_requests_service_client::PartnerRequestsServiceClient,
        partners_service_client::PartnersServiceClient,
    },
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use testing::{
    auth::{as_service, with_token},
    load::{Callers, Seen},
};
use tokio::sync::Mutex;
use tonic::{Status, transport::Channel};

/// What every generated user logs in with.
const PASSWORD: &str = "demo password";
/// The largest page of any list; more is not given.
pub(crate) const LARGEST_PAGE: i32 = 1_000;

/// So many callers of one listener, eight or fewer connections among them.
pub(crate) fn callers(address: SocketAddr, count: usize) -> Callers {
    Callers {
        address,
        count,
        on_a_connection: count.div_ceil(8),
        pause: None,
    }
}

/// Each caller shows one token after another.
pub(crate) async fn validate(
    callers: Callers,
    window: Duration,
    tokens: &Arc<Vec<String>>,
) -> Seen {
    let tokens = Arc::clone(tokens);
    let call = move |channel, caller: usize, calls: usize| {
        // every caller comes by all of them, each from a place of its own
        let place = caller * tokens.len() / callers.count + calls;
        let access_token = tokens[place % tokens.len()].clone();
        let request = as_service(ValidateSessionRequest { access_token });
        let mut client = SessionValidationServiceClient::new(channel);
        async move { client.validate_session(request).await.map(drop) }
    };
    callers.call_for(window, call).await
}

/// Each caller logs in as another user.
pub(crate) async fn log_in(callers: Callers, window: Duration, emails: &Arc<Vec<String>>) -> Seen {
    let emails = Arc::clone(emails);
    let call = move |channel, caller: usize, _| {
        let request = CreateSessionRequest {
            email: emails[caller].clone(),
            password: PASSWORD.to_owned(),
            device_info: String::new(),
        };
        let mut client = AuthServiceClient::new(channel);
        async move { client.create_session(request).await.map(drop) }
    };
    callers.call_for(window, call).await
}

/// Each caller refreshes a session of its own, each time with the newest token.
pub(crate) async fn refresh(callers: Callers, window: Duration, tokens: Vec<String>) -> Seen {
    let tokens: Arc<[_]> = tokens.into_iter().map(Mutex::new).collect();
    let call = move |channel, caller: usize, _| {
        let tokens = Arc::clone(&tokens);
        let mut client = AuthServiceClient::new(channel);
        async move {
            let mut newest = tokens[caller].lock().await;
            let request = RefreshSessionRequest {
                refresh_token: newest.clone(),
            };
            let answer = client.refresh_session(request).await?.into_inner();
            *newest = answer.tokens.unwrap_or_default().refresh_token;
            Ok(())
        }
    };
    callers.call_for(window, call).await
}

/// The largest pages of one's own sessions.
pub(crate) async fn list_sessions(callers: Callers, window: Duration, token: &str) -> Seen {
    let call = |channel, token: String| async move {
        let message = ListSessionsRequest {
            page_size: LARGEST_PAGE,
            ..ListSessionsRequest::default()
        };
        let request = with_token(message, &token);
        AuthServiceClient::new(channel)
            .list_sessions(request)
            .await
            .map(drop)
    };
    with(callers, window, token, call).await
}

/// The largest pages of the audit log.
pub(crate) async fn list_audit(callers: Callers, window: Duration, token: &str) -> Seen {
    let call = |channel, token: String| async move {
        let message = ListAuditEventsRequest {
            page_size: LARGEST_PAGE,
            ..ListAuditEventsRequest::default()
        };
        let request = with_token(message, &token);
        AuthServiceClient::new(channel)
            .list_audit_events(request)
            .await
            .map(drop)
    };
    with(callers, window, token, call).await
}

/// Pages of requests.
pub(crate) async fn list(callers: Callers, window: Duration, token: &str, page_size: i32) -> Seen {
    let call = move |channel, token: String| async move {
        let message = ListPartnerRequestsRequest {
            page_size,
            ..ListPartnerRequestsRequest::default()
        };
        let request = with_token(message, &token);
        let mut client = PartnerRequestsServiceClient::new(channel);
        client.list_partner_requests(request).await.map(drop)
    };
    with(callers, window, token, call).await
}

/// Counts by status.
pub(crate) async fn count(callers: Callers, window: Duration, token: &str) -> Seen {
    let call = |channel, token: String| async move {
        let request = with_token(CountPartnerRequestsRequest::default(), &token);
        let mut client = PartnerRequestsServiceClient::new(channel);
        client.count_partner_requests(request).await.map(drop)
    };
    with(callers, window, token, call).await
}

/// One request after another.
pub(crate) async fn get(callers: Callers, window: Duration, token: &str) -> Seen {
    let token = token.to_owned();
    let call = move |channel, caller: usize, calls: usize| {
        let id = i32::try_from((caller + calls * callers.count) % 100_000 + 1);
        let message = GetPartnerRequestRequest {
            key: id.ok().map(Key::RequestId),
        };
        let request = with_token(message, &token);
        let mut client = PartnerRequestsServiceClient::new(channel);
        async move { client.get_partner_request(request).await.map(drop) }
    };
    callers.call_for(window, call).await
}

/// The largest pages of partners.
pub(crate) async fn list_partners(callers: Callers, window: Duration, token: &str) -> Seen {
    let call = |channel, token: String| async move {
        let message = ListPartnersRequest {
            page_size: LARGEST_PAGE,
            ..ListPartnersRequest::default()
        };
        let request = with_token(message, &token);
        PartnersServiceClient::new(channel)
            .list_partners(request)
            .await
            .map(drop)
    };
    with(callers, window, token, call).await
}

async fn with<F>(
    callers: Callers,
    window: Duration,
    token: &str,
    call: impl Fn(Channel, String) -> F + Clone + Send + 'static,
) -> Seen
where
    F: Future<Output = Result<(), Status>> + Send,
{
    let token = token.to_owned();
    let call = move |channel, _, _| call(channel, token.clone());
    callers.call_for(window, call).await
}
