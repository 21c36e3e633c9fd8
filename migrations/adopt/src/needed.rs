//! What the services read of the application's tables. A database that lacks any of it is not taken
//! over.

use schema::query;
use sea_orm::{ConnectionTrait, DbErr};
use std::collections::HashMap;

/// Tables with their columns, as the crate [`schema`] declares them. `text` stands for every
/// character type, because the services read them alike. The other columns of `user_sessions`
/// depend on its shape.
const COLUMNS: &[(&str, &str)] = &[
    (
        "branches",
        "id int4, partner_id int4, name text, lat numeric, lng numeric, contact_name \
         text, phone text, address text, radius_km numeric, created_at timestamptz, \
         created_by_id int4, updated_at timestamptz, updated_by_id int4, is_active bool, \
         is_deleted bool",
    ),
    (
        "categories",
        "id int4, name text, name_ar text, description text, description_ar text, \
         icon_url text, created_at timestamptz, created_by_id int4, updated_at \
         timestamptz, updated_by_id int4, is_active bool, is_deleted bool",
    ),
    (
        "configurations",
        "id int4, scope config_scope_enum, partner_id int4, key text, value text, \
         description text, created_at timestamptz, created_by_id int4, updated_at \
         timestamptz, updated_by_id int4, is_active bool, is_deleted bool",
    ),
    (
        "customers",
        "id int4, user_id int4, phone text, preferred_language text, profile_picture_url \
         text, default_lat numeric, default_lng numeric, default_address text, created_at \
         timestamptz, updated_at timestamptz, is_active bool",
    ),
    (
        "partner_categories",
        "id int4, partner_id int4, category_id int4, created_at timestamptz, \
         created_by_id int4, updated_at timestamptz, updated_by_id int4, is_active bool, \
         is_deleted bool",
    ),
    (
        "partners",
        "id int4, name text, status partner_status_enum, logo_url text, contact_email \
         text, contact_phone text, created_at timestamptz, created_by_id int4, updated_at \
         timestamptz, updated_by_id int4, is_active bool, is_deleted bool",
    ),
    (
        "permissions",
        "id int4, name text, description text, created_at timestamptz, created_by_id \
         int4, updated_at timestamptz, updated_by_id int4, is_active bool, is_deleted \
         bool",
    ),
    (
        "pickup_option_types",
        "id int4, name text, name_ar text, description text, description_ar text, \
         requires_service_selection bool, created_at timestamptz, created_by_id int4, \
         updated_at timestamptz, updated_by_id int4, is_active bool, is_deleted bool",
    ),
    (
        "request_assignments",
        "id int4, request_id int4, partner_id int4, branch_id int4, assigned_by_user_id \
         int4, assigned_at timestamptz, responded_at timestamptz, response \
         assignment_response_enum, rejection_reason text, created_at timestamptz, \
         is_active bool",
    ),
    (
        "request_status_log",
        "id int4, request_id int4, status request_status_enum, changed_by_id int4, notes \
         text, timestamp timestamptz, created_at timestamptz, created_by_id int4, \
         updated_at timestamptz, updated_by_id int4, is_active bool, is_deleted bool",
    ),
    (
        "requests",
        "id int4, request_number text, customer_id int4, customer_phone text, \
         customer_name text, customer_lat numeric, customer_lng numeric, customer_address \
         text, category_id int4, service_id int4, pickup_option_id int4, partner_id int4, \
         branch_id int4, assigned_by_user_id int4, assigned_at timestamptz, status \
         request_status_enum, sla_deadline timestamptz, submitted_at timestamptz, \
         confirmed_at timestamptz, rejected_at timestamptz, in_progress_at timestamptz, \
         completed_at timestamptz, closed_at timestamptz, closed_by_user_id int4, rating \
         int4, feedback text, rated_at timestamptz, created_at timestamptz, created_by_id \
         int4, updated_at timestamptz, updated_by_id int4, is_active bool, is_deleted \
         bool",
    ),
    (
        "role_permissions",
        "id int4, role_id int4, permission_id int4, created_at timestamptz, created_by_id \
         int4, updated_at timestamptz, updated_by_id int4, is_active bool, is_deleted \
         bool",
    ),
    (
        "roles",
        "id int4, name text, description text, created_at timestamptz, created_by_id \
         int4, updated_at timestamptz, updated_by_id int4, is_active bool, is_deleted \
         bool",
    ),
    (
        "services",
        "id int4, category_id int4, name text, name_ar text, description text, \
         description_ar text, icon_url text, created_at timestamptz, created_by_id int4, \
         updated_at timestamptz, updated_by_id int4, is_active bool, is_deleted bool",
    ),
    (
        "user_sessions",
        "id int4, user_id int4, expires_at timestamptz, device_info text, ip_address \
         text, created_at timestamptz, is_active bool",
    ),
    (
        "users",
        "id int4, name text, email text, phone text, password text, role_id int4, \
         user_type user_type_enum, partner_id int4, language_preference text, \
         email_verified_at timestamptz, phone_verified_at timestamptz, last_login_at \
         timestamptz, created_at timestamptz, created_by_id int4, updated_at timestamptz, \
         updated_by_id int4, is_active bool, is_deleted bool",
    ),
];

