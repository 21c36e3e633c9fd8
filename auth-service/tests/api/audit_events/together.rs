//! An event is kept with the change that it tells of; what changes nothing is
//! written by a stop at the latest.

use super::{EMAIL, Log, MINUTE, change_password, log_in, register};
use crate::{
    many_sessions::multiply,
    process::{Process, configured},
    rows::texts,
    served::{Served as _, unauthenticated},
};
use proto::auth::v1::{CreateSessionRequest, RevokeAllSessionsRequest};
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, refusal, with_token},
};
use tonic::Code;

/// A trigger that stands in the way of a change of a table.
fn trigger(kind: Kind, change: &str, table: &str) -> (String, String) {
    match kind {
        Kind::Postgres => (
            format!(
                "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stopped'; END $$; \
                 CREATE TRIGGER stop BEFORE {change} ON {table} FOR EACH ROW EXECUTE FUNCTION stop()"
            ),
            format!("DROP TRIGGER stop ON {table}; DROP FUNCTION stop()"),
        ),
        Kind::Sqlite => (
            format!(
                "CREATE TRIGGER stop BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, 'stopped'); END"
            ),
            "DROP TRIGGER stop".to_owned(),
        ),
    }
}

testing::on_both_databases! {
    async fn a_change_that_is_not_made_is_not_audited(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        let mut log = Log::of(&auth.database);
        let pair = auth.log_in(EMAIL).await.tokens.unwrap();
        let before = log.lines().await;
        let (stop, go) = trigger(kind, "UPDATE", "user_sessions");
        auth.database.execute(&stop).await;
        for failed in [
            auth.revoke(&pair.access_token).await.unwrap_err(),
            auth.refresh(&pair.refresh_token).await.unwrap_err(),
            change_password(&auth, &pair.access_token, PASSWORD).await.unwrap_err(),
            auth.client()
                .revoke_all_sessions(with_token(RevokeAllSessionsRequest { keep_current: Some(false) }, &pair.access_token))
                .await
                .unwrap_err(),
        ] {
            assert_eq!(failed.code(), Code::Internal, "{failed}");
        }
        auth.database.execute(&go).await;
        assert_eq!(log.lines().await, before);
        // and the queue holds none of it either
        log.read = before.len();
        log_in(&auth, "nobody", PASSWORD).await.unwrap_err();
        log.says("create_session refused email_unknown - - - 127.0.0.1 - -").await;
    }

    async fn a_change_whose_event_cannot_be_written_is_not_made(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        let pair = auth.log_in(EMAIL).await.tokens.unwrap();
        let state = "SELECT session_id || CAST(is_active AS text) || generation || COALESCE(CAST(used_at AS text), '-') || \
                     password_digest || CAST(expires_at AS text) FROM user_sessions ORDER BY id";
        let users = "SELECT email || password FROM users";
        let state = async || (texts(&auth.database, state).await, texts(&auth.database, users).await);
        // in use, so that a validation notes no first use meanwhile
        auth.refresh(&pair.refresh_token).await.unwrap();
        auth.clock.advance(MINUTE);
        // the first batch of many is not done without its event either
        multiply(&auth.database, 600).await;
        let before = state().await;
        let (stop, _) = trigger(kind, "INSERT", "ticketing_audit_events");
        auth.database.execute(&stop).await;
        let all = RevokeAllSessionsRequest { keep_current: Some(false) };
        for failed in [
            auth.revoke(&pair.access_token).await.unwrap_err(),
            auth.refresh(&pair.refresh_token).await.unwrap_err(),
            log_in(&auth, EMAIL, PASSWORD).await.unwrap_err(),
            register(&auth, "mona@example.com").await.unwrap_err(),
            change_password(&auth, &pair.access_token, PASSWORD).await.unwrap_err(),
            auth.client().revoke_all_sessions(with_token(all, &pair.access_token)).await.unwrap_err(),
        ] {
            assert_eq!(failed.code(), Code::Internal, "{failed}");
        }
        assert!(state().await == before);
        // what changes nothing is answered all the same
        assert_eq!(refusal(log_in(&auth, EMAIL, "wrong").await), unauthenticated("CREDENTIALS_INVALID"));
    }

    async fn a_stop_writes_what_waits(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(configured(folder.path(), &database.url_as(Role::Auth))).await;
        let request = CreateSessionRequest {
            email: "nobody".to_owned(),
            password: "x".to_owned(),
            device_info: String::new(),
        };
        process.public_client().create_session(request).await.unwrap_err();
        process.terminate().await;
        assert_eq!(process.ended().await.0, 0);
        let log = Log::of(&database);
        assert_eq!(log.lines().await, ["create_session refused email_unknown - - - 127.0.0.1 - -"]);
    }
}
