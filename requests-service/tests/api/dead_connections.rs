//! Connections to the database that died while nobody used them: an operator ended them, or
//! the server was restarted. No call pays for that. PostgreSQL alone has connections that die.

use crate::{
    changes,
    support::{ADMIN, MANAGER, Row, Service},
};
use futures_util::future::{LocalBoxFuture, join_all};
use proto::requests::v1::{
    CountPartnerRequestsRequest, ListPartnerRequestsRequest, ListPartnersRequest,
    PartnerRequestChange, PartnerRequestFilter,
};
use testing::pair::{Pair, STAFF};
use testing::{Kind, Role, TestDatabase, dead_connections::assert_answered, proxy::TcpProxy};
use tonic::Status;

/// Calls of one kind: twice as many as there are connections.
const CALLS: i32 = 16;

type Call<'a> = LocalBoxFuture<'a, Result<(), Status>>;

fn everything() -> ListPartnerRequestsRequest {
    ListPartnerRequestsRequest::default()
}

fn search() -> PartnerRequestFilter {
    PartnerRequestFilter {
        text: "mona".to_owned(),
        ..PartnerRequestFilter::default()
    }
}

/// Makes calls of one kind, each about another request of partner 1, after each connection
/// was used and died, at once or one after the other: all are answered.
async fn are_answered(call: impl for<'a> Fn(&'a Service, i32) -> Call<'a>) {
    let service = Service::start(Kind::Postgres).await;
    for at_once in [true, false] {
        let first = if at_once { 1 } else { 1 + CALLS };
        for id in first..first + CALLS {
            changes::waiting(&service, id).await;
        }
        let lists = (0..CALLS).map(|_| service.list(ADMIN, everything()));
        join_all(lists).await;
        let calls = (first..first + CALLS)
            .map(|id| call(&service, id))
            .collect();
        assert_answered(&service.database, Role::Requests, calls, at_once).await;
    }
}

macro_rules! no_call_of_these_kinds_fails_because_connections_died {
    ($($name:ident($service:ident, $id:ident) = $call:expr;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            are_answered(|$service, $id| Box::pin(async move { $call.await.map(drop) })).await;
        }
    )+};
}

/// It is asked again on another connection.
mod what_only_reads_is_answered_after_all_connections_died {
    use super::*;

    no_call_of_these_kinds_fails_because_connections_died! {
        list(service, _id) = service.list(ADMIN, everything());
        list_with_its_total(service, _id) = service.list(
            ADMIN,
            ListPartnerRequestsRequest { include_total_size: true, ..everything() },
        );
        search(service, _id) = service.list(
            ADMIN,
            ListPartnerRequestsRequest { filter: Some(super::search()), ..everything() },
        );
        count(service, _id) = service.count(ADMIN, CountPartnerRequestsRequest::default());
        count_what_is_searched(service, _id) = service.count(
            ADMIN,
            CountPartnerRequestsRequest {
                filter: Some(super::search()),
                ..CountPartnerRequestsRequest::default()
            },
        );
        detail(service, id) = service.detail(ADMIN, changes::by_id(id));
        partners(service, _id) = service.list_partners(
            MANAGER,
            ListPartnersRequest {
                include_counts: true,
                include_branches: true,
                include_total_size: true,
                ..ListPartnersRequest::default()
            },
        );
    }
}

/// It begins on a connection that lives.
mod what_writes_is_answered_after_all_connections_died {
    use super::*;

    no_call_of_these_kinds_fails_because_connections_died! {
        update(service, id) = service.update(
            &changes::partner_with_update(1),
            changes::update(id, PartnerRequestChange::Confirm),
        );
        assign(service, id) = service.assign(&changes::staff(), changes::assign(id, 2, 21));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_both_services_read_for_is_answered_after_all_connections_died() {
    let pair = Pair::start(Kind::Postgres).await;
    let token = pair.log_in(STAFF).await;
    for _ in 0..3 {
        join_all((0..CALLS).map(|_| pair.list(&token))).await;
        for role in [Role::Auth, Role::Requests] {
            pair.auth.database.end_connections_of(role).await;
        }
        for answer in join_all((0..CALLS).map(|_| pair.list(&token))).await {
            answer.unwrap();
        }
    }
}

/// Also one that dies in the middle of its answer, or of the transaction that a search takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_answered_wherever_its_connection_breaks() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let proxy = TcpProxy::start(database.address());
    let url = database.url_through(&proxy, Role::Requests);
    let service = Service::at(database, &url).await;
    service.build_world().await;
    service.insert(&[Row::new(1, Some(1))]).await;
    let searching = ListPartnerRequestsRequest {
        filter: Some(search()),
        ..everything()
    };
    for list in [everything(), searching] {
        for bytes in (0..4_000).step_by(97) {
            service.list(ADMIN, list.clone()).await.unwrap();
            proxy.break_once_after(bytes).await;
            let answer = service.list(ADMIN, list.clone()).await;
            answer.unwrap_or_else(|status| panic!("{list:?} after {bytes} bytes: {status}"));
            proxy.restore().await;
        }
    }
}
