//! That columns are read by index as they are by name.

use crate::store::{
    entity::partner_request as requests,
    etag,
    row::{self, RequestRow},
};
use sea_orm::EntityTrait as _;
use testing::{Kind, Role, TestDatabase};

/// A value of its own in each column. No other row is there: nothing of it is looked up.
const ROW: &str = "
SET session_replication_role = replica;
INSERT INTO requests (id, request_number, customer_id, customer_name, customer_phone, customer_lat, customer_lng,
        customer_address, category_id, service_id, pickup_option_id, partner_id, branch_id, assigned_by_user_id,
        status, sla_deadline, created_at, updated_at, submitted_at, assigned_at, confirmed_at, rejected_at,
        in_progress_at, completed_at, closed_at, closed_by_user_id, rated_at, rating, feedback, created_by_id,
        updated_by_id, is_active, is_deleted)
    VALUES (1, 'number', 2, 'name', 'phone', 3.5, 4.5, 'address', 5, 6, 7, 8, 9, 10, 'in_progress',
        '2025-01-01Z', '2025-01-02Z', '2025-01-03Z', '2025-01-04Z', '2025-01-05Z', '2025-01-06Z', '2025-01-07Z',
        '2025-01-08Z', '2025-01-09Z', '2025-01-10Z', 11, '2025-01-11Z', 4, 'feedback', 12, 13, true, false)";

#[tokio::test]
async fn a_row_is_read_by_index_as_it_is_by_name() {
    let test = TestDatabase::migrated(Kind::Postgres).await;
    test.execute(ROW).await;
    let database = test.open_as(Role::Requests).await;
    let named = requests::Entity::find().one(database.connection()).await;
    let named: requests::Model = named.unwrap().unwrap();
    let indexed = row::find().into_model::<RequestRow>();
    let indexed = indexed.one(database.connection()).await.unwrap().unwrap();
    assert_eq!(indexed.request, named);
    assert!(!indexed.has_unknown_status());
    // replicas of two versions serve the same clients, which hold the etags of both
    assert_eq!(etag::of(&named).0, "CVEcC-HQXdmiNaMB");
}
