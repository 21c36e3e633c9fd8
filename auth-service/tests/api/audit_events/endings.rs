//! The ends of sessions, and changes of passwords.

use super::{EMAIL, Log, MINUTE, begun, change_password, session_of};
use crate::{
    rows::text,
    served::{Served as _, unauthenticated},
};
use auth_service::command::sessions::{EndAllReason, end_all};
use proto::auth::v1::{
    RevokeAllSessionsRequest, RevokeOwnSessionRequest, RevokeUserSessionsRequest,
    revoke_user_sessions_request::Scope,
};
use testing::{
    Kind, Role,
    auth::{Auth, PASSWORD, TestUser, refusal, with_token},
};
use tonic::Code;

testing::on_both_databases! {
    async fn ends_of_sessions_are_audited_with_actor_and_count(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer(EMAIL).await;
        let mut log = Log::of(&auth.database);
        let (session, pair) = begun(&auth, &mut log, sara).await;
        auth.revoke(&pair.refresh_token).await.unwrap();
        log.says(&format!("revoke_session done - {sara} {sara} {session} 127.0.0.1 - -")).await;
        // it is over already
        auth.revoke(&pair.refresh_token).await.unwrap();

        let (other, _) = begun(&auth, &mut log, sara).await;
        let (_, pair) = begun(&auth, &mut log, sara).await;
        let own = || with_token(RevokeOwnSessionRequest { session_id: other.clone() }, &pair.access_token);
        auth.client().revoke_own_session(own()).await.unwrap();
        log.says(&format!("revoke_own_session done - {sara} {sara} {other} 127.0.0.1 - -")).await;
        auth.client().revoke_own_session(own()).await.unwrap();

        begun(&auth, &mut log, sara).await;
        begun(&auth, &mut log, sara).await;
        let (session, pair) = begun(&auth, &mut log, sara).await;
        let all = with_token(RevokeAllSessionsRequest { keep_current: Some(true) }, &pair.access_token);
        auth.client().revoke_all_sessions(all).await.unwrap();
        log.says(&format!("revoke_all_sessions done - {sara} {sara} {session} 127.0.0.1 3 -")).await;

        assert_eq!(change_password(&auth, &pair.access_token, "wrong").await.unwrap_err().code(), Code::PermissionDenied);
        log.says(&format!("change_password refused password_wrong {sara} {sara} {session} 127.0.0.1 - -")).await;
        begun(&auth, &mut log, sara).await;
        change_password(&auth, &pair.access_token, PASSWORD).await.unwrap();
        log.says(&format!("change_password done - {sara} {sara} {session} 127.0.0.1 1 -")).await;
    }

    async fn ends_by_staff_are_audited_with_their_reason(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer(EMAIL).await;
        let admin = TestUser { email: "admin@example.com", user_type: "admin", role: "admin", partner_id: None };
        let admin = auth.add_user(admin).await;
        let mut log = Log::of(&auth.database);
        begun(&auth, &mut log, sara).await;
        begun(&auth, &mut log, sara).await;
        let staff = auth.log_in("admin@example.com").await;
        let by = session_of(&staff);
        log.says(&format!("create_session done - {admin} {admin} {by} 127.0.0.1 - -")).await;
        let token = staff.tokens.unwrap().access_token;
        let revoke = async |scope, validate_only| {
            let reason = "a lost laptop".to_owned();
            let request = RevokeUserSessionsRequest { scope: Some(scope), reason, validate_only };
            auth.client().revoke_user_sessions(with_token(request, &token)).await.unwrap();
        };
        // counted, and none ended: nothing happened
        revoke(Scope::UserId(sara), true).await;
        for count in [2, 0] {
            revoke(Scope::UserId(sara), false).await;
            log.says(&format!("revoke_user_sessions done - {admin} {sara} {by} 127.0.0.1 {count} a lost laptop")).await;
        }
        begun(&auth, &mut log, sara).await;
        let time = auth.clock.now() + MINUTE;
        revoke(Scope::CreatedBefore(time.into()), false).await;
        log.says(&format!("revoke_user_sessions done - {admin} - {by} 127.0.0.1 1 a lost laptop")).await;
        let before = match kind {
            Kind::Postgres => "SELECT CAST(CAST(extract(epoch FROM created_before) * 1000000 AS bigint) AS text)",
            Kind::Sqlite => "SELECT CAST(created_before AS text)",
        };
        let before = format!("{before} FROM ticketing_audit_events WHERE created_before IS NOT NULL");
        assert_eq!(text(&auth.database, &before).await, Some(time.micros().to_string()));
        let ended = end_all(&auth.database.url_as(Role::Auth), EndAllReason::Restore).await.unwrap();
        assert_eq!(ended, 1, "of the admin");
        log.says("end_all_sessions done restored - - - - 1 -").await;
    }

    async fn a_validation_is_audited_only_if_it_ends_the_session(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer(EMAIL).await;
        let mut log = Log::of(&auth.database);
        for (change, cause) in [
            ("UPDATE users SET is_active = false", "user_invalid"),
            ("UPDATE users SET is_active = true, password = 'x'", "password_changed"),
        ] {
            let (session, pair) = begun(&auth, &mut log, sara).await;
            auth.validate(&pair.access_token).await.unwrap();
            let hash = text(&auth.database, "SELECT password FROM users").await.unwrap();
            auth.database.execute(change).await;
            assert_eq!(refusal(auth.validate(&pair.access_token).await), unauthenticated("SESSION_USER_INVALID"));
            log.says(&format!("validate_session refused {cause} - {sara} {session} - - -")).await;
            assert_eq!(refusal(auth.validate(&pair.access_token).await), unauthenticated("SESSION_ENDED"));
            auth.database.execute(&format!("UPDATE users SET is_active = true, password = '{hash}'")).await;
        }
        begun(&auth, &mut log, sara).await;
    }
}
