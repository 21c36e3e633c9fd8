//! What `up` makes, against the old application's schema and between the databases.

use crate::{
    OLD_APPLICATION,
    fingerprint::{fingerprint, lines},
};
use contract::time::Clock;
use sea_orm::ConnectionTrait;
use testing::{
    Kind, TestDatabase,
    later_migrations::{added_columns, columns_added_to},
};

/// The tables that the services read or write, ours, and the bookkeeping.
const TABLES: [&str; 20] = [
    "branches",
    "categories",
    "configurations",
    "customers",
    "partner_categories",
    "partners",
    "permissions",
    "pickup_option_types",
    "request_assignments",
    "request_status_log",
    "requests",
    "role_permissions",
    "roles",
    "services",
    "ticketing_audit_events",
    "ticketing_idempotency_keys",
    "ticketing_migrations",
    "ticketing_throttles",
    "user_sessions",
    "users",
];

/// Of `user_sessions`: ours, nullable and without a default.
const OUR_COLUMNS: [(&str, &str); 7] = [
    ("absolute_expires_at", "timestamp with time zone"),
    ("end_reason", "character varying"),
    ("ended_at", "timestamp with time zone"),
    ("generation", "integer"),
    ("password_digest", "character varying"),
    ("rotated_at", "timestamp with time zone"),
    ("used_at", "timestamp with time zone"),
];

/// One line a column: table, name, whether it may be NULL, whether it has a default.
fn columns_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgres => {
            "SELECT concat_ws(' ', table_name, column_name,
                    CASE WHEN is_nullable = 'NO' THEN 'not null' END,
                    CASE WHEN column_default IS NOT NULL THEN 'default' END) AS line
             FROM information_schema.columns
             WHERE table_schema = 'public' AND column_name <> 'id'
             ORDER BY table_name COLLATE \"C\", ordinal_position"
        }
        Kind::Sqlite => {
            "SELECT t.name || ' ' || c.name || iif(c.\"notnull\" OR c.pk, ' not null', '')
                    || iif(c.dflt_value IS NOT NULL, ' default', '') AS line
             FROM sqlite_schema t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND c.name <> 'id'
             ORDER BY t.name, c.cid"
        }
    }
}

