//! Too many calls at once, over the wire: which calls are served and which are refused. Calls are
//! held in flight by a table that another transaction keeps.

use crate::{
    changes::{by_id, update},
    support::reason,
};
use database::Transaction;
use proto::requests::v1::{
    ListPartnerRequestsRequest, ListPartnersRequest, PartnerRequestChange,
    partner_requests_service_client::PartnerRequestsServiceClient,
    partners_service_client::PartnersServiceClient,
};
use sea_orm::ConnectionTrait as _;
use std::{net::SocketAddr, time::Duration};
use testing::pair::{PARTNER_USER, Pair, STAFF, to_reach};
use testing::{
    Kind, PATIENCE,
    auth::{Auth, channel, with_token},
    metrics::scrape,
};
use tokio::task::JoinHandle;
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt as _;

/// The least that can be configured: six for lists, seven with a page of one request,
/// eight with changes.
const CAPACITY: &str = "--calls-in-flight=8";

type Client = PartnerRequestsServiceClient<Channel>;
type Held = JoinHandle<Result<(), Status>>;

/// A small service, a caller, and a transaction that keeps the requests from all.
struct World {
    pair: Pair,
    token: String,
    keeper: Transaction,
}

impl World {
    async fn start() -> Self {
        let auth = Auth::start(Kind::Postgres).await;
        let mut flags = to_reach(&auth, auth.replica.internal).to_vec();
        // one more for each call that is given up: its connection waits on
        flags.extend([CAPACITY, "--database-connections=16"].map(str::to_owned));
        let pair = Pair::with(auth, &flags, None).await;
        let token = pair.log_in(PARTNER_USER).await;
        assert_eq!(pair.list_ids(&token).await, [1]);
        let database = &pair.auth.database;
        let keeper = database.open(&pair.auth.clock).await.begin().await.unwrap();
        for keep in [
            "SET LOCAL idle_in_transaction_session_timeout = 0",
            "LOCK TABLE requests IN ACCESS EXCLUSIVE MODE",
        ] {
            keeper.execute_unprepared(keep).await.unwrap();
        }
        Self {
            pair,
            token,
            keeper,
        }
    }

    fn list_by(&self, client: Client) -> Held {
        Self::list_of(&self.token, client)
    }

    fn list_of(token: &str, mut client: Client) -> Held {
        let request = with_token(ListPartnerRequestsRequest::default(), token);
        tokio::spawn(async move { client.list_partner_requests(request).await.map(drop) })
    }

    fn list(&self) -> Held {
        self.list_by(self.pair.client.clone())
    }

    fn get(&self) -> Held {
        let request = with_token(by_id(1), &self.token);
        let mut client = self.pair.client.clone();
        tokio::spawn(async move { client.get_partner_request(request).await.map(drop) })
    }

    fn confirm(&self) -> Held {
        let request = update(1, PartnerRequestChange::Confirm);
        let request = with_token(request, &self.token);
        let mut client = self.pair.client.clone();
        tokio::spawn(async move {
            let answer = client.update_partner_request_status(request).await;
            answer.map(drop)
        })
    }

    /// Returns once so many calls wait for the keeper.
    async fn wait_for_the_keeper(&self, calls: i32) {
        self.pair.auth.database.wait_for_waiting(calls).await;
    }

    /// So many lists, which then wait for the keeper.
    async fn hold_lists(&self, lists: usize) -> Vec<Held> {
        let held = (0..lists).map(|_| self.list()).collect();
        self.wait_for_the_keeper(i32::try_from(lists).unwrap())
            .await;
        held
    }

    async fn shed(&self) -> Option<f64> {
        let scraped = scrape(self.pair.ops).await;
        scraped.value("ticketing_requests_calls_shed_total")
    }

    /// The keeper ends, and with it the wait.
    async fn release(self) -> (Pair, String) {
        self.keeper.rollback().await.unwrap();
        (self.pair, self.token)
    }
}

/// Refused, while all that were taken in are held: so it did not wait for them.
async fn is_shed(call: Held) {
    let answer = tokio::time::timeout(PATIENCE / 4, call).await;
    let refusal = answer.expect("at once").unwrap().unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal:?}");
    assert_eq!(reason(&refusal), "OVERLOADED");
    let details = refusal.get_error_details();
    let wait = details.retry_info().unwrap().retry_delay;
    assert_eq!(wait, Some(Duration::from_secs(1)));
}

