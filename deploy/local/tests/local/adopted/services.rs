//! Both services, as they are served, on a database that was taken over.

use contract::config;
use proto::{
    auth::v1::{
        CreateSessionRequest, CreateSessionResponse, ListSessionsRequest, ListSessionsResponse,
        ValidateSessionRequest, ValidateSessionResponse,
    },
    requests::v1::{
        ListPartnerRequestsRequest, ListPartnerRequestsResponse,
        partner_requests_service_client::PartnerRequestsServiceClient,
    },
};
use requests_service::{app::App, config::Config};
use testing::{
    Role, TestDatabase,
    auth::{Auth, as_service, channel, with_token},
    pages::all_pages,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Status, transport::Channel};

/// Both, until this is dropped.
pub(super) struct Services {
    pub(super) auth: Auth,
    pub(super) requests: PartnerRequestsServiceClient<Channel>,
    pub(super) channel: Channel,
    _stop: DropGuard,
}

impl Services {
    pub(super) async fn start_on(database: TestDatabase) -> Self {
        database.grant().await;
        let auth = Auth::start_on(database).await;
        let token_file = auth.folder.path().join("token");
        let config = config::from_flags([
            "requests-service".to_owned(),
            "--public-listen=127.0.0.1:0".to_owned(),
            "--ops-listen=127.0.0.1:0".to_owned(),
            format!(
                "--database-url={}",
                auth.database.url_as(Role::Requests).expose()
            ),
            format!("--auth-service-url=http://{}", auth.replica.internal),
            format!("--service-token-file={}", token_file.display()),
        ]);
        let config: Config = config.unwrap();
        let app = App::build(config, auth.clock.clone()).await.unwrap();
        let channel = channel(app.public_address());
        let requests = PartnerRequestsServiceClient::new(channel.clone());
        let stop = CancellationToken::new();
        tokio::spawn(app.run(stop.clone()));
        Self {
            auth,
            requests,
            channel,
            _stop: stop.drop_guard(),
        }
    }

    /// The database, once both are told to stop.
    pub(super) fn stop(self) -> TestDatabase {
        self.auth.database
    }

    pub(super) async fn log_in(
        &self,
        email: &str,
        password: &str,
    ) -> Result<CreateSessionResponse, Status> {
        let request = CreateSessionRequest {
            email: email.to_owned(),
            password: password.to_owned(),
            device_info: String::new(),
        };
        Ok(self
            .auth
            .client()
            .create_session(request)
            .await?
            .into_inner())
    }

    pub(super) async fn validate(&self, token: &str) -> Result<ValidateSessionResponse, Status> {
        let request = as_service(ValidateSessionRequest {
            access_token: token.to_owned(),
        });
        let mut client = self.auth.replica.validation_client();
        Ok(client.validate_session(request).await?.into_inner())
    }

    pub(super) async fn sessions(
        &self,
        token: &str,
        request: ListSessionsRequest,
    ) -> Result<ListSessionsResponse, Status> {
        let request = with_token(request, token);
        Ok(self
            .auth
            .client()
            .list_sessions(request)
            .await?
            .into_inner())
    }

    /// One page.
    pub(super) async fn page(
        &self,
        token: &str,
        request: ListPartnerRequestsRequest,
    ) -> Result<ListPartnerRequestsResponse, Status> {
        let request = with_token(request, token);
        let mut client = self.requests.clone();
        Ok(client.list_partner_requests(request).await?.into_inner())
    }

    /// The ids on all pages, one after the other.
    pub(super) async fn walk(
        &self,
        token: &str,
        request: ListPartnerRequestsRequest,
    ) -> Result<Vec<i32>, Status> {
        all_pages(async |page_token| {
            let request = ListPartnerRequestsRequest {
                page_token,
                ..request.clone()
            };
            let page = self.page(token, request).await?;
            let ids = page.partner_requests.iter().map(|row| row.request_id);
            Ok((ids.collect(), page.next_page_token))
        })
        .await
    }
}
