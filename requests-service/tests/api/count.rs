//! Counting by kind.

use crate::support::{ADMIN, OPERATION, Row, Service, partner, reason};
use proto::requests::v1::{
    CountPartnerRequestsRequest, CountPartnerRequestsResponse, PartnerRequestCount,
    PartnerRequestFilter, PartnerRequestGroup, PartnerRequestStatus,
};
use std::collections::BTreeMap;
use testing::Kind;
use tonic::Code;
use tonic_types::StatusExt as _;

/// What counting in memory gives.
pub(crate) fn naive(
    rows: &[Row],
    seen: impl Fn(&Row) -> bool,
    group: PartnerRequestGroup,
) -> CountPartnerRequestsResponse {
    let mut counts: BTreeMap<(i32, Option<i32>), i64> = BTreeMap::new();
    let live = |row: &&Row| row.is_active == Some(true) && row.is_deleted == Some(false);
    for row in rows.iter().filter(live).filter(|row| seen(row)) {
        let status = row.status.map_or(0, |name| {
            let name = format!("PARTNER_REQUEST_STATUS_{}", name.to_uppercase());
            PartnerRequestStatus::from_str_name(&name).unwrap().into()
        });
        let group = match group {
            PartnerRequestGroup::Unspecified => None,
            PartnerRequestGroup::Category => Some(row.category),
            PartnerRequestGroup::Branch => row.branch,
        };
        *counts.entry((status, group)).or_default() += 1;
    }
    CountPartnerRequestsResponse {
        total_size: counts.values().sum(),
        counts: counts
            .into_iter()
            .map(|((status, group_id), count)| PartnerRequestCount {
                status,
                group_id,
                count,
            })
            .collect(),
    }
}

fn by(group: PartnerRequestGroup) -> CountPartnerRequestsRequest {
    CountPartnerRequestsRequest {
        group_by: group.into(),
        ..CountPartnerRequestsRequest::default()
    }
}

/// Requests of two partners and of none, of each status and of no status.
fn rows() -> Vec<Row> {
    let statuses = [None, Some("unassigned"), Some("submitted"), Some("closed")];
    (1..=24)
        .map(|id: i32| {
            let place = usize::try_from(id).unwrap();
            Row {
                status: statuses[place % statuses.len()],
                category: 1 + id % 3,
                branch: [None, Some(11), Some(12)][place % 3],
                is_deleted: Some(id % 7 == 0),
                ..Row::new(id, [Some(1), Some(2), None][place / 4 % 3])
            }
        })
        .collect()
}