async fn is_healthy(channel: Channel) {
    let requested = HealthCheckRequest::default();
    let answer = HealthClient::new(channel).check(requested).await.unwrap();
    assert_eq!(answer.into_inner().status, 1, "SERVING");
}

/// A client with an address of its own.
fn client_at(number: u8, server: SocketAddr) -> Client {
    let endpoint = Endpoint::from_shared(format!("http://{server}")).unwrap();
    let here = [127, 0, 0, number].into();
    Client::new(endpoint.local_address(Some(here)).connect_lazy())
}

#[tokio::test]
async fn lists_beyond_the_capacity_are_refused_at_once_and_changes_are_still_served() {
    let world = World::start().await;
    let mut held = world.hold_lists(6).await;
    is_shed(world.list()).await;
    // both services share one capacity
    let manager = world.pair.channel.clone();
    let partners = with_token(ListPartnersRequest::default(), &world.token);
    is_shed(tokio::spawn(async move {
        let mut client = PartnersServiceClient::new(manager);
        client.list_partners(partners).await.map(drop)
    }))
    .await;
    assert_eq!(world.shed().await, Some(2.0));
    is_healthy(world.pair.channel.clone()).await;
    is_healthy(channel(world.pair.ops)).await;

    held.push(world.get());
    world.wait_for_the_keeper(7).await;
    is_shed(world.get()).await;
    held.push(world.confirm());
    world.wait_for_the_keeper(8).await;
    is_shed(world.confirm()).await;
    assert_eq!(world.shed().await, Some(4.0));

    let (pair, token) = world.release().await;
    for call in held {
        call.await.unwrap().expect("it was taken in");
    }
    assert_eq!(pair.list_ids(&token).await, [1]);
    let log = "SELECT count(*)::int FROM request_status_log WHERE status = 'confirmed'";
    assert_eq!(pair.auth.database.query_number(log).await, 1);
}

#[tokio::test]
async fn a_call_that_its_client_gives_up_frees_its_permit() {
    let world = World::start().await;
    let mut held = world.hold_lists(6).await;
    is_shed(world.list()).await;
    held.pop().unwrap().abort();
    // the service hears of it after a moment, and PostgreSQL not at all
    let taken_in = async {
        loop {
            let mut next = world.list();
            tokio::select! {
                answer = &mut next => {
                    let refusal = answer.unwrap().unwrap_err();
                    assert_eq!(reason(&refusal), "OVERLOADED");
                }
                () = world.wait_for_the_keeper(7) => {
                    held.push(next);
                    return;
                }
            }
        }
    };
    let patience = PATIENCE / 2;
    tokio::time::timeout(patience, taken_in)
        .await
        .expect("capacity");
    // and it frees one permit
    is_shed(world.list()).await;
    let (pair, token) = world.release().await;
    for call in held {
        call.await.unwrap().expect("it was taken in");
    }
    assert_eq!(pair.list_ids(&token).await, [1]);
}

/// From half of the capacity on.
#[tokio::test]
async fn callers_at_several_addresses_get_an_equal_share() {
    let world = World::start().await;
    let mut held = world.hold_lists(3).await;
    let other = client_at(9, world.pair.public);
    held.push(world.list_by(other.clone()));
    world.wait_for_the_keeper(4).await;
    is_shed(world.list()).await;
    held.push(world.list_by(other.clone()));
    world.wait_for_the_keeper(5).await;
    is_shed(world.list()).await;
    held.push(world.list_by(other.clone()));
    world.wait_for_the_keeper(6).await;
    is_shed(world.list_by(other)).await;
    let _ended = world.release().await;
    for call in held {
        call.await.unwrap().expect("it was taken in");
    }
}

/// As behind a proxy that is not counted.
#[tokio::test]
async fn users_at_one_address_get_an_equal_share() {
    let world = World::start().await;
    let mut held = world.hold_lists(3).await;
    let other = world.pair.log_in(STAFF).await;
    let list = || World::list_of(&other, world.pair.client.clone());
    held.push(list());
    world.wait_for_the_keeper(4).await;
    is_shed(world.list()).await;
    assert_eq!(world.shed().await, Some(1.0));
    held.push(list());
    world.wait_for_the_keeper(5).await;
    let _ended = world.release().await;
    for call in held {
        call.await.unwrap().expect("it was taken in");
    }
}
