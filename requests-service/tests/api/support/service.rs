//! The service on a port, and a client of it.

use super::{Row, Tokens, rows};
use proto::requests::v1::{
    CountPartnerRequestsRequest, CountPartnerRequestsResponse, GetPartnerRequestRequest,
    ListPartnerRequestsRequest, ListPartnerRequestsResponse, PartnerRequest,
    partner_requests_service_client::PartnerRequestsServiceClient,
    partner_requests_service_server::PartnerRequestsServiceServer,
};
use requests_service::{
    app::PARTNER_REQUESTS_SERVICE, domain::PartnerRequests, grpc::PartnerRequestsHandlers,
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
        let handlers = PartnerRequestsHandlers::new(PartnerRequests::new(Store::new(pool)));
        let rules =
            AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[PARTNER_REQUESTS_SERVICE]).unwrap();
        let service = SessionLayer::new(rules, Tokens)
            .unwrap()
            .named_layer(PartnerRequestsServiceServer::new(handlers));
        let listener = Listener::bind("public", ([127, 0, 0, 1], 0).into())
            .await
            .unwrap();
        let address = listener.address();
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(server().add_service(service), stop.clone()));
        let client = PartnerRequestsServiceClient::connect(format!("http://{address}"))
            .await
            .unwrap();
        Self {
            client,
            database,
            _stop: stop.drop_guard(),
        }
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

    /// Counts.
    pub(crate) async fn count(
        &self,
        token: &str,
        request: CountPartnerRequestsRequest,
    ) -> Result<CountPartnerRequestsResponse, Status> {
        let request = signed(token, request);
        let mut client = self.client.clone();
        Ok(client.count_partner_requests(request).await?.into_inner())
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
