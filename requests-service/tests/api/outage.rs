//! The database away: an outage is never an answer (P5).

use crate::support::{ADMIN, Row, Service, reason};
use proto::requests::v1::ListPartnerRequestsRequest;
use std::time::{Duration, Instant};
use testing::{Kind, TestDatabase, proxy::TcpProxy};
use tonic::Code;
use tonic_types::StatusExt as _;

fn everything() -> ListPartnerRequestsRequest {
    ListPartnerRequestsRequest::default()
}

/// A service that reaches its database by a proxy, and has answered once.
async fn start() -> (Service, TcpProxy) {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let proxy = TcpProxy::start(database.address());
    let url = database.url_through(&proxy);
    let service = Service::at(database, &url).await;
    service.build_world().await;
    service.insert(&[Row::new(1, Some(1))]).await;
    assert_eq!(service.list_ids(ADMIN, everything()).await, [1]);
    (service, proxy)
}

async fn is_served_again(service: &Service) {
    let patience = Instant::now() + Duration::from_secs(20);
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
    let (service, proxy) = start().await;
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
    is_served_again(&service).await;
}

#[tokio::test]
async fn a_database_that_hangs_is_unavailable_before_the_callers_deadline() {
    let (service, proxy) = start().await;
    proxy.hang().await;
    let patience = Duration::from_secs(3);
    let asked = Instant::now();
    let refusal = service
        .list_within(patience, ADMIN, everything())
        .await
        .unwrap_err();
    assert!(asked.elapsed() < patience);
    assert_eq!(refusal.code(), Code::Unavailable);
    proxy.restore().await;
    is_served_again(&service).await;
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
