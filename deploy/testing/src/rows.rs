//! Rows of `requests`, and the rows that they refer to.

use crate::Kind;
use contract::time::Timestamp;
use proto::requests::v1::TimeRange;

/// Partners 1 and 2 are active, and 3 to 7 are not. Branches 11 and 12 belong to the first, and 21
/// to the second. Users 901 and 902 work for these partners, and 903 is staff. There are three rows
/// of everything else.
pub const WORLD: &str = "
INSERT INTO roles (id, name) VALUES (900, 'everyone');
INSERT INTO users (id, name, email, password, role_id, user_type)
    VALUES (900, 'Customer', 'customer@example.com', '-', 900, 'customer'),
        (901, 'Of Alpha', 'alpha@example.com', '-', 900, 'partner'),
        (902, 'Of Beta', 'beta@example.com', '-', 900, 'partner'),
        (903, 'Of the platform', 'platform@example.com', '-', 900, 'admin');
INSERT INTO partners (id, name, status, is_active, is_deleted) VALUES
    (1, 'Alpha', 'active', true, false), (2, 'Beta', NULL, true, false),
    (3, 'Deleted', 'active', true, true), (4, 'Inactive', 'inactive', true, false),
    (5, 'Suspended', 'suspended', true, false), (6, 'Not live', 'active', false, false),
    (7, 'Not known to be live', 'active', NULL, NULL);
UPDATE users SET partner_id = id - 900 WHERE id IN (901, 902);
INSERT INTO branches (id, partner_id, name, lat, lng) VALUES
    (11, 1, 'Alpha North', 30, 31), (12, 1, 'Alpha South', 30, 31), (21, 2, 'Beta Main', 30, 31);
INSERT INTO categories (id, name, name_ar) VALUES (1, 'Towing', 'سحب'), (2, 'Cooling', NULL), (3, 'Tyres', NULL);
INSERT INTO services (id, category_id, name, name_ar) VALUES
    (1, 1, 'Short way', 'قريب'), (2, 1, 'Long way', NULL), (3, 2, 'Repair', NULL);
INSERT INTO pickup_option_types (id, name, name_ar) VALUES
    (1, 'At home', 'في المنزل'), (2, 'At the branch', NULL), (3, 'On the way', NULL);
";

/// A row of `requests`, by the names of its columns. Times are microseconds since 1970.
#[allow(missing_docs, reason = "the names of the columns say it")]
#[derive(Clone, Debug)]
pub struct Row {
    pub id: i32,
    pub number: String,
    pub customer_name: String,
    pub customer_phone: String,
    pub category: i32,
    pub service: Option<i32>,
    pub pickup_option: i32,
    pub partner: Option<i32>,
    pub branch: Option<i32>,
    pub status: Option<&'static str>,
    pub created: Option<i64>,
    pub updated: Option<i64>,
    pub submitted: Option<i64>,
    pub assigned: Option<i64>,
    pub completed: Option<i64>,
    pub is_active: Option<bool>,
    pub is_deleted: Option<bool>,
}

/// A moment to count from: 2025-11-08T00:00:00Z.
const EPOCH: i64 = 1_762_560_000_000_000;

/// So many seconds after a moment to count from, as [`Row`] keeps times.
#[must_use]
pub fn seconds(count: i64) -> i64 {
    EPOCH + count * 1_000_000
}

impl Row {
    /// A live request of a partner, created in the order of the ids.
    #[must_use]
    pub fn new(id: i32, partner: Option<i32>) -> Self {
        let created = Some(seconds(i64::from(id)));
        Self {
            id,
            number: format!("REQ-20251108-{id:04}"),
            customer_name: "Mona Hassan".to_owned(),
            customer_phone: "+20 100 123-4567".to_owned(),
            category: 1,
            service: None,
            pickup_option: 1,
            partner,
            branch: None,
            status: Some("assigned"),
            created,
            updated: created,
            submitted: created,
            assigned: None,
            completed: None,
            is_active: Some(true),
            is_deleted: Some(false),
        }
    }
}

/// A range between times as [`Row`] keeps them.
#[must_use]
pub fn range(start: Option<i64>, end: Option<i64>) -> TimeRange {
    let time = |micros| prost_types::Timestamp::from(Timestamp::from_micros(micros));
    TimeRange {
        start_time: start.map(time),
        end_time: end.map(time),
    }
}

/// Partners, what they offer, and requests, in one script.
#[must_use]
pub fn script(kind: Kind, rows: &[Row]) -> String {
    format!("{WORLD} {}", insert(kind, rows))
}

/// The statement that adds rows.
#[must_use]
pub fn insert(kind: Kind, rows: &[Row]) -> String {
    let values: Vec<String> = rows.iter().map(|row| values(kind, row)).collect();
    format!(
        "INSERT INTO requests (id, request_number, customer_id, customer_name, customer_phone, \
         customer_lat, customer_lng, customer_address, category_id, service_id, pickup_option_id, \
         partner_id, branch_id, status, created_at, updated_at, submitted_at, assigned_at, \
         completed_at, is_active, is_deleted) VALUES {};",
        values.join(", ")
    )
}

fn values(kind: Kind, row: &Row) -> String {
    let time = |micros: Option<i64>| micros.map(|micros| time(kind, micros));
    let values = [
        row.id.to_string(),
        quoted(&row.number),
        "900".to_owned(),
        quoted(&row.customer_name),
        quoted(&row.customer_phone),
        "30.0444, 31.2357, 'Tahrir Square'".to_owned(),
        row.category.to_string(),
        or_null(row.service),
        row.pickup_option.to_string(),
        or_null(row.partner),
        or_null(row.branch),
        or_null(row.status.map(quoted)),
        or_null(time(row.created)),
        or_null(time(row.updated)),
        or_null(time(row.submitted)),
        or_null(time(row.assigned)),
        or_null(time(row.completed)),
        or_null(row.is_active),
        or_null(row.is_deleted),
    ];
    format!("({})", values.join(", "))
}

/// A time as SQL of a database has it.
#[must_use]
pub fn time(kind: Kind, micros: i64) -> String {
    match kind {
        Kind::Sqlite => micros.to_string(),
        Kind::Postgres if !Timestamp::from_micros(micros).is_finite() => {
            quoted(&Timestamp::from_micros(micros).to_string())
        }
        Kind::Postgres => format!("timestamptz 'epoch' + interval '{micros} microseconds'"),
    }
}

/// A text in the quotes of SQL.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value, or NULL.
#[must_use]
pub fn or_null(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
}
