//! What the services' roles may not do, said by the database.

use super::{made, migrate};
use sea_orm::ConnectionTrait as _;
use testing::{Kind, Role, TestDatabase};

/// Each of these is refused for want of a privilege, or of the table.
async fn refused(test: &TestDatabase, role: Role, statements: &[&str]) {
    let pool = test.open_as(role).await;
    for statement in statements {
        let error = pool.connection().execute_unprepared(statement).await;
        let error = error.expect_err(statement).to_string();
        let is_denied = error.contains("permission denied") || error.contains("must be owner");
        assert!(is_denied, "{statement}: {error}");
    }
}

#[tokio::test]
async fn the_audit_log_is_append_only_for_the_role_of_auth_service() {
    let (test, _) = made().await;
    let event = "INSERT INTO ticketing_audit_events (event, outcome) VALUES ('register', 'done')";
    let pool = test.open_as(Role::Auth).await;
    pool.connection().execute_unprepared(event).await.unwrap();
    refused(
        &test,
        Role::Auth,
        &[
            "UPDATE ticketing_audit_events SET outcome = 'refused'",
            "UPDATE ticketing_audit_events SET reason = NULL WHERE false",
            "DELETE FROM ticketing_audit_events",
            "TRUNCATE ticketing_audit_events",
            "SELECT id FROM ticketing_audit_events FOR UPDATE",
            "INSERT INTO ticketing_audit_events (id, event, outcome) OVERRIDING SYSTEM VALUE VALUES (0, 'register', 'done')",
            "DROP TABLE ticketing_audit_events",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_role_of_requests_service_reads_no_session_and_no_password() {
    let (test, _) = made().await;
    refused(
        &test,
        Role::Requests,
        &[
            "SELECT session_id FROM user_sessions",
            "DELETE FROM user_sessions",
            "SELECT password FROM users",
            "SELECT * FROM users",
            "SELECT id FROM users WHERE email = ''",
            "SELECT id FROM users FOR SHARE",
            "UPDATE users SET password = ''",
            "UPDATE users SET name = ''",
            "INSERT INTO users (name) VALUES ('')",
            "SELECT 1 FROM ticketing_audit_events",
            "INSERT INTO ticketing_audit_events (event, outcome) VALUES ('register', 'done')",
            "SELECT 1 FROM ticketing_throttles",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_role_of_requests_service_changes_what_a_change_does_and_nothing_else() {
    let (test, _) = made().await;
    refused(
        &test,
        Role::Requests,
        &[
            "UPDATE requests SET customer_phone = ''",
            "UPDATE requests SET is_deleted = true",
            "DELETE FROM requests",
            "INSERT INTO requests (request_number) VALUES ('')",
            "UPDATE request_status_log SET notes = ''",
            "DELETE FROM request_status_log",
            "UPDATE request_assignments SET partner_id = 1",
            "UPDATE partners SET status = 'active'",
            "UPDATE branches SET partner_id = 1",
            "UPDATE configurations SET value = '60'",
            "INSERT INTO ticketing_migrations (name, origin) VALUES ('x', 'created')",
            "CREATE TABLE mine (id integer)",
            "SELECT setval('request_status_log_id_seq', 1)",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_role_of_auth_service_reads_no_request_and_raises_nobody() {
    let (test, _) = made().await;
    refused(
        &test,
        Role::Auth,
        &[
            "SELECT 1 FROM requests",
            "SELECT 1 FROM request_status_log",
            "SELECT 1 FROM partners",
            "SELECT 1 FROM ticketing_idempotency_keys",
            "SELECT phone FROM customers",
            "UPDATE users SET role_id = 1",
            "UPDATE users SET user_type = 'admin'",
            "UPDATE users SET is_active = true",
            "UPDATE users SET email = ''",
            "DELETE FROM users",
            "TRUNCATE user_sessions",
            "UPDATE user_sessions SET user_id = 1",
            "UPDATE user_sessions SET absolute_expires_at = NULL",
            "INSERT INTO role_permissions (role_id, permission_id) VALUES (1, 1)",
            "UPDATE permissions SET is_active = true",
            "UPDATE ticketing_migrations SET origin = 'created'",
            "CREATE TABLE mine (id integer)",
            "SELECT setval('users_id_seq', 1)",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_audit_log_is_purged_by_its_owner_and_not_by_the_role_of_auth_service() {
    let (test, _) = made().await;
    let year = "INSERT INTO ticketing_audit_events (event, outcome, occurred_at) \
                VALUES ('register', 'done', now() - interval '1 year')";
    test.execute(year).await;
    let purge = ["purge-audit", "--older-than", "30d"];
    let url = test.url_as(Role::Auth);
    let output = migrate(&purge, &[("DATABASE_URL", url.expose())]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    let denied = "permission denied for table ticketing_audit_events";
    assert!(said.contains(denied), "{said}");
    let events = "SELECT CAST(count(*) AS integer) FROM ticketing_audit_events";
    assert_eq!(test.query_number(events).await, 1);
    let output = migrate(&purge, &[("DATABASE_URL", test.url.expose())]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(test.query_number(events).await, 0);
}

#[tokio::test]
async fn the_schema_is_not_for_the_services_roles_to_change() {
    let (test, _) = made().await;
    for role in [Role::Auth, Role::Requests] {
        let url = test.url_as(role);
        let environment = [("DATABASE_URL", url.expose())];
        for arguments in [&["down", "--drop-data"][..], &["fresh", "--drop-data"]] {
            let output = migrate(arguments, &environment).await;
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("must be owner of"), "{said}");
        }
    }
    let witness = TestDatabase::migrated(Kind::Postgres).await;
    assert_eq!(
        super::all_grants(&super::open(&test).await).await,
        super::all_grants(&super::open(&witness).await).await
    );
}