testing::on_both_databases! {
    async fn counts_are_by_status_and_by_what_is_asked_for(kind: Kind) {
        let service = Service::start(kind).await;
        let rows = rows();
        service.insert(&rows).await;
        for group in [
            PartnerRequestGroup::Unspecified,
            PartnerRequestGroup::Category,
            PartnerRequestGroup::Branch,
        ] {
            for token in [ADMIN, OPERATION] {
                let counted = service.count(token, by(group)).await.unwrap();
                assert_eq!(counted, naive(&rows, |_| true, group), "{group:?}");
                assert!(counted.counts.len() > 3);
            }
            let counted = service.count(&partner(1), by(group)).await.unwrap();
            let own = |row: &Row| row.partner == Some(1);
            assert_eq!(counted, naive(&rows, own, group), "{group:?}");
        }
    }

    async fn a_partner_without_requests_gets_no_counts(kind: Kind) {
        let service = Service::start(kind).await;
        let token = partner(1);
        let counted = service.count(&token, CountPartnerRequestsRequest::default());
        assert_eq!(counted.await.unwrap(), CountPartnerRequestsResponse::default());
    }

    async fn an_unknown_grouping_is_refused_with_the_filters_faults(kind: Kind) {
        let service = Service::start(kind).await;
        let request = CountPartnerRequestsRequest {
            filter: Some(PartnerRequestFilter {
                category_ids: vec![0],
                ..PartnerRequestFilter::default()
            }),
            group_by: 3,
        };
        let refusal = service.count(ADMIN, request).await.unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidArgument);
        assert_eq!(reason(&refusal), "FIELD_INVALID");
        let fields = format!("{:?}", refusal.get_error_details());
        assert!(fields.contains("group_by") && fields.contains("filter.category_ids[0]"), "{fields}");
    }

    async fn a_partner_that_may_not_work_counts_nothing(kind: Kind) {
        let service = Service::start(kind).await;
        let ids = (3..=7).chain([999]);
        service.insert(&ids.clone().filter(|id| *id < 900).map(|id| Row::new(id, Some(id))).collect::<Vec<_>>()).await;
        let refused = ids.map(async |id| {
            let request = CountPartnerRequestsRequest::default();
            let refusal = service.count(&partner(id), request).await.unwrap_err();
            assert_eq!(refusal.code(), Code::PermissionDenied);
            reason(&refusal)
        });
        let mut reasons = Vec::new();
        for refused in refused {
            reasons.push(refused.await);
        }
        assert_eq!(reasons, [
            "PARTNER_DELETED", "PARTNER_INACTIVE", "PARTNER_SUSPENDED", "PARTNER_DELETED",
            "PARTNER_DELETED", "PARTNER_DELETED",
        ]);
    }

    async fn another_partners_requests_are_not_counted(kind: Kind) {
        let service = Service::start(kind).await;
        service.insert(&rows()).await;
        let naming = |partner_ids| CountPartnerRequestsRequest {
            filter: Some(PartnerRequestFilter {
                partner_ids,
                ..PartnerRequestFilter::default()
            }),
            ..CountPartnerRequestsRequest::default()
        };
        let refusal = service.count(&partner(1), naming(vec![1, 2])).await.unwrap_err();
        assert_eq!(refusal.code(), Code::PermissionDenied);
        assert_eq!(reason(&refusal), "PARTNER_NOT_YOURS");
        let own = service.count(&partner(1), naming(vec![1])).await.unwrap();
        let token = partner(1);
        let all = service.count(&token, CountPartnerRequestsRequest::default());
        assert_eq!(own, all.await.unwrap());
    }
}

/// A status of a newer application is none that this version knows.
#[tokio::test]
async fn an_unknown_status_is_counted_with_none() {
    let service = Service::start(Kind::Postgres).await;
    service
        .execute("ALTER TYPE request_status_enum ADD VALUE 'on_hold' BEFORE 'assigned'")
        .await;
    let statuses = [None, Some("on_hold"), Some("submitted")];
    let rows: Vec<Row> = (1..=9)
        .map(|id| Row {
            status: statuses[usize::try_from(id).unwrap() % 3],
            ..Row::new(id, Some(1))
        })
        .collect();
    service.insert(&rows).await;
    let counted = service
        .count(ADMIN, CountPartnerRequestsRequest::default())
        .await
        .unwrap();
    let count = |status: PartnerRequestStatus, count| PartnerRequestCount {
        status: status.into(),
        group_id: None,
        count,
    };
    assert_eq!(
        counted.counts,
        [
            count(PartnerRequestStatus::Unspecified, 6),
            count(PartnerRequestStatus::Submitted, 3)
        ]
    );
    assert_eq!(counted.total_size, 9);
}

/// Ten thousand kinds are an answer, one more is not.
#[tokio::test]
async fn too_many_kinds_are_refused() {
    let service = Service::start(Kind::Postgres).await;
    service
        .execute(
            "INSERT INTO categories (id, name) SELECT n, 'Category' FROM generate_series(4, 10001) AS n;
             INSERT INTO requests (request_number, customer_id, customer_phone, customer_name, customer_lat,
                 customer_lng, customer_address, category_id, pickup_option_id)
             SELECT n, 900, '', '', 0, 0, '', n, 1 FROM generate_series(1, 10000) AS n",
        )
        .await;
    let request = by(PartnerRequestGroup::Category);
    let counted = service.count(ADMIN, request.clone()).await.unwrap();
    assert_eq!((counted.counts.len(), counted.total_size), (10_000, 10_000));
    service
        .insert(&[Row {
            category: 10_001,
            ..Row::new(20_000, None)
        }])
        .await;
    let refusal = service.count(ADMIN, request).await.unwrap_err();
    assert_eq!(refusal.code(), Code::InvalidArgument);
    let fields = format!("{:?}", refusal.get_error_details());
    assert!(fields.contains("group_by"), "{fields}");
    let counted = service.count(ADMIN, CountPartnerRequestsRequest::default());
    assert_eq!(counted.await.unwrap().total_size, 10_001);
}
