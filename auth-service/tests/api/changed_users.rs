//! What is changed about a user elsewhere, by whatever hand, is seen at the next
//! validation and the next refresh.

use crate::{
    rows::session_status,
    served::{Served as _, unauthenticated},
};
use proto::auth::v1::{TokenPair, UserType};
use testing::{
    Kind,
    auth::{Auth, TestUser, refusal},
};
use tonic::Code;

async fn logged_in(kind: Kind) -> (Auth, TokenPair) {
    let auth = Auth::start(kind).await;
    auth.add_customer("sara@example.com").await;
    let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
    (auth, tokens)
}

const DISABLINGS: [&str; 4] = [
    "UPDATE users SET is_active = false",
    "UPDATE users SET is_active = NULL",
    "UPDATE users SET is_deleted = true",
    "UPDATE users SET is_deleted = NULL",
];
const ENABLING: &str = "UPDATE users SET is_active = true, is_deleted = false";

testing::on_both_databases! {
    async fn a_disabled_or_deleted_user_is_refused_and_enabling_revives_nothing(kind: Kind) {
        let (auth, _) = logged_in(kind).await;
        let gone = unauthenticated("SESSION_USER_INVALID");
        let ended = unauthenticated("SESSION_ENDED");
        for disabling in DISABLINGS {
            for by_refresh in [false, true] {
                auth.database.execute("DELETE FROM user_sessions").await;
                let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
                auth.validate(&tokens.access_token).await.expect("enabled");
                auth.database.execute(disabling).await;
                let seen = if by_refresh {
                    refusal(auth.refresh(&tokens.refresh_token).await)
                } else {
                    refusal(auth.validate(&tokens.access_token).await)
                };
                assert_eq!(seen, gone, "{disabling}");
                assert_eq!(session_status(&auth.database).await, (false, Some("user_invalid".to_owned())));
                auth.database.execute(ENABLING).await;
                assert_eq!(refusal(auth.validate(&tokens.access_token).await), ended);
                assert_eq!(refusal(auth.list(&tokens.access_token).await), ended);
                assert_eq!(refusal(auth.refresh(&tokens.refresh_token).await), ended);
            }
        }
    }

    async fn a_changed_password_ends_the_sessions_made_before_it(kind: Kind) {
        let (auth, first) = logged_in(kind).await;
        let second = auth.log_in("sara@example.com").await.tokens.unwrap();
        let old = crate::rows::text(&auth.database, "SELECT password FROM users").await.unwrap();
        let new = bcrypt::hash("another password", 4).unwrap();
        auth.database.execute(&format!("UPDATE users SET password = '{new}'")).await;
        let gone = unauthenticated("SESSION_USER_INVALID");
        assert_eq!(refusal(auth.validate(&first.access_token).await), gone);
        assert_eq!(refusal(auth.refresh(&second.refresh_token).await), gone);
        let active = "SELECT CAST(COUNT(*) AS text) FROM user_sessions WHERE is_active OR end_reason <> 'password_changed'";
        assert_eq!(crate::rows::text(&auth.database, active).await.as_deref(), Some("0"));
        // and the old text put back revives neither
        auth.database.execute(&format!("UPDATE users SET password = '{old}'")).await;
        assert_eq!(refusal(auth.validate(&first.access_token).await), unauthenticated("SESSION_ENDED"));
        assert_eq!(refusal(auth.refresh(&second.refresh_token).await), unauthenticated("SESSION_ENDED"));
    }

    async fn a_user_whose_row_is_gone_has_no_session(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        auth.database.execute("DELETE FROM users").await;
        let none = unauthenticated("SESSION_NOT_FOUND");
        assert_eq!(refusal(auth.validate(&tokens.access_token).await), none);
        assert_eq!(refusal(auth.refresh(&tokens.refresh_token).await), none);
    }

    async fn role_partner_and_type_are_read_afresh(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        auth.database
            .execute(
                "INSERT INTO partners (id, name) VALUES (7, 'Fast Fix'); \
                 UPDATE users SET name = 'Sara', user_type = 'partner', partner_id = 7, \
                 role_id = (SELECT id FROM roles WHERE name = 'partner')",
            )
            .await;
        let principal = auth.validate(&tokens.access_token).await.unwrap().principal.unwrap();
        assert_eq!((principal.name.as_str(), principal.role.as_str()), ("Sara", "partner"));
        assert_eq!((principal.user_type(), principal.partner_id), (UserType::Partner, Some(7)));
        assert_eq!(principal.permissions, ["notification_view", "request_update", "request_view"]);
    }

    async fn a_permission_counts_only_if_grant_and_permission_are_both_live(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_user(TestUser { email: "omar@example.com", user_type: "partner", role: "partner", partner_id: None }).await;
        let tokens = auth.log_in("omar@example.com").await.tokens.unwrap();
        let permissions = async || auth.validate(&tokens.access_token).await.unwrap().principal.unwrap().permissions;
        let all = ["notification_view", "request_update", "request_view"];
        assert_eq!(permissions().await, all);
        let view = "(SELECT id FROM permissions WHERE name = 'request_view')";
        for table in ["permissions", "role_permissions"] {
            let column = if table == "permissions" { "id" } else { "permission_id" };
            for dead in ["is_active = false", "is_active = NULL", "is_deleted = true", "is_deleted = NULL"] {
                let change = |what: &str| format!("UPDATE {table} SET {what} WHERE {column} = {view}");
                auth.database.execute(&change(dead)).await;
                assert_eq!(permissions().await, all[..2], "{table} {dead}");
                auth.database.execute(&change("is_active = true, is_deleted = false")).await;
                assert_eq!(permissions().await, all, "{table}");
            }
        }
    }

    async fn staff_of_either_name_are_told_as_they_are(kind: Kind) {
        let auth = Auth::start(kind).await;
        for (email, user_type, role, expected) in [
            ("admin@example.com", "admin", "admin", UserType::Admin),
            ("staff@example.com", "operation", "operational", UserType::Operation),
            ("old-staff@example.com", "admin", "operational", UserType::Admin),
        ] {
            auth.add_user(TestUser { email, user_type, role, partner_id: None }).await;
            let tokens = auth.log_in(email).await.tokens.unwrap();
            let principal = auth.validate(&tokens.access_token).await.unwrap().principal.unwrap();
            assert_eq!((principal.user_type(), principal.role.as_str()), (expected, role));
            let manages = principal.permissions.contains(&"config_manage".to_owned());
            assert_eq!(manages, role == "admin", "{email}");
        }
    }
}

/// A database that answers and cannot write: its disk is full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_could_not_be_ended_is_unavailable_and_not_refused() {
    const FULL: &str = "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS \
        'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END'; \
        CREATE TRIGGER is_full BEFORE UPDATE ON user_sessions EXECUTE FUNCTION is_full()";
    let (auth, tokens) = logged_in(Kind::Postgres).await;
    auth.database.execute(FULL).await;
    auth.database.execute(DISABLINGS[0]).await;
    let unavailable = (Code::Unavailable, "DATABASE_UNAVAILABLE".to_owned());
    assert_eq!(
        refusal(auth.validate(&tokens.access_token).await),
        unavailable
    );
    assert_eq!(
        refusal(auth.refresh(&tokens.refresh_token).await),
        unavailable
    );
    auth.database
        .execute("DROP TRIGGER is_full ON user_sessions")
        .await;
    let gone = unauthenticated("SESSION_USER_INVALID");
    assert_eq!(refusal(auth.validate(&tokens.access_token).await), gone);
    auth.database.execute(ENABLING).await;
    let ended = unauthenticated("SESSION_ENDED");
    assert_eq!(refusal(auth.validate(&tokens.access_token).await), ended);
}
