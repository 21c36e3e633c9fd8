//! ListPartners over rows of the old application: NULL wherever it may stand,
//! texts at their full length, numbers and times that no one expects.

use crate::partners_walk;
use crate::support::{BranchRow, MANAGER, PartnerRow, Service, start_without_partners};
use contract::time::Timestamp;
use proto::requests::v1::{
    ListPartnersRequest, OrderDirection, PartnerFilter, PartnerOrder, PartnerOrderField,
    PartnerStatus,
};
use testing::Kind;

fn with_all(field: PartnerOrderField, direction: OrderDirection) -> ListPartnersRequest {
    ListPartnersRequest {
        order: Some(PartnerOrder {
            field: field.into(),
            direction: direction.into(),
        }),
        include_total_size: true,
        include_counts: true,
        include_branches: true,
        ..ListPartnersRequest::default()
    }
}

fn by_creation() -> ListPartnersRequest {
    with_all(PartnerOrderField::CreateTime, OrderDirection::Descending)
}

/// The ids on all pages, with one partner on each.
async fn walk(service: &Service, mut request: ListPartnersRequest) -> Vec<i32> {
    request.page_size = 1;
    partners_walk::walk(service, request, None, async || {}).await
}

testing::on_both_databases! {
    async fn a_partner_of_nulls_is_listed(kind: Kind) {
        let service = start_without_partners(kind).await;
        let row = PartnerRow {
            name: String::new(),
            status: None,
            created: None,
            updated: None,
            ..PartnerRow::new(1)
        };
        service.insert_partners(&[row]).await;
        service.insert_branches(&[BranchRow::new(1, 1, "")]).await;
        service.execute("UPDATE branches SET radius_km = NULL").await;
        for field in PARTNER_FIELDS {
            for direction in [OrderDirection::Ascending, OrderDirection::Descending] {
                let page = service.list_partners(MANAGER, with_all(field, direction)).await.unwrap();
                let shown = &page.partners[0];
                assert_eq!((shown.name.as_str(), shown.status()), ("", PartnerStatus::Active));
                assert_eq!(shown.create_time, None);
                assert_eq!(shown.counts.unwrap().branches, 1);
                assert_eq!(shown.branches[0].radius_km, None);
            }
        }
    }

    async fn partners_made_at_no_time_of_a_calendar_are_listed(kind: Kind) {
        let service = start_without_partners(kind).await;
        let row = |id, created| PartnerRow {
            created: Some(created),
            ..PartnerRow::new(id)
        };
        service.insert_partners(&[row(1, i64::MIN), row(2, i64::MAX), row(3, 0)]).await;
        let page = service.list_partners(MANAGER, by_creation()).await.unwrap();
        let created: Vec<_> = page.partners.iter().map(|row| (row.partner_id, row.create_time)).collect();
        let nearest = |time: Timestamp| Some(prost_types::Timestamp::from(time));
        assert_eq!(
            created,
            [
                (2, nearest(Timestamp::INFINITY)),
                (3, nearest(Timestamp::from_micros(0))),
                (1, nearest(Timestamp::NEGATIVE_INFINITY)),
            ]
        );
        assert_eq!(walk(&service, by_creation()).await, [2, 3, 1]);
    }

    async fn texts_of_partners_at_full_length_are_shown_as_they_are(kind: Kind) {
        let service = start_without_partners(kind).await;
        let name = "ن".repeat(255);
        let row = |id| PartnerRow {
            name: name.clone(),
            ..PartnerRow::new(id)
        };
        service.insert_partners(&[row(1), row(2), row(3)]).await;
        service.insert_branches(&[BranchRow::new(1, 1, &name)]).await;
        let long = "ن".repeat(100_000);
        service
            .execute(&format!("UPDATE partners SET logo_url = '{long}'; UPDATE branches SET address = '{long}';"))
            .await;
        let by_name = with_all(PartnerOrderField::Name, OrderDirection::Ascending);
        let page = service.list_partners(MANAGER, by_name.clone()).await.unwrap();
        assert_eq!(page.partners[0].name, name);
        assert_eq!(page.partners[0].logo_url.as_deref(), Some(long.as_str()));
        assert_eq!(page.partners[0].branches[0].address.as_deref(), Some(long.as_str()));
        // the name is in the token
        assert_eq!(walk(&service, by_name).await, [1, 2, 3]);
    }
}