testing::on_both_databases! {
    async fn up_makes_these_tables_and_no_other(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let pool = database.open(&Clock::system()).await;
        let tables = lines(&pool, match kind {
            Kind::Postgres => "SELECT relname::text AS line FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm') ORDER BY relname",
            Kind::Sqlite => "SELECT name AS line FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%' ORDER BY name",
        })
        .await;
        assert_eq!(tables, TABLES);
    }

    async fn roles_and_permissions_are_seeded(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let pool = database.open(&Clock::system()).await;
        let roles = lines(&pool, "SELECT name AS line FROM roles WHERE is_active AND NOT is_deleted ORDER BY name").await;
        assert_eq!(roles, ["admin", "customer", "operational", "partner"]);
        let permissions = lines(&pool, "SELECT name AS line FROM permissions WHERE is_active AND NOT is_deleted ORDER BY name").await;
        assert_eq!(permissions, [
            "branch_manage", "category_manage", "config_manage", "notification_view", "partner_manage",
            "reports_view", "request_assign", "request_close", "request_update", "request_view",
            "service_manage", "user_manage",
        ]);
        let of = async |role: &str| {
            lines(&pool, &format!(
                "SELECT permissions.name AS line FROM role_permissions
                 JOIN roles ON roles.id = role_id JOIN permissions ON permissions.id = permission_id
                 WHERE roles.name = '{role}' ORDER BY 1"
            ))
            .await
        };
        assert_eq!(of("admin").await, permissions);
        let all_but_one: Vec<_> =
            permissions.iter().filter(|name| *name != "config_manage").cloned().collect();
        assert_eq!(of("operational").await, all_but_one);
        assert_eq!(of("partner").await, ["notification_view", "request_update", "request_view"]);
        assert!(of("customer").await.is_empty());
    }

    async fn a_deleted_user_takes_its_sessions_along(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let expires_at = match kind {
            Kind::Postgres => "now()",
            Kind::Sqlite => "1764034517123456",
        };
        database
            .execute(&format!(
                "INSERT INTO users (name, email, password, role_id, user_type)
                 SELECT 'Ada', 'ada@example.com', '', id, 'customer' FROM roles WHERE name = 'customer';
                 INSERT INTO user_sessions (user_id, session_id, expires_at)
                 SELECT id, 'of-the-old-application', {expires_at} FROM users;
                 DELETE FROM users"
            ))
            .await;
        let pool = database.open(&Clock::system()).await;
        assert!(lines(&pool, "SELECT session_id AS line FROM user_sessions").await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_same_columns() {
    let postgres = TestDatabase::migrated(Kind::Postgres).await;
    let postgres = postgres.open(&Clock::system()).await;
    let sqlite = TestDatabase::migrated(Kind::Sqlite).await;
    let sqlite = sqlite.open(&Clock::system()).await;
    let expected = lines(&postgres, columns_of(Kind::Postgres)).await;
    assert_eq!(lines(&sqlite, columns_of(Kind::Sqlite)).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_columns_are_nullable_and_without_a_default() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let pool = database.open(&Clock::system()).await;
    let ours = lines(
        &pool,
        "SELECT concat_ws(' ', column_name, data_type, character_maximum_length, column_default) AS line
         FROM information_schema.columns
         WHERE table_name = 'user_sessions' AND ordinal_position > 8 AND is_nullable = 'YES'
         ORDER BY column_name COLLATE \"C\"",
    )
    .await;
    let expected = OUR_COLUMNS.map(|(name, data_type)| {
        let length = match name {
            "end_reason" => " 50",
            "password_digest" => " 64",
            _ => "",
        };
        format!("{name} {data_type}{length}")
    });
    assert_eq!(ours, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn added_columns_are_nullable_and_without_a_default() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let pool = database.open(&Clock::system()).await;
    let columns = lines(&pool, columns_of(Kind::Postgres)).await;
    for (table, column) in added_columns() {
        assert!(
            columns.contains(&format!("{table} {column}")),
            "{table}.{column}"
        );
    }
}

/// What both schemas must have in common: everything except indexes, our columns, `operation`, and
/// columns and tables that only the application has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_are_as_the_old_application_declares_them() {
    let old = TestDatabase::empty(Kind::Postgres).await;
    old.execute(OLD_APPLICATION).await;
    let comparable = |schema: Vec<String>| -> Vec<String> {
        schema
            .into_iter()
            .filter(|line| match line.split(' ').collect::<Vec<_>>()[..] {
                ["column", "user_sessions", name, ..] => {
                    OUR_COLUMNS.iter().all(|(ours, _)| *ours != name)
                }
                ["column", table, name, ..] if columns_added_to(table).contains(&name) => false,
                ["column" | "constraint", table, ..] => {
                    !table.starts_with("ticketing_") && TABLES.contains(&table)
                }
                ["enum", name, _, label] => {
                    label != "operation"
                        && !["notification_type_enum", "branch_user_role_enum"].contains(&name)
                }
                ["trigger", ..] => !line.contains(" public.notifications "),
                ["function", name, ..] => name == "update_updated_at_column",
                _ => false,
            })
            .collect()
    };
    let old = comparable(fingerprint(&old.open(&Clock::system()).await).await);
    let new = TestDatabase::migrated(Kind::Postgres).await;
    let new = comparable(fingerprint(&new.open(&Clock::system()).await).await);
    assert!(old.iter().any(|line| line.contains("fk_users_partner")));
    assert!(
        old.iter()
            .filter(|line| line.starts_with("trigger"))
            .count()
            == 10
    );
    assert_eq!(new, old);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_moves_updated_at_on_postgres() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let pool = database.open(&Clock::system()).await;
    let moved = "UPDATE roles SET updated_at = 'epoch' WHERE name = 'admin'";
    pool.connection().execute_unprepared(moved).await.unwrap();
    let since = "SELECT 'moved' AS line FROM roles WHERE name = 'admin' AND updated_at > 'epoch'";
    assert_eq!(lines(&pool, since).await, ["moved"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_refuses_values_of_another_type() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let pool = database.open(&Clock::system()).await;
    for wrong in [
        "UPDATE roles SET created_at = '2025-11-24T00:00:00Z'",
        "UPDATE roles SET is_active = 2",
        "INSERT INTO partners (name, status) VALUES ('Tow', 'unknown')",
        "INSERT INTO users (name, email, password, role_id, user_type) VALUES ('', '', '', 999, 'admin')",
    ] {
        assert!(
            pool.connection().execute_unprepared(wrong).await.is_err(),
            "{wrong}"
        );
    }
}
