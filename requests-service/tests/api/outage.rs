//! The database away: an outage is never an answer.

use crate::{
    changes,
    support::{ADMIN, Row, Service, reason},
};
use database::PoolLimits;
use proto::requests::v1::{
    ListPartnerRequestsRequest, PartnerRequestChange, UpdatePartnerRequestStatusRequest,
};
use std::time::{Duration, Instant};
use testing::{Kind, PATIENCE, Role, TestDatabase, patient_limits, proxy::TcpProxy};
use tonic::Code;
use tonic_types::StatusExt as _;

fn everything() -> ListPartnerRequestsRequest {
    ListPartnerRequestsRequest::default()
}

/// A service that reaches its database by a proxy, and has answered once.
async fn start() -> (Service, TcpProxy) {
    start_within(patient_limits()).await
}

/// The same, with limits on its pool.
async fn start_within(limits: PoolLimits) -> (Service, TcpProxy) {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let proxy = TcpProxy::start(database.address());
    let url = database.url_through(&proxy, Role::Requests);
    let service = Service::within(database, &url, limits).await;
    service.build_world().await;
    service.insert(&[Row::new(1, Some(1))]).await;
    is_served(&service).await;
    (service, proxy)
}

/// Waits for an answer, as a caller does.
async fn is_served(service: &Service) {
    let patience = Instant::now() + PATIENCE;
    loop {
        match service.list(ADMIN, everything()).await {
            Ok(page) => {
                assert_eq!(page.partner_requests.len(), 1);
                return;
            }
            Err(status) => {
                assert_eq!(status.code(), Code::Unavailable, "{status:?}");
                assert!(Instant::now() < patience, "{status:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_database_that_is_gone_is_unavailable_until_it_is_back() {
    // a connection that is refused is tried for as long as one may take
    let (service, proxy) = start_within(PoolLimits::default()).await;
    proxy.cut().await;
    for _ in 0..3 {
        let refusal = service.list(ADMIN, everything()).await.unwrap_err();
        assert_eq!(refusal.code(), Code::Unavailable);
        assert_eq!(reason(&refusal), "DATABASE_UNAVAILABLE");
        assert!(refusal.get_error_details().retry_info().is_some());
        let said = format!("{refusal:?}").to_lowercase();
        assert!(
            !said.contains("sqlx") && !said.contains("postgres"),
            "{said}"
        );
    }
    proxy.restore().await;
    is_served(&service).await;
}

#[tokio::test]
async fn a_database_that_hangs_is_unavailable_before_the_callers_deadline() {
    let (service, proxy) = start().await;
    proxy.hang().await;
    // a caller whose deadline is over says so itself, by another code
    let patience = Duration::from_secs(20);
    let refusal = service
        .list_within(patience, ADMIN, everything())
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::Unavailable);
    proxy.restore().await;
    is_served(&service).await;
}

/// What became of a call whose connection broke after so many bytes.
#[derive(Debug, PartialEq, Eq)]
enum First {
    /// It was answered.
    Answered,
    /// It was not, and nothing was done.
    Undone,
    /// It was not, though all was done.
    Done,
}

/// Where a connection breaks.
#[derive(Clone, Copy)]
enum Break {
    /// After so many bytes.
    After(u64),
    /// Between COMMIT, which arrives, and its answer.
    AtCommit,
}

/// Confirms a request over a connection that breaks, then again over one that does
/// not, and sees that it was done once.
async fn confirmed_twice(service: &Service, proxy: &TcpProxy, id: i32, at: Break) -> First {
    let token = changes::partner_with_update(1);
    changes::waiting(service, id).await;
    let confirm = UpdatePartnerRequestStatusRequest {
        idempotency_key: format!("confirm-{id}"),
        ..changes::update(id, PartnerRequestChange::Confirm)
    };
    let log = format!(
        "SELECT status::text AS line FROM request_status_log WHERE request_id = {id} ORDER BY id"
    );
    match at {
        Break::After(bytes) => proxy.break_after(bytes).await,
        Break::AtCommit => proxy.lose_answer_to(b"COMMIT").await,
    }
    let first = service.update(&token, confirm.clone()).await;
    let patience = Instant::now() + PATIENCE;
    // a COMMIT may have arrived, and not be done yet
    let busy = format!(
        "SELECT pid::text AS line FROM pg_stat_activity \
         WHERE datname = current_database() AND usename = '{}' AND state <> 'idle'",
        Role::Requests.name()
    );
    while first.is_err() && !service.lines(&busy).await.is_empty() {
        assert!(Instant::now() < patience, "PostgreSQL is busy");
    }
    let done = service.lines(&log).await.len() == 2;
    proxy.restore().await;
    let answer = loop {
        match service.update(&token, confirm.clone()).await {
            Ok(answer) => break answer,
            Err(status) => {
                assert_eq!(status.code(), Code::Unavailable, "{status:?}");
                assert!(Instant::now() < patience, "{status:?}");
            }
        }
    };
    assert_eq!(service.lines(&log).await, ["assigned", "confirmed"]);
    assert_eq!(
        service.get(&token, changes::by_id(id)).await.unwrap(),
        answer
    );
    match first {
        Ok(first) => {
            assert_eq!(first, answer);
            First::Answered
        }
        Err(status) => {
            assert_eq!(status.code(), Code::Unavailable, "{status:?}");
            if done { First::Done } else { First::Undone }
        }
    }
}

/// Wherever the connection breaks, also where the answer to COMMIT is lost: what is
/// sent again with its key is done once.
#[tokio::test]
async fn a_change_whose_connection_breaks_anywhere_is_made_once() {
    let (service, proxy) = start().await;
    let mut seen = Vec::new();
    for (id, bytes) in (10..).zip((0..6_000).step_by(200)) {
        seen.push(confirmed_twice(&service, &proxy, id, Break::After(bytes)).await);
    }
    assert_eq!(seen.first(), Some(&First::Undone), "{seen:?}");
    for id in 100..105 {
        let lost = confirmed_twice(&service, &proxy, id, Break::AtCommit).await;
        assert_eq!(lost, First::Done);
        // over a connection that has served a call
        let late = confirmed_twice(&service, &proxy, id + 100, Break::After(20_000)).await;
        assert_eq!(late, First::Answered);
    }
}

/// A fault of ours says nothing of the inside.
#[tokio::test]
async fn a_missing_table_is_internal_and_stays_inside() {
    let service = Service::start(Kind::Postgres).await;
    service.execute("DROP TABLE requests CASCADE").await;
    let refusal = service.list(ADMIN, everything()).await.unwrap_err();
    assert_eq!(refusal.code(), Code::Internal);
    assert_eq!(reason(&refusal), "INTERNAL");
    assert_eq!(refusal.message(), "internal error");
    assert!(!format!("{refusal:?}").contains("relation"), "{refusal:?}");
}
