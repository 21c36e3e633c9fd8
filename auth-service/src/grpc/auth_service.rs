//! `ticketing.auth.v1.AuthService`.

use super::{audit, parse, parse_endings, render, status::to_status};
use crate::{
    domain::{Jwks, Lists, LogIns, PasswordChanges, Refreshes, Revocations},
    tokens::Tokens,
};
use contract::{
    deadline::{Deadline, Limits},
    principal,
};
use proto::auth::v1::{
    ChangePasswordRequest, ChangePasswordResponse, CreateSessionRequest, CreateSessionResponse,
    GetJwksRequest, GetJwksResponse, ListAuditEventsRequest, ListAuditEventsResponse,
    ListSessionsRequest, ListSessionsResponse, RefreshSessionRequest, RefreshSessionResponse,
    RegisterRequest, RegisterResponse, RevokeAllSessionsRequest, RevokeAllSessionsResponse,
    RevokeOwnSessionRequest, RevokeOwnSessionResponse, RevokeSessionRequest, RevokeSessionResponse,
    RevokeUserSessionsRequest, RevokeUserSessionsResponse, auth_service_server::AuthService,
};
use std::sync::Arc;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

/// The handlers of the public listener, with what each depends on.
#[derive(Clone, Debug)]
pub struct AuthHandlers {
    pub(crate) log_ins: LogIns,
    pub(crate) refreshes: Refreshes,
    pub(crate) revocations: Revocations,
    pub(crate) password_changes: PasswordChanges,
    pub(crate) lists: Lists,
    pub(crate) tokens: Arc<Tokens>,
    /// A call that ends many sessions begins batches only within this share (0 to 1) of its time.
    pub(crate) ending_share: f64,
}

impl AuthHandlers {
    /// Whether a call has time for one more batch. The rest of its time is for the last batch and
    /// the answer.
    fn time_to_end_sessions<T>(&self, request: &Request<T>) -> impl Fn() -> bool + use<T> {
        let stop = Instant::now() + deadline(request).remaining().mul_f64(self.ending_share);
        move || Instant::now() < stop
    }
}

#[tonic::async_trait]
impl AuthService for AuthHandlers {
    async fn register(
        &self,
        request: Request<RegisterRequest>,
    ) -> Result<Response<RegisterResponse>, Status> {
        let deadline = deadline(&request).after_message();
        let (new, password, client) = parse::register(request)?;
        let issued = self
            .log_ins
            .register(&new, &password, client, deadline)
            .await
            .map_err(to_status)?;
        Ok(Response::new(RegisterResponse {
            tokens: Some(render::tokens(&issued)),
            session: Some(render::session(&issued.session, issued.session.id)),
            user: Some(render::user(issued.user)),
        }))
    }

    async fn create_session(
        &self,
        request: Request<CreateSessionRequest>,
    ) -> Result<Response<CreateSessionResponse>, Status> {
        let deadline = deadline(&request).after_message();
        let (email, password, client) = parse::create_session(request)?;
        let issued = self
            .log_ins
            .log_in(&email, &password, client, deadline)
            .await
            .map_err(to_status)?;
        Ok(Response::new(CreateSessionResponse {
            tokens: Some(render::tokens(&issued)),
            session: Some(render::session(&issued.session, issued.session.id)),
            user: Some(render::user(issued.user)),
        }))
    }

    async fn refresh_session(
        &self,
        request: Request<RefreshSessionRequest>,
    ) -> Result<Response<RefreshSessionResponse>, Status> {
        let client = parse::client(&request, "");
        let token = parse::token("refresh_token", request.into_inner().refresh_token)?;
        let issued = self.refreshes.refresh(&token, client).await;
        let issued = issued.map_err(to_status)?;
        Ok(Response::new(RefreshSessionResponse {
            tokens: Some(render::tokens(&issued)),
            session: Some(render::session(&issued.session, issued.session.id)),
        }))
    }

