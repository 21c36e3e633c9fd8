//! `ticketing.auth.v1.AuthService`.

use super::{page_token, parse, render, status::to_status};
use crate::domain::Sessions;
use proto::auth::v1::{
    CreateSessionRequest, CreateSessionResponse, GetJwksRequest, GetJwksResponse,
    ListSessionsRequest, ListSessionsResponse, RefreshSessionRequest, RefreshSessionResponse,
    RegisterRequest, RegisterResponse, RevokeSessionRequest, RevokeSessionResponse,
    auth_service_server::AuthService,
};
use shared::session_layer;
use tonic::{Request, Response, Status};

/// The handlers of the public listener.
#[derive(Clone, Debug)]
pub struct AuthHandlers {
    sessions: Sessions,
}

impl AuthHandlers {
    /// Handlers that ask this domain.
    #[must_use]
    pub fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }
}

#[tonic::async_trait]
impl AuthService for AuthHandlers {
    async fn register(
        &self,
        request: Request<RegisterRequest>,
    ) -> Result<Response<RegisterResponse>, Status> {
        let (new, password, client) = parse::register(request)?;
        let grant = self
            .sessions
            .register(&new, &password, client)
            .await
            .map_err(to_status)?;
        Ok(Response::new(RegisterResponse {
            tokens: Some(render::tokens(&grant)),
            session: Some(render::session(&grant.session, grant.session.id)),
            user: Some(render::user(grant.user)),
        }))
    }

    async fn create_session(
        &self,
        request: Request<CreateSessionRequest>,
    ) -> Result<Response<CreateSessionResponse>, Status> {
        let (email, password, client) = parse::create_session(request)?;
        let grant = self
            .sessions
            .log_in(&email, &password, client)
            .await
            .map_err(to_status)?;
        Ok(Response::new(CreateSessionResponse {
            tokens: Some(render::tokens(&grant)),
            session: Some(render::session(&grant.session, grant.session.id)),
            user: Some(render::user(grant.user)),
        }))
    }

    async fn refresh_session(
        &self,
        request: Request<RefreshSessionRequest>,
    ) -> Result<Response<RefreshSessionResponse>, Status> {
        let token = parse::token("refresh_token", request.into_inner().refresh_token)?;
        let grant = self.sessions.refresh(&token).await.map_err(to_status)?;
        Ok(Response::new(RefreshSessionResponse {
            tokens: Some(render::tokens(&grant)),
            session: Some(render::session(&grant.session, grant.session.id)),
        }))
    }

    async fn revoke_session(
        &self,
        request: Request<RevokeSessionRequest>,
    ) -> Result<Response<RevokeSessionResponse>, Status> {
        let token = parse::token("token", request.into_inner().token)?;
        self.sessions.revoke(&token).await.map_err(to_status)?;
        Ok(Response::new(RevokeSessionResponse {}))
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        let principal = session_layer::principal(&request)?.clone();
        let (page_size, after) = parse::list_sessions(&request.into_inner())?;
        let page = self
            .sessions
            .list(principal.user_id, after, page_size)
            .await;
        let page = page.map_err(to_status)?;
        let render = |session| render::session(session, principal.session_id);
        Ok(Response::new(ListSessionsResponse {
            sessions: page.sessions.iter().map(render).collect(),
            next_page_token: page.next.map(page_token::write).unwrap_or_default(),
        }))
    }

    async fn get_jwks(
        &self,
        _request: Request<GetJwksRequest>,
    ) -> Result<Response<GetJwksResponse>, Status> {
        let jwks = self.sessions.jwks();
        Ok(Response::new(GetJwksResponse {
            keys: jwks.keys.iter().map(render::json_web_key).collect(),
            max_age: jwks.max_age.try_into().ok(),
        }))
    }
}
