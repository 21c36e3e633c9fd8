//! The old application's schema and its rows: NULL wherever it may stand, names
//! at their full length, times that no calendar has.

use crate::support::{ADMIN, Row, Service, partner};
use contract::time::{Clock, Timestamp};
use proto::requests::v1::{
    GetPartnerRequestRequest, ListPartnerRequestsRequest, PartnerRequestFilter,
    PartnerRequestOrder, PartnerRequestStatus, get_partner_request_request::Key,
};
use requests_service::store::entity::{
    assignment, branch, category, configuration, partner as partners, partner_category,
    partner_request, pickup_option, service as services, status_log, user,
};
use sea_orm::EntityTrait;
use testing::{Kind, TestDatabase};

const SCHEMA: &str = include_str!("../../../migrations/tests/fixtures/old_application.sql");

/// A row in each table, NULL in every column that may be.
const NULLS: &str = "
INSERT INTO roles (id, name) VALUES (1, 'customer');
INSERT INTO users (id, name, email, password, role_id, user_type) VALUES (1, '', '', '', 1, 'customer');
INSERT INTO partners (id, name, status, created_at, updated_at, is_active, is_deleted)
    VALUES (1, 'Partner', NULL, NULL, NULL, NULL, NULL);
INSERT INTO branches (id, partner_id, name, lat, lng, radius_km, is_active, is_deleted)
    VALUES (1, 1, 'Branch', 0, 0, NULL, NULL, NULL);
