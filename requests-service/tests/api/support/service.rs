//! The service on a port, and a client of it.

use super::{MANAGER, Row, Tokens};
use contract::{deadline::Limits, time::Clock};
use database::{Database, DatabaseUrl, PoolLimits};
use proto::requests::v1::{
    AssignPartnerRequestRequest, ClosePartnerRequestRequest, CountPartnerRequestsRequest,
    CountPartnerRequestsResponse, GetPartnerRequestRequest, GetPartnerRequestResponse,
    ListPartnerRequestsRequest, ListPartnerRequestsResponse, ListPartnersRequest,
    ListPartnersResponse, PartnerRequest, UpdatePartnerRequestStatusRequest,
    partner_requests_service_client::PartnerRequestsServiceClient,
    partners_service_client::PartnersServiceClient,
};
use requests_service::{app, store::Store};
use sea_orm::{ConnectionTrait as _, QueryResult, Statement};
use server::serve::{Listener, LoadShedLayer, Priority, metrics_registry};
use std::time::Duration;
use testing::{Kind, PATIENCE, Role, TestDatabase, patient_limits, rows};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Status, transport::Channel};

/// A served service. It stops when this is dropped.
pub(crate) struct Service {
    client: PartnerRequestsServiceClient<Channel>,
    partners: PartnersServiceClient<Channel>,
    pub(crate) database: TestDatabase,
    reader: Database,
    /// Added to the database's own by its statements.
    pub(crate) clock: Clock,
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
        let url = database.url_as(Role::Requests);
        Self::at(database, &url).await
    }

    /// On a database that is reached by another URL.
    pub(crate) async fn at(database: TestDatabase, url: &DatabaseUrl) -> Self {
        Self::within(database, url, patient_limits()).await
    }

    /// The same, with limits on its pool. Calls have more time than a loaded machine
    /// takes.
    pub(crate) async fn within(
        database: TestDatabase,
        url: &DatabaseUrl,
        limits: PoolLimits,
    ) -> Self {
        Role::Requests.assert_in(url);
        let clock = Clock::system();
        let pool = Database::open(url, limits, clock.clone()).await.unwrap();
        let store = Store::new(pool);
        let time = Limits {
            call: PATIENCE,
            validation: PATIENCE,
        };
        let mut registry = metrics_registry("t", "0");
        let load_shed = LoadShedLayer::new(512, |_| Priority::First, &mut registry);
        let routes = app::routes(store, Tokens, time, &load_shed).unwrap();
        let listener = Listener::bind("public", ([127, 0, 0, 1], 0).into())
            .await
            .unwrap();
        let address = listener.address();
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(routes, stop.clone()));
        let channel = testing::auth::channel(address);
        Self {
            client: PartnerRequestsServiceClient::new(channel.clone()),
            partners: PartnersServiceClient::new(channel),
            reader: database.open(&Clock::system()).await,
            database,
            clock,
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

    /// One request, without what its page shows besides.
    pub(crate) async fn get(
        &self,
        token: &str,
        request: GetPartnerRequestRequest,
    ) -> Result<PartnerRequest, Status> {
        let answer = self.detail(token, request).await?;
        Ok(answer.partner_request.expect("the request that was found"))
    }

    /// One request, with all that its page shows.
    pub(crate) async fn detail(
        &self,
        token: &str,
        request: GetPartnerRequestRequest,
    ) -> Result<GetPartnerRequestResponse, Status> {
        let request = signed(token, request);
        let mut client = self.client.clone();
        Ok(client.get_partner_request(request).await?.into_inner())
    }

    /// A change by the partner.
    pub(crate) async fn update(
        &self,
        token: &str,
        request: UpdatePartnerRequestStatusRequest,
    ) -> Result<PartnerRequest, Status> {
        let request = signed(token, request);
        let mut client = self.client.clone();
        let answer = client.update_partner_request_status(request).await?;
        Ok(answer.into_inner().partner_request.expect("the request"))
    }

    /// An assignment.
    pub(crate) async fn assign(
        &self,
        token: &str,
        request: AssignPartnerRequestRequest,
    ) -> Result<PartnerRequest, Status> {
        let request = signed(token, request);
        let mut client = self.client.clone();
        let answer = client.assign_partner_request(request).await?;
        Ok(answer.into_inner().partner_request.expect("the request"))
    }

    /// A closing.
    pub(crate) async fn close(
        &self,
        token: &str,
        request: ClosePartnerRequestRequest,
    ) -> Result<PartnerRequest, Status> {
        let request = signed(token, request);
        let mut client = self.client.clone();
        let answer = client.close_partner_request(request).await?;
        Ok(answer.into_inner().partner_request.expect("the request"))
    }

    /// The column `line` of a query.
    pub(crate) async fn lines(&self, query: &str) -> Vec<String> {
        let connection = self.reader.connection();
        let statement = Statement::from_string(connection.get_database_backend(), query);
        let rows = connection.query_all_raw(statement).await.unwrap();
        let line = |row: &QueryResult| row.try_get::<Option<String>>("", "line").unwrap();
        rows.iter()
            .map(|row| line(row).unwrap_or_else(|| "NULL".to_owned()))
            .collect()
    }
}

fn signed<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}