    async fn revoke_session(
        &self,
        request: Request<RevokeSessionRequest>,
    ) -> Result<Response<RevokeSessionResponse>, Status> {
        let client = parse::client(&request, "");
        let token = parse::token("token", request.into_inner().token)?;
        let ended = self.revocations.revoke(&token, &client).await;
        ended.map_err(to_status)?;
        Ok(Response::new(RevokeSessionResponse {}))
    }

    async fn revoke_all_sessions(
        &self,
        request: Request<RevokeAllSessionsRequest>,
    ) -> Result<Response<RevokeAllSessionsResponse>, Status> {
        let caller = parse::caller(&request)?;
        let in_time = self.time_to_end_sessions(&request);
        let keep_current = parse_endings::revoke_all_sessions(request.into_inner())?;
        let ended = self.revocations.revoke_all(&caller, keep_current, in_time);
        let ended = ended.await;
        let ended = ended.map_err(to_status)?;
        Ok(Response::new(RevokeAllSessionsResponse {
            ended_count: render::count(ended),
        }))
    }

    async fn revoke_own_session(
        &self,
        request: Request<RevokeOwnSessionRequest>,
    ) -> Result<Response<RevokeOwnSessionResponse>, Status> {
        let caller = parse::caller(&request)?;
        let session = parse_endings::revoke_own_session(&request.into_inner())?;
        let ended = self.revocations.revoke_own(&caller, session).await;
        ended.map_err(to_status)?;
        Ok(Response::new(RevokeOwnSessionResponse {}))
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<ChangePasswordResponse>, Status> {
        let caller = parse::caller(&request)?;
        let in_time = self.time_to_end_sessions(&request);
        let deadline = deadline(&request).after_message();
        let (current, new) = parse_endings::change_password(request.into_inner())?;
        let ended = self
            .password_changes
            .change_password(&caller, &current, &new, deadline, in_time)
            .await
            .map_err(to_status)?;
        Ok(Response::new(ChangePasswordResponse {
            ended_count: render::count(ended),
        }))
    }

    async fn revoke_user_sessions(
        &self,
        request: Request<RevokeUserSessionsRequest>,
    ) -> Result<Response<RevokeUserSessionsResponse>, Status> {
        let caller = parse::caller(&request)?;
        let in_time = self.time_to_end_sessions(&request);
        let message = request.into_inner();
        let revocation = parse_endings::revoke_user_sessions(message, caller.session)?;
        let done = self
            .revocations
            .revoke_users(&caller, &revocation, in_time)
            .await
            .map_err(to_status)?;
        Ok(Response::new(RevokeUserSessionsResponse {
            session_count: render::count(done.ended),
            more: done.more,
        }))
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        let principal = principal::principal(&request)?.clone();
        let (page_size, after) = parse::list_sessions(&request.into_inner())?;
        let page = self
            .lists
            .sessions(principal.user_id, principal.session_id, after, page_size)
            .await;
        let page = page.map_err(to_status)?;
        let render = |session| render::session(session, principal.session_id);
        Ok(Response::new(ListSessionsResponse {
            sessions: page.rows.iter().map(render).collect(),
            next_page_token: parse::SESSION_TOKENS.write(page.next.as_ref()),
        }))
    }

    async fn list_audit_events(
        &self,
        request: Request<ListAuditEventsRequest>,
    ) -> Result<Response<ListAuditEventsResponse>, Status> {
        let requested = audit::list(request.into_inner())?;
        let page = self
            .lists
            .audit_events(&requested.filter, requested.after, requested.page_size)
            .await
            .map_err(to_status)?;
        Ok(Response::new(audit::page(page, requested.tokens)))
    }

    async fn get_jwks(
        &self,
        _request: Request<GetJwksRequest>,
    ) -> Result<Response<GetJwksResponse>, Status> {
        let jwks = Jwks::of(&self.tokens);
        Ok(Response::new(GetJwksResponse {
            keys: jwks.keys.iter().map(render::json_web_key).collect(),
            max_age: jwks.max_age.try_into().ok(),
        }))
    }
}

fn deadline<T>(request: &Request<T>) -> Deadline {
    let deadline = request.extensions().get::<Deadline>().copied();
    deadline.unwrap_or_else(|| Deadline::within(Limits::default().call))
}