const PARTNER_FIELDS: [PartnerOrderField; 3] = [
    PartnerOrderField::CreateTime,
    PartnerOrderField::UpdateTime,
    PartnerOrderField::Name,
];

/// PostgreSQL's numbers have a value that is none.
#[tokio::test]
async fn a_branch_at_no_place_is_shown() {
    let service = start_without_partners(Kind::Postgres).await;
    service.insert_partners(&[PartnerRow::new(1)]).await;
    service
        .insert_branches(&[BranchRow::new(1, 1, "Nowhere")])
        .await;
    service
        .execute("UPDATE branches SET lat = 'NaN', lng = 'NaN', radius_km = 'NaN'")
        .await;
    let page = service.list_partners(MANAGER, by_creation()).await.unwrap();
    assert!(page.partners[0].branches[0].latitude.is_nan());
}

/// What another version, or an operator, may have added.
#[tokio::test]
async fn a_partner_status_that_this_version_does_not_know_is_unspecified() {
    let service = start_without_partners(Kind::Postgres).await;
    service
        .execute("ALTER TYPE partner_status_enum ADD VALUE 'on_hold'")
        .await;
    let row = PartnerRow {
        status: Some("on_hold"),
        ..PartnerRow::new(1)
    };
    service.insert_partners(&[row]).await;
    let page = service.list_partners(MANAGER, by_creation()).await.unwrap();
    assert_eq!(page.partners[0].status(), PartnerStatus::Unspecified);
    let of_every_status = ListPartnersRequest {
        filter: Some(PartnerFilter {
            statuses: vec![1, 2, 3],
            ..PartnerFilter::default()
        }),
        ..ListPartnersRequest::default()
    };
    assert!(service.partner_ids(of_every_status).await.is_empty());
}

/// A language's own order, in which "a" stands before "B", as most databases
/// have it.
#[tokio::test]
async fn names_have_the_same_order_however_the_database_collates_them() {
    let service = start_without_partners(Kind::Postgres).await;
    service
        .execute(
            "CREATE COLLATION letters (provider = icu, locale = 'en-US');
               ALTER TABLE partners ALTER COLUMN name TYPE varchar(255) COLLATE letters;
               ALTER TABLE branches ALTER COLUMN name TYPE varchar(255) COLLATE letters;",
        )
        .await;
    let names = ["b", "A", "a", "B", "é", "z", "a", "Z"];
    let rows: Vec<PartnerRow> = (1..)
        .zip(names)
        .map(|(id, name)| PartnerRow {
            name: name.to_owned(),
            ..PartnerRow::new(id)
        })
        .collect();
    service.insert_partners(&rows).await;
    let branches: Vec<BranchRow> = (1..)
        .zip(names)
        .map(|(id, name)| BranchRow::new(id, 1, name))
        .collect();
    service.insert_branches(&branches).await;
    let expected = [2, 4, 8, 3, 7, 1, 6, 5];
    let ascending = with_all(PartnerOrderField::Name, OrderDirection::Ascending);
    assert_eq!(service.partner_ids(ascending.clone()).await, expected);
    let page = service
        .list_partners(MANAGER, ascending.clone())
        .await
        .unwrap();
    let first = page
        .partners
        .iter()
        .find(|row| row.partner_id == 1)
        .unwrap();
    let branches: Vec<i32> = first.branches.iter().map(|row| row.branch_id).collect();
    assert_eq!(branches, expected);
    assert_eq!(walk(&service, ascending).await, expected);
    let descending = with_all(PartnerOrderField::Name, OrderDirection::Descending);
    let mut reversed = expected;
    reversed.reverse();
    assert_eq!(walk(&service, descending).await, reversed);
}
