//! The service on a port, and a client of it.

use super::{MANAGER, Row, Tokens, rows};
use proto::requests::v1::{
    GetPartnerRequestRequest, ListPartnerRequestsRequest, ListPartnerRequestsResponse,
    ListPartnersRequest, ListPartnersResponse, PartnerRequest,
    partner_requests_service_client::PartnerRequestsServiceClient,
    partner_requests_service_server::PartnerRequestsServiceServer,
    partners_service_client::PartnersServiceClient, partners_service_server::PartnersServiceServer,
};
use requests_service::{
    app::{PARTNER_REQUESTS_SERVICE, PARTNERS_SERVICE},
    domain::{PartnerRequests, Partners},
    grpc::{PartnerRequestsHandlers, PartnersHandlers},
    store::Store,
};
use shared::{
    database::{Database, DatabaseUrl, PoolLimits},
    errors,
    serve::{Listener, server},
    session_layer::{AccessRules, SessionLayer},
    time::Clock,
};
use std::time::Duration;
use testing::{Kind, TestDatabase};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Status, service::LayerExt as _, transport::Channel};

/// The reason in a refusal.
pub(crate) fn reason(status: &Status) -> String {
    errors::reason_of(status).unwrap_or_else(|| panic!("no reason in {status:?}"))
}

/// A served service. It stops when this is dropped.
pub(crate) struct Service {
    client: PartnerRequestsServiceClient<Channel>,
    partners: PartnersServiceClient<Channel>,
    database: TestDatabase,
    _stop: DropGuard,
}

impl Service {
    /// On a database that was just made, with partners and what they offer.
    pub(crate) async fn start(kind: Kind) -> Self {
        let service = Self::on(TestDatabase::migrated(kind).await).await;
        service.build_world().await;
        service
    }

    /// On a database as it is.
    pub(crate) async fn on(database: TestDatabase) -> Self {
        let url = database.url.clone();
        Self::at(database, &url).await
    }

    /// On a database that is reached by another URL.
    pub(crate) async fn at(database: TestDatabase, url: &DatabaseUrl) -> Self {
        let limits = PoolLimits {
            acquire_timeout: Duration::from_secs(1),
            ..PoolLimits::default()
        };
        let pool = Database::open(url, limits, Clock::system()).await.unwrap();
        let store = Store::new(pool);
        let partners = PartnersHandlers::new(Partners::new(store.clone()));
        let handlers = PartnerRequestsHandlers::new(PartnerRequests::new(store));
        let services = [PARTNER_REQUESTS_SERVICE, PARTNERS_SERVICE];
        let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &services).unwrap();
        let sessions = SessionLayer::new(rules, Tokens).unwrap();
        let router = server()
            .add_service(sessions.named_layer(PartnerRequestsServiceServer::new(handlers)))
            .add_service(sessions.named_layer(PartnersServiceServer::new(partners)));
        let listener = Listener::bind("public", ([127, 0, 0, 1], 0).into())
            .await
            .unwrap();
        let address = listener.address();
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(router, stop.clone()));
        let channel = testing::auth::channel(address);
        Self {
            client: PartnerRequestsServiceClient::new(channel.clone()),
            partners: PartnersServiceClient::new(channel),
            database,
            _stop: stop.drop_guard(),
        }
    }

    /// Which database it stands on.
    pub(crate) fn kind(&self) -> Kind {
        self.database.kind
    }

    /// Adds partners and what they offer.
    pub(crate) async fn build_world(&self) {
        self.database.execute(rows::WORLD).await;
    }

    /// Adds requests.
    pub(crate) async fn insert(&self, rows: &[Row]) {
        let script = rows::insert(self.database.kind, rows);
        self.database.execute(&script).await;
    }

    /// Runs a script in the database.
    pub(crate) async fn execute(&self, script: &str) {
        self.database.execute(script).await;
    }

    /// One page.
    pub(crate) async fn list(
        &self,
        token: &str,
        request: ListPartnerRequestsRequest,
    ) -> Result<ListPartnerRequestsResponse, Status> {
        let request = signed(token, request);
        let mut client = self.client.clone();
        Ok(client.list_partner_requests(request).await?.into_inner())
    }

    /// One page, by a deadline of the client's.
    pub(crate) async fn list_within(
        &self,
        patience: Duration,
        token: &str,
        request: ListPartnerRequestsRequest,
    ) -> Result<ListPartnerRequestsResponse, Status> {
        let mut request = signed(token, request);
        request.set_timeout(patience);
        let mut client = self.client.clone();
        Ok(client.list_partner_requests(request).await?.into_inner())
    }

    /// The ids of one page.
    pub(crate) async fn list_ids(
        &self,
        token: &str,
        request: ListPartnerRequestsRequest,
    ) -> Vec<i32> {
        let page = self.list(token, request).await.unwrap();
        page.partner_requests
            .iter()
            .map(|request| request.request_id)
            .collect()
    }

    /// One page of partners.
    pub(crate) async fn list_partners(
        &self,
        token: &str,
        request: ListPartnersRequest,
    ) -> Result<ListPartnersResponse, Status> {
        let request = signed(token, request);
        let mut client = self.partners.clone();
        Ok(client.list_partners(request).await?.into_inner())
    }

    /// The ids of one page of partners, as a manager sees it.
    pub(crate) async fn partner_ids(&self, request: ListPartnersRequest) -> Vec<i32> {
        let page = self.list_partners(MANAGER, request).await.unwrap();
        page.partners
            .iter()
            .map(|partner| partner.partner_id)
            .collect()
    }

    /// One request.
    pub(crate) async fn get(
        &self,
        token: &str,
        request: GetPartnerRequestRequest,
    ) -> Result<PartnerRequest, Status> {
        let request = signed(token, request);
        let mut client = self.client.clone();
        let answer = client.get_partner_request(request).await?.into_inner();
        Ok(answer.partner_request.expect("the request that was found"))
    }
}

fn signed<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}
