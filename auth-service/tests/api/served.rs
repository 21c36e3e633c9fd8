//! The calls that tests make, of whatever serves them: in this process or in one
//! of its own.

use proto::auth::v1::{
    CreateSessionRequest, ListSessionsRequest, ListSessionsResponse, RefreshSessionRequest,
    RevokeSessionRequest, TokenPair, ValidateSessionRequest, ValidateSessionResponse,
    auth_service_client::AuthServiceClient,
    session_validation_service_client::SessionValidationServiceClient,
};
use std::net::SocketAddr;
use testing::auth::{Auth, Replica, as_service, channel, with_token};
use tonic::{Code, Status, transport::Channel};

/// A running auth-service.
pub(crate) trait Served {
    fn public(&self) -> SocketAddr;
    fn internal(&self) -> SocketAddr;

    fn public_client(&self) -> AuthServiceClient<Channel> {
        AuthServiceClient::new(channel(self.public()))
    }

    fn internal_client(&self) -> SessionValidationServiceClient<Channel> {
        SessionValidationServiceClient::new(channel(self.internal()))
    }

    async fn log_in_with(&self, email: &str, password: &str) -> Result<TokenPair, Status> {
        let request = CreateSessionRequest {
            email: email.to_owned(),
            password: password.to_owned(),
            device_info: String::new(),
        };
        let answer = self.public_client().create_session(request).await;
        answer.map(|answer| answer.into_inner().tokens.unwrap())
    }

    async fn validate(&self, access_token: &str) -> Result<ValidateSessionResponse, Status> {
        let access_token = access_token.to_owned();
        let request = as_service(ValidateSessionRequest { access_token });
        let answer = self.internal_client().validate_session(request).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn refresh(&self, refresh_token: &str) -> Result<TokenPair, Status> {
        let refresh_token = refresh_token.to_owned();
        let request = RefreshSessionRequest { refresh_token };
        let answer = self.public_client().refresh_session(request).await;
        answer.map(|answer| answer.into_inner().tokens.unwrap())
    }

    async fn revoke(&self, token: &str) -> Result<(), Status> {
        let token = token.to_owned();
        let request = RevokeSessionRequest { token };
        let answer = self.public_client().revoke_session(request).await;
        answer.map(|_| ())
    }

    async fn list(&self, access_token: &str) -> Result<ListSessionsResponse, Status> {
        let request = with_token(ListSessionsRequest::default(), access_token);
        let answer = self.public_client().list_sessions(request).await;
        answer.map(tonic::Response::into_inner)
    }
}

impl Served for Replica {
    fn public(&self) -> SocketAddr {
        self.public
    }

    fn internal(&self) -> SocketAddr {
        self.internal
    }
}

impl Served for Auth {
    fn public(&self) -> SocketAddr {
        self.replica.public
    }

    fn internal(&self) -> SocketAddr {
        self.replica.internal
    }
}

/// What [`testing::auth::refusal`] gives for UNAUTHENTICATED with this reason.
pub(crate) fn unauthenticated(reason: &str) -> (Code, String) {
    (Code::Unauthenticated, reason.to_owned())
}
