//! What the services' roles may not do, said by the database.

use super::{made, migrate};
use sea_orm::ConnectionTrait as _;
use testing::Role;

/// Each of these is refused for want of a privilege, or of the table.
async fn refused(role: Role, statements: &[&str]) {
    let (test, _) = made().await;
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
    refused(
        Role::Auth,
        &[
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
    refused(
        Role::Requests,
        &[
            "SELECT session_id FROM user_sessions",
            "SELECT password FROM users",
            "SELECT * FROM users",
            "SELECT id FROM users WHERE email = ''",
            "SELECT id FROM users FOR SHARE",
            "SELECT 1 FROM ticketing_audit_events",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_role_of_requests_service_changes_what_a_change_does_and_nothing_else() {
    refused(
        Role::Requests,
        &[
            "UPDATE requests SET customer_phone = ''",
            "DELETE FROM requests",
            "UPDATE request_status_log SET notes = ''",
            "UPDATE request_assignments SET partner_id = 1",
            "UPDATE partners SET status = 'active'",
            "UPDATE users SET password = ''",
            "CREATE TABLE mine (id integer)",
            "SELECT setval('request_status_log_id_seq', 1)",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_role_of_auth_service_reads_no_request_and_raises_nobody() {
    refused(
        Role::Auth,
        &[
            "SELECT 1 FROM requests",
            "SELECT phone FROM customers",
            "UPDATE users SET role_id = 1",
            "UPDATE users SET user_type = 'admin'",
            "UPDATE users SET is_active = true",
            "UPDATE user_sessions SET absolute_expires_at = NULL",
            "INSERT INTO role_permissions (role_id, permission_id) VALUES (1, 1)",
            "DROP TABLE requests",
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
