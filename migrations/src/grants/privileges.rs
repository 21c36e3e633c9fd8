//! What the role of each service may do, table by table. A table that is not here is
//! nobody's; a column that is not named is not written, and of `users` not read.

use Columns::{All, None, Only};

/// What both roles may do with a table.
#[derive(Clone, Copy, Debug)]
pub struct TablePrivileges {
    /// The table.
    pub table: &'static str,
    /// The role of auth-service.
    pub auth: Privileges,
    /// The role of requests-service.
    pub requests: Privileges,
}

impl TablePrivileges {
    /// Whether a service changes its rows.
    pub(super) fn is_written(&self) -> bool {
        [self.auth, self.requests]
            .iter()
            .any(|of| of.delete || !matches!((of.insert, of.update), (None, None)))
    }
}

/// What one role may do with a table. TRUNCATE, REFERENCES and TRIGGER are nobody's.
/// Who inserts also uses the sequences behind the table's defaults.
#[derive(Clone, Copy, Debug)]
pub struct Privileges {
    /// SELECT.
    pub select: Columns,
    /// INSERT.
    pub insert: Columns,
    /// UPDATE, without which no row is locked, either.
    pub update: Columns,
    /// DELETE.
    pub delete: bool,
}

/// Of which columns a privilege is.
#[derive(Clone, Copy, Debug)]
pub enum Columns {
    /// Of none.
    None,
    /// Of the table: all that it has, and will have.
    All,
    /// Of these.
    Only(&'static [&'static str]),
}

const NOTHING: Privileges = Privileges {
    select: None,
    insert: None,
    update: None,
    delete: false,
};

/// For a table that is only read.
const READ: Privileges = Privileges {
    select: All,
    ..NOTHING
};

/// For a table whose rows are read, and shared with nobody who would change them
/// meanwhile (SELECT … FOR SHARE). That takes UPDATE on a column: this one, which the
/// application's trigger sets whatever is written.
const READ_AND_LOCK: Privileges = Privileges {
    select: All,
    update: Only(&["updated_at"]),
    ..NOTHING
};

/// A table for auth-service alone.
const fn auth(table: &'static str, auth: Privileges) -> TablePrivileges {
    TablePrivileges {
        table,
        auth,
        requests: NOTHING,
    }
}

/// A table for requests-service alone.
const fn requests(table: &'static str, requests: Privileges) -> TablePrivileges {
    TablePrivileges {
        table,
        auth: NOTHING,
        requests,
    }
}

/// Every table that `up` makes, and those of the application that it takes over with
/// them and that the services have no business with. Tables are read whole, but for
/// `users`: PostgreSQL plans by the statistics of an expression (the search's) only for
/// who may read all of the table.
pub const PRIVILEGES: &[TablePrivileges] = &[
    TablePrivileges {
        table: "users",
        auth: Privileges {
            select: Only(&[
                "id",
                "name",
                "email",
                "phone",
                "password",
                "role_id",
                "user_type",
                "partner_id",
                "language_preference",
                "is_active",
                "is_deleted",
            ]),
            insert: Only(&[
                "name",
                "email",
                "phone",
                "password",
                "role_id",
                "user_type",
                "language_preference",
            ]),
            update: Only(&["password", "last_login_at", "updated_at"]),
            ..NOTHING
        },
        // who changed a request
        requests: Privileges {
            select: Only(&["id", "name"]),
            ..NOTHING
        },
    },
    auth("roles", READ),
    auth("permissions", READ),
    auth("role_permissions", READ),
    auth(
        "customers",
        Privileges {
            insert: Only(&["user_id", "phone", "preferred_language"]),
            ..NOTHING
        },
    ),
    auth(
        "user_sessions",
        Privileges {
            select: All,
            insert: Only(&[
                "user_id",
                "session_id",
                "created_at",
                "rotated_at",
                "expires_at",
                "absolute_expires_at",
                "generation",
                "is_active",
                "password_digest",
                "device_info",
                "ip_address",
            ]),
            // never whose it is, its id, or its absolute end
            update: Only(&[
                "expires_at",
                "generation",
                "rotated_at",
                "used_at",
                "is_active",
                "password_digest",
                "ended_at",
                "end_reason",
            ]),
            delete: true,
        },
    ),
    auth(
        "ticketing_throttles",
        Privileges {
            select: All,
            insert: All,
            update: Only(&["attempts", "last_attempt_at", "forgotten_at"]),
            delete: true,
        },
    ),
    // append-only: what was written is neither changed nor deleted, nor numbered by us
    auth(
        "ticketing_audit_events",
        Privileges {
            select: All,
            insert: Only(&[
                "occurred_at",
                "event",
                "outcome",
                "cause",
                "actor_user_id",
                "subject_user_id",
                "session_id",
                "ip_address",
                "device_info",
                "reason",
                "created_before",
                "ended_count",
            ]),
            ..NOTHING
        },
    ),
    requests("partners", READ_AND_LOCK),
    requests("branches", READ_AND_LOCK),
    requests("categories", READ),
    requests("partner_categories", READ),
    requests("services", READ),
    requests("pickup_option_types", READ),
    requests("configurations", READ),
    requests(
        "requests",
        Privileges {
            select: All,
            // what a change writes; never the customer, the number, or what was asked for
            update: Only(&[
                "status",
                "partner_id",
                "branch_id",
                "assigned_by_user_id",
                "assigned_at",
                "sla_deadline",
                "confirmed_at",
                "rejected_at",
                "in_progress_at",
                "completed_at",
                "closed_at",
                "closed_by_user_id",
                "updated_at",
                "updated_by_id",
            ]),
            ..NOTHING
        },
    ),
    requests(
        "request_assignments",
        Privileges {
            select: All,
            insert: Only(&[
                "request_id",
                "partner_id",
                "branch_id",
                "assigned_by_user_id",
                "assigned_at",
                "response",
                "created_at",
                "is_active",
            ]),
            update: Only(&["response", "responded_at", "rejection_reason", "is_active"]),
            ..NOTHING
        },
    ),
    requests(
        "request_status_log",
        Privileges {
            select: All,
            insert: Only(&[
                "request_id",
                "status",
                "changed_by_id",
                "notes",
                "timestamp",
                "created_at",
                "created_by_id",
                "updated_at",
                "updated_by_id",
                "is_active",
                "is_deleted",
            ]),
            ..NOTHING
        },
    ),
    requests(
        "ticketing_idempotency_keys",
        Privileges {
            select: All,
            insert: Only(&["user_id", "key", "call", "created_at"]),
            update: Only(&["call", "answer", "created_at"]),
            delete: true,
        },
    ),
    // whether the database is migrated, and was taken over
    TablePrivileges {
        table: "ticketing_migrations",
        auth: READ,
        requests: READ,
    },
    // only in a database that was taken over
    auth("ticketing_adoption", NOTHING),
    auth("branch_users", NOTHING),
    auth("logs", NOTHING),
    auth("notifications", NOTHING),
    auth("partner_pickup_options", NOTHING),
    auth("user_permissions", NOTHING),
];