/// Enums with the values that the services' statements name. `operation` is not among them, because
/// it does not exist before mid-November 2025.
const LABELS: &[(&str, &str)] = &[
    (
        "assignment_response_enum",
        "confirmed, rejected, timeout, pending",
    ),
    ("config_scope_enum", "global, partner"),
    ("partner_status_enum", "active, inactive, suspended"),
    (
        "request_status_enum",
        "submitted, assigned, confirmed, in_progress, completed, closed, rejected, unassigned",
    ),
    ("user_type_enum", "admin, partner, customer"),
];

/// Tables that the services insert into. If such a table had another required column than those of
/// [`COLUMNS`], every insert would fail.
const INSERTED_INTO: &[&str] = &[
    "customers",
    "request_assignments",
    "request_status_log",
    "user_sessions",
    "users",
];

/// The schema that a statement without a schema uses: the first in the search path.
const COLUMNS_FOUND: &str = "
    SELECT c.relname::text AS owner, a.attname::text AS name,
           CASE WHEN t.typcategory = 'S' THEN 'text' ELSE t.typname::text END AS kind
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE pg_table_is_visible(c.oid) AND c.relkind = 'r'";

/// PostgreSQL cannot build an index concurrently on a partitioned table.
const PARTITIONED: &str = "
    SELECT relname::text AS owner, '' AS name, '' AS kind FROM pg_class
    WHERE pg_table_is_visible(oid) AND relkind = 'p'";

const LABELS_FOUND: &str = "
    SELECT t.typname::text AS owner, e.enumlabel::text AS name, '' AS kind
    FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
    WHERE pg_type_is_visible(t.oid)";

const MUST_BE_FILLED: &str = "
    SELECT c.relname::text AS owner, a.attname::text AS name, '' AS kind
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE pg_table_is_visible(c.oid) AND c.relkind = 'r'
      AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = ''
    ORDER BY 1, 2";

/// Names of the members of tables or enums, with the members' types.
type Members = HashMap<String, HashMap<String, String>>;

/// What is missing, as `users`, `users.email` or `request_status_enum 'closed'`, in words for a
/// message; empty if nothing is.
pub(crate) async fn missing(on: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let columns = members(on, COLUMNS_FOUND).await?;
    let partitioned = members(on, PARTITIONED).await?;
    let labels = members(on, LABELS_FOUND).await?;
    let mut missing = Vec::new();
    for (table, needed) in COLUMNS {
        let Some(found) = columns.get(*table) else {
            missing.push(if partitioned.contains_key(*table) {
                format!("{table} as a table that is not partitioned")
            } else {
                (*table).to_owned()
            });
            continue;
        };
        for (name, kind) in needed
            .split(", ")
            .filter_map(|column| column.split_once(' '))
        {
            match found.get(name) {
                None => missing.push(format!("{table}.{name}")),
                Some(other) if other != kind => {
                    missing.push(format!("{table}.{name} as {kind} (it is {other})"));
                }
                Some(_) => {}
            }
        }
    }
    for (name, needed) in LABELS {
        let found = labels.get(*name);
        let lacking = needed
            .split(", ")
            .filter(|label| !found.is_some_and(|found| found.contains_key(*label)));
        missing.extend(lacking.map(|label| format!("{name} '{label}'")));
    }
    Ok(missing)
}

/// Required columns that no statement of the services fills. Columns that `up` drops do not count.
pub(crate) async fn unfilled(
    on: &impl ConnectionTrait,
    dropped: &[&str],
) -> Result<Vec<String>, DbErr> {
    let found = members(on, MUST_BE_FILLED).await?;
    let mut unfilled = Vec::new();
    for (table, known) in COLUMNS
        .iter()
        .filter(|(table, _)| INSERTED_INTO.contains(table))
    {
        let known: Vec<&str> = known
            .split(", ")
            .filter_map(|column| column.split(' ').next())
            .chain(dropped.iter().copied())
            .chain(["session_id"])
            .collect();
        for name in found.get(*table).into_iter().flat_map(HashMap::keys) {
            if !known.contains(&name.as_str()) {
                unfilled.push(format!("{table}.{name}"));
            }
        }
    }
    unfilled.sort();
    Ok(unfilled)
}

async fn members(on: &impl ConnectionTrait, query: &str) -> Result<Members, DbErr> {
    let mut members = Members::new();
    for (owner, name, kind) in query::rows::<(String, _, _)>(on, query, []).await? {
        members.entry(owner).or_default().insert(name, kind);
    }
    Ok(members)
}
