//! The privileges of each service's role, table by table. A service that needs a privilege gets it
//! here, in one line. Nothing else is granted.

use Service::{Auth, Requests};

/// A service, which connects with a role of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// auth-service.
    Auth,
    /// requests-service.
    Requests,
}

/// The privileges of a service on a table, in the words of GRANT, for example `SELECT` or `UPDATE
/// (status, closed_at)`.
pub type TablePrivileges = (&'static str, Service, &'static [&'static str]);

/// Tables are read whole, except `users`: PostgreSQL uses the statistics of an expression, which
/// the search needs, only for a role that may read the whole table. Columns that a service never
/// writes are not named.
pub const PRIVILEGES: &[TablePrivileges] = &[
    (
        "users",
        Auth,
        &[
            "SELECT (id, name, email, phone, password, role_id, user_type, partner_id, \
             language_preference, is_active, is_deleted)",
            "INSERT (name, email, phone, password, role_id, user_type, language_preference)",
            "UPDATE (password, last_login_at, updated_at)",
        ],
    ),
    // the name of the person who changed a request
    ("users", Requests, &["SELECT (id, name)"]),
    ("roles", Auth, &["SELECT"]),
    ("permissions", Auth, &["SELECT"]),
    ("role_permissions", Auth, &["SELECT"]),
    (
        "customers",
        Auth,
        &["INSERT (user_id, phone, preferred_language)"],
    ),
    // a session's user, id and absolute end never change
    (
        "user_sessions",
        Auth,
        &[
            "SELECT",
            "INSERT (user_id, session_id, created_at, rotated_at, expires_at, \
             absolute_expires_at, generation, is_active, password_digest, device_info, ip_address)",
            "UPDATE (expires_at, generation, rotated_at, used_at, is_active, password_digest, \
             ended_at, end_reason)",
            "DELETE",
        ],
    ),
    (
        "ticketing_throttles",
        Auth,
        &[
            "SELECT",
            "INSERT",
            "UPDATE (attempts, last_attempt_at, forgotten_at)",
            "DELETE",
        ],
    ),
    // append-only: the service neither changes nor deletes an event, nor chooses its id
    (
        "ticketing_audit_events",
        Auth,
        &[
            "SELECT",
            "INSERT (occurred_at, event, outcome, cause, actor_user_id, subject_user_id, \
             session_id, ip_address, device_info, reason, created_before, ended_count)",
        ],
    ),
    // SELECT … FOR SHARE takes UPDATE on one column: this one is set by the application's trigger,
    // whatever is written
    ("partners", Requests, &["SELECT", "UPDATE (updated_at)"]),
    ("branches", Requests, &["SELECT", "UPDATE (updated_at)"]),
    ("categories", Requests, &["SELECT"]),
    ("partner_categories", Requests, &["SELECT"]),
    ("services", Requests, &["SELECT"]),
    ("pickup_option_types", Requests, &["SELECT"]),
    ("configurations", Requests, &["SELECT"]),
    // the customer, the number, and what was asked for never change
    (
        "requests",
        Requests,
        &[
            "SELECT",
            "UPDATE (status, partner_id, branch_id, assigned_by_user_id, assigned_at, \
             sla_deadline, confirmed_at, rejected_at, in_progress_at, completed_at, closed_at, \
             closed_by_user_id, updated_at, updated_by_id)",
        ],
    ),
    (
        "request_assignments",
        Requests,
        &[
            "SELECT",
            "INSERT (request_id, partner_id, branch_id, assigned_by_user_id, assigned_at, \
             response, created_at, is_active)",
            "UPDATE (response, responded_at, rejection_reason, is_active)",
        ],
    ),
    (
        "request_status_log",
        Requests,
        &[
            "SELECT",
            "INSERT (request_id, status, changed_by_id, notes, timestamp, created_at, \
             created_by_id, updated_at, updated_by_id, is_active, is_deleted)",
        ],
    ),
    (
        "ticketing_idempotency_keys",
        Requests,
        &[
            "SELECT",
            "INSERT (user_id, key, call, created_at)",
            "UPDATE (call, answer, created_at)",
            "DELETE",
        ],
    ),
    // whether the database is migrated, and was taken over
    ("ticketing_migrations", Auth, &["SELECT"]),
    ("ticketing_migrations", Requests, &["SELECT"]),
    // no service uses these, which are there only in a database that was taken over
    ("ticketing_adoption", Auth, &[]),
    ("branch_users", Auth, &[]),
    ("logs", Auth, &[]),
    ("notifications", Auth, &[]),
    ("partner_pickup_options", Auth, &[]),
    ("user_permissions", Auth, &[]),
];

/// The privileges of a service on an object that is one of these tables, or that they need. A
/// service that inserts into a table also uses the sequences of the table's defaults. No function
/// is granted, because triggers run without.
pub(super) fn of(service: Service, object: &str, tables: &[String]) -> Vec<&'static str> {
    let mut of_tables = PRIVILEGES
        .iter()
        .filter(|(table, of, _)| *of == service && tables.iter().any(|name| name == table))
        .flat_map(|(_, _, privileges)| privileges.iter().copied());
    match object.split(' ').next() {
        Some("DATABASE") => vec!["CONNECT"],
        Some("SCHEMA") => vec!["USAGE"],
        Some("SEQUENCE") if of_tables.any(|of| of.starts_with("INSERT")) => vec!["USAGE"],
        Some("SEQUENCE") => vec![],
        _ => of_tables.collect(),
    }
}

/// Splits `SELECT (id, name)` into `SELECT (id)` and `SELECT (name)`.
pub(super) fn by_column(privilege: &str) -> Vec<String> {
    match privilege.trim_end_matches(')').split_once(" (") {
        Some((privilege, columns)) => {
            let columns = columns.split(", ");
            columns
                .map(|column| format!("{privilege} ({column})"))
                .collect()
        }
        None => vec![privilege.to_owned()],
    }
}
