//! Log-ins and registrations, done and refused.

use super::{EMAIL, Log, begun, change_password, log_in, register};
use crate::{
    rows::{text, texts},
    served::{Served as _, unauthenticated},
};
use proto::auth::v1::CreateSessionRequest;
use std::time::Duration;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, refusal},
};
use tonic::Code;

testing::on_both_databases! {
    async fn log_ins_and_registrations_are_audited(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer(EMAIL).await;
        let mut log = Log::of(&auth.database);
        let invalid = unauthenticated("CREDENTIALS_INVALID");
        assert_eq!(refusal(log_in(&auth, "a password typed as an e-mail", PASSWORD).await), invalid);
        log.says("create_session refused email_unknown - - - 127.0.0.1 - -").await;
        assert_eq!(refusal(log_in(&auth, EMAIL, "wrong").await), invalid);
        log.says(&format!("create_session refused password_wrong - {sara} - 127.0.0.1 - -")).await;
        auth.database.execute("UPDATE users SET is_active = false").await;
        assert_eq!(refusal(log_in(&auth, EMAIL, PASSWORD).await), invalid);
        log.says(&format!("create_session refused user_invalid - {sara} - 127.0.0.1 - -")).await;
        auth.database.execute("UPDATE users SET is_active = true").await;
        begun(&auth, &mut log, sara).await;
        register(&auth, EMAIL).await.unwrap_err();
        log.says("register refused email_taken - - - 127.0.0.1 - -").await;
        let mona = register(&auth, "mona@example.com").await.unwrap();
        let session = format!("SELECT session_id FROM user_sessions WHERE user_id = {mona}");
        let session = text(&auth.database, &session).await.unwrap();
        log.says(&format!("register done - {mona} {mona} {session} 127.0.0.1 - -")).await;
    }

    async fn a_throttled_attempt_is_audited(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let url = database.url_as(Role::Auth);
        let auth = Auth::start_through(database, &url, &["--throttle-registrations=1"]).await;
        let sara = auth.add_customer(EMAIL).await;
        let mut log = Log::of(&auth.database);
        let (session, pair) = begun(&auth, &mut log, sara).await;
        let too_many = (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned());
        // so many that the next must wait for minutes
        let many = "UPDATE ticketing_throttles SET attempts = 20";
        log_in(&auth, EMAIL, "wrong").await.unwrap_err();
        log.says(&format!("create_session refused password_wrong - {sara} - 127.0.0.1 - -")).await;
        auth.database.execute(many).await;
        assert_eq!(refusal(log_in(&auth, EMAIL, PASSWORD).await), too_many);
        log.says("create_session refused throttled - - - 127.0.0.1 - -").await;
        let change = |how: &str| format!("change_password refused {how} {sara} {sara} {session} 127.0.0.1 - -");
        change_password(&auth, &pair.access_token, "wrong").await.unwrap_err();
        log.says(&change("password_wrong")).await;
        auth.database.execute(many).await;
        assert_eq!(refusal(change_password(&auth, &pair.access_token, PASSWORD).await), too_many);
        log.says(&change("throttled")).await;
        register(&auth, EMAIL).await.unwrap_err();
        log.says("register refused email_taken - - - 127.0.0.1 - -").await;
        assert_eq!(refusal(register(&auth, "mona@example.com").await), too_many);
        log.says("register refused throttled - - - 127.0.0.1 - -").await;
    }

    async fn an_audit_event_has_the_device_and_the_databases_time(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        auth.clock.advance(Duration::from_hours(24 * 365));
        let request = CreateSessionRequest {
            email: EMAIL.to_owned(),
            password: PASSWORD.to_owned(),
            device_info: "a phone".to_owned(),
        };
        let answer = auth.client().create_session(request).await.unwrap().into_inner();
        auth.refresh(&answer.tokens.unwrap().refresh_token).await.unwrap();
        let devices = texts(&auth.database, "SELECT device_info FROM ticketing_audit_events ORDER BY id").await;
        assert_eq!(devices[0].as_deref(), Some("a phone"));
        assert!(devices[1].as_deref().unwrap().starts_with("tonic/"), "{devices:?}");
        let same = "SELECT CAST(COUNT(*) AS text) FROM ticketing_audit_events JOIN user_sessions USING (session_id) \
                    WHERE occurred_at >= created_at";
        assert_eq!(text(&auth.database, same).await.as_deref(), Some("2"));
    }
}