INSERT INTO categories (id, name, is_active, is_deleted) VALUES (1, 'Category', NULL, NULL);
INSERT INTO partner_categories (id, partner_id, category_id, is_active, is_deleted) VALUES (1, 1, 1, NULL, NULL);
INSERT INTO services (id, category_id, name, is_active, is_deleted) VALUES (1, 1, 'Service', NULL, NULL);
INSERT INTO pickup_option_types (id, name, is_active, is_deleted) VALUES (1, 'Pickup', NULL, NULL);
INSERT INTO requests (id, request_number, customer_id, customer_phone, customer_name, customer_lat,
        customer_lng, customer_address, category_id, pickup_option_id, status, submitted_at, created_at,
        updated_at, is_active, is_deleted)
    VALUES (1, 'X', 1, '', '', 0, 0, '', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO request_assignments (id, request_id, partner_id, branch_id, assigned_by_user_id, assigned_at,
        response, created_at, is_active)
    VALUES (1, 1, 1, 1, 1, NULL, NULL, NULL, NULL);
INSERT INTO request_status_log (id, request_id, status, changed_by_id, \"timestamp\", created_at, updated_at,
        is_active, is_deleted)
    VALUES (1, 1, 'submitted', 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO configurations (id, scope, key, value, is_active, is_deleted) VALUES (1, NULL, '', '', NULL, NULL);
";

async fn old_application() -> TestDatabase {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database.execute(SCHEMA).await;
    database
}

async fn loads<E: EntityTrait>(database: &TestDatabase, entity: E) {
    let pool = database.open(&Clock::system()).await;
    let rows = E::find().all(pool.connection()).await;
    assert_eq!(rows.unwrap().len(), 1, "{entity:?}");
}

#[tokio::test]
async fn every_entity_loads_from_the_old_schema() {
    let database = old_application().await;
    database.execute(NULLS).await;
    loads(&database, partners::Entity).await;
    loads(&database, branch::Entity).await;
    loads(&database, category::Entity).await;
    loads(&database, partner_category::Entity).await;
    loads(&database, services::Entity).await;
    loads(&database, pickup_option::Entity).await;
    loads(&database, partner_request::Entity).await;
    loads(&database, assignment::Entity).await;
    loads(&database, status_log::Entity).await;
    loads(&database, configuration::Entity).await;
    loads(&database, user::Entity).await;
}

#[tokio::test]
async fn a_row_of_nulls_is_listed_and_shown() {
    let database = old_application().await;
    database.execute(NULLS).await;
    // the least that makes it live
    database
        .execute("UPDATE requests SET is_active = true, is_deleted = false, updated_at = NULL")
        .await;
    testing::migrate_at(&database.url).await;
    let service = Service::on(database).await;
    let key = Some(Key::RequestId(1));
    let shown = service
        .get(ADMIN, GetPartnerRequestRequest { key })
        .await
        .unwrap();
    assert_eq!(shown.status(), PartnerRequestStatus::Unspecified);
    assert_eq!((shown.create_time, shown.submit_time), (None, None));
    assert_eq!(
        (shown.partner, shown.branch, shown.service),
        (None, None, None)
    );
    assert_eq!((shown.rating, shown.feedback), (None, None));
    for field in 1..=5 {
        for direction in 1..=2 {
            let request = ListPartnerRequestsRequest {
                order: Some(PartnerRequestOrder { field, direction }),
                ..ListPartnerRequestsRequest::default()
            };
            assert_eq!(service.list_ids(ADMIN, request).await, [1]);
        }
    }
}

/// What another version, or an operator, may have added.
#[tokio::test]
async fn a_status_that_this_version_does_not_know_is_unspecified() {
    let database = old_application().await;
    database.execute(NULLS).await;
    database
        .execute("ALTER TYPE request_status_enum ADD VALUE 'on_hold'")
        .await;
    database
        .execute("UPDATE requests SET is_active = true, is_deleted = false, status = 'on_hold'")
        .await;
    testing::migrate_at(&database.url).await;
    let service = Service::on(database).await;
    let page = service
        .list(ADMIN, ListPartnerRequestsRequest::default())
        .await
        .unwrap();
    assert_eq!(
        page.partner_requests[0].status(),
        PartnerRequestStatus::Unspecified
    );
    let of_every_status = ListPartnerRequestsRequest {
        filter: Some(PartnerRequestFilter {
            statuses: (1..=8).collect(),
            ..PartnerRequestFilter::default()
        }),
        ..ListPartnerRequestsRequest::default()
    };
    assert!(service.list_ids(ADMIN, of_every_status).await.is_empty());
}

/// Where a foreign key is missing, or was not enforced.
#[tokio::test]
async fn a_reference_to_a_row_that_is_gone_keeps_its_id() {
    let service = Service::start(Kind::Postgres).await;
    let row = Row {
        service: Some(2),
        branch: Some(11),
        ..Row::new(1, Some(1))
    };
    service.insert(&[row]).await;
    service
        .execute(
            "SET session_replication_role = replica;
             DELETE FROM services; DELETE FROM branches; DELETE FROM partners;
             DELETE FROM categories; DELETE FROM pickup_option_types;",
        )
        .await;
    let page = service
        .list(ADMIN, ListPartnerRequestsRequest::default())
        .await
        .unwrap();
    let shown = &page.partner_requests[0];
    for (reference, id) in [
        (&shown.category, 1),
        (&shown.service, 2),
        (&shown.pickup_option, 1),
        (&shown.partner, 1),
        (&shown.branch, 11),
    ] {
        let reference = reference.as_ref().unwrap();
        assert_eq!((reference.id, reference.name.as_str()), (id, ""));
        assert_eq!(reference.name_ar, None);
    }
}

testing::on_both_databases! {
    async fn times_that_protobuf_cannot_hold_become_the_nearest(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[
                Row {
                    created: Some(i64::MAX),
                    ..Row::new(1, Some(1))
                },
                Row {
                    created: Some(i64::MIN),
                    ..Row::new(2, Some(1))
                },
            ])
            .await;
        let page = service
            .list(&partner(1), ListPartnerRequestsRequest::default())
            .await
            .unwrap();
        let created: Vec<_> = page
            .partner_requests
            .iter()
            .map(|row| (row.request_id, row.create_time))
            .collect();
        let nearest = |time: Timestamp| Some(prost_types::Timestamp::from(time));
        assert_eq!(
            created,
            [
                (1, nearest(Timestamp::INFINITY)),
                (2, nearest(Timestamp::NEGATIVE_INFINITY))
            ]
        );
    }

    async fn texts_of_full_length_are_shown_as_they_are(kind: Kind) {
        let service = Service::start(kind).await;
        let name = "ن".repeat(255);
        service
            .insert(&[Row {
                number: "N".repeat(50),
                customer_name: name.clone(),
                customer_phone: "0".repeat(50),
                ..Row::new(1, Some(1))
            }])
            .await;
        let key = Some(Key::Number("N".repeat(50)));
        let shown = service
            .get(ADMIN, GetPartnerRequestRequest { key })
            .await
            .unwrap();
        assert_eq!(shown.customer.unwrap().name, name);
    }
}
