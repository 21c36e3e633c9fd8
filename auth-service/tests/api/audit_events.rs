//! The audit log: an event for each thing that is done or refused, in the
//! transaction that does it, or soon after where nothing changes.

use crate::{
    process::{Process, configured},
    rows::{eventually, text, texts, used_mark_is_written},
    served::{Served as _, unauthenticated},
};
use auth_service::command::sessions::{EndAllReason, end_all};
use futures_util::future::join_all;
use proto::auth::v1::{
    ChangePasswordRequest, CreateSessionRequest, CreateSessionResponse, RegisterRequest,
    RevokeAllSessionsRequest, RevokeOwnSessionRequest, RevokeUserSessionsRequest, TokenPair,
    revoke_user_sessions_request::Scope,
};
use std::time::Duration;
use testing::{
    Kind, TestDatabase,
    auth::{Auth, PASSWORD, TestUser, refusal, with_token},
};
use tonic::{Code, Status};

const EMAIL: &str = "sara@example.com";
const MINUTE: Duration = Duration::from_mins(1);

/// Event, outcome, cause, actor, subject, session, address, count and reason.
const LINE: &str = "SELECT event || ' ' || outcome || ' ' || COALESCE(cause, '-') || ' ' || \
    COALESCE(CAST(actor_user_id AS text), '-') || ' ' || COALESCE(CAST(subject_user_id AS text), '-') || ' ' || \
    COALESCE(session_id, '-') || ' ' || COALESCE(ip_address, '-') || ' ' || \
    COALESCE(CAST(ended_count AS text), '-') || ' ' || COALESCE(reason, '-') FROM ticketing_audit_events";

/// The log, read event by event.
struct Log<'a> {
    database: &'a TestDatabase,
    read: usize,
}

impl<'a> Log<'a> {
    fn of(database: &'a TestDatabase) -> Self {
        Self { database, read: 0 }
    }

    async fn lines(&self) -> Vec<String> {
        let lines = texts(self.database, &format!("{LINE} ORDER BY id")).await;
        lines.into_iter().flatten().collect()
    }

    /// The next event is this one, and the last so far.
    async fn says(&mut self, expected: &str) {
        self.read += 1;
        eventually(expected, async || self.lines().await.len() >= self.read).await;
        let lines = self.lines().await;
        assert_eq!(
            lines[self.read - 1..],
            [expected],
            "after {:?}",
            &lines[..self.read - 1]
        );
    }
}

fn session_of(answer: &CreateSessionResponse) -> String {
    answer.session.as_ref().unwrap().session_id.clone()
}

async fn log_in(auth: &Auth, email: &str, password: &str) -> Result<(), Status> {
    let request = CreateSessionRequest {
        email: email.to_owned(),
        password: password.to_owned(),
        device_info: String::new(),
    };
    auth.client().create_session(request).await.map(|_| ())
}

async fn register(auth: &Auth, email: &str) -> Result<i32, Status> {
    let request = RegisterRequest {
        name: "Mona".to_owned(),
        email: email.to_owned(),
        phone: "1".to_owned(),
        password: PASSWORD.to_owned(),
        ..RegisterRequest::default()
    };
    let answer = auth.client().register(request).await?.into_inner();
    Ok(answer.user.unwrap().user_id)
}

async fn change_password(auth: &Auth, token: &str, current: &str) -> Result<(), Status> {
    let request = ChangePasswordRequest {
        current_password: current.to_owned(),
        new_password: PASSWORD.to_owned(),
    };
    let request = with_token(request, token);
    auth.client().change_password(request).await.map(|_| ())
}

/// Logs in, and reads that: the session, and its tokens.
async fn begun(auth: &Auth, log: &mut Log<'_>, user: i32) -> (String, TokenPair) {
    let answer = auth.log_in(EMAIL).await;
    let session = session_of(&answer);
    log.says(&format!(
        "create_session done - {user} {user} {session} 127.0.0.1 - -"
    ))
    .await;
    (session, answer.tokens.unwrap())
}

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
    async fn log_ins_and_registrations_are_noted(kind: Kind) {
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

    async fn what_is_refused_for_too_many_attempts_is_noted(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let url = database.url.clone();
        let auth = Auth::start_through(database, &url, &["--throttle-registrations=1"]).await;
        let sara = auth.add_customer(EMAIL).await;
        let mut log = Log::of(&auth.database);
        let (session, pair) = begun(&auth, &mut log, sara).await;
        let too_many = (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned());
        for _ in 0..5 {
            log_in(&auth, EMAIL, "wrong").await.unwrap_err();
            log.says(&format!("create_session refused password_wrong - {sara} - 127.0.0.1 - -")).await;
        }
        assert_eq!(refusal(log_in(&auth, EMAIL, PASSWORD).await), too_many);
        log.says("create_session refused throttled - - - 127.0.0.1 - -").await;
        let change = |how: &str| format!("change_password refused {how} {sara} {sara} {session} 127.0.0.1 - -");
        for _ in 0..5 {
            change_password(&auth, &pair.access_token, "wrong").await.unwrap_err();
            log.says(&change("password_wrong")).await;
        }
        assert_eq!(refusal(change_password(&auth, &pair.access_token, PASSWORD).await), too_many);
        log.says(&change("throttled")).await;
        register(&auth, EMAIL).await.unwrap_err();
        log.says("register refused email_taken - - - 127.0.0.1 - -").await;
        assert_eq!(refusal(register(&auth, "mona@example.com").await), too_many);
        log.says("register refused throttled - - - 127.0.0.1 - -").await;
    }

    async fn each_outcome_of_a_refresh_is_noted_with_its_cause(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer(EMAIL).await;
        let mut log = Log::of(&auth.database);
        let (session, first) = begun(&auth, &mut log, sara).await;
        let said = |how: &str| format!("refresh_session {how} {sara} {sara} {session} 127.0.0.1 - -");
        auth.refresh(&first.refresh_token).await.unwrap();
        log.says(&said("done first_use")).await;
        auth.refresh(&first.refresh_token).await.unwrap();
        log.says(&said("done young")).await;
        auth.clock.advance(MINUTE);
        let second = auth.refresh(&first.refresh_token).await.unwrap();
        log.says(&said("done turned")).await;
        auth.refresh(&first.refresh_token).await.unwrap();
        log.says(&said("done one_behind")).await;
        auth.validate(&second.access_token).await.unwrap();
        used_mark_is_written(&auth.database).await;
        auth.clock.advance(MINUTE);
        assert_eq!(refusal(auth.refresh(&first.refresh_token).await), unauthenticated("REUSE_DETECTED"));
        log.says(&said("refused reuse_detected")).await;
        assert_eq!(refusal(auth.refresh(&second.refresh_token).await), unauthenticated("SESSION_ENDED"));
        log.says(&said("refused session_ended")).await;
        // a token that is refused by itself is not noted
        auth.refresh(&second.access_token).await.unwrap_err();
        auth.refresh("no token").await.unwrap_err();

        for (change, cause, reason) in [
            ("UPDATE user_sessions SET generation = 0", "row_behind", "SESSION_ROW_BEHIND"),
            ("UPDATE user_sessions SET expires_at = created_at", "session_expired", "SESSION_EXPIRED"),
            ("DELETE FROM user_sessions", "session_not_found", "SESSION_NOT_FOUND"),
            ("UPDATE users SET is_deleted = true", "user_invalid", "SESSION_USER_INVALID"),
            ("UPDATE users SET password = 'x'", "password_changed", "SESSION_USER_INVALID"),
        ] {
            let (session, pair) = begun(&auth, &mut log, sara).await;
            auth.database.execute(change).await;
            assert_eq!(refusal(auth.refresh(&pair.refresh_token).await), unauthenticated(reason));
            log.says(&format!("refresh_session refused {cause} {sara} {sara} {session} 127.0.0.1 - -")).await;
            auth.database.execute("UPDATE users SET is_deleted = false").await;
        }
    }

    async fn a_refresh_that_always_loses_is_noted_once(kind: Kind) {
        let auth = Auth::start(kind).await;
        let sara = auth.add_customer(EMAIL).await;
        let mut log = Log::of(&auth.database);
        let (session, pair) = begun(&auth, &mut log, sara).await;
        auth.database
            .execute(match kind {
                Kind::Postgres => "
                    CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                    CREATE TRIGGER lose BEFORE UPDATE ON user_sessions FOR EACH ROW EXECUTE FUNCTION lose()",
                Kind::Sqlite => "
                    CREATE TRIGGER lose BEFORE UPDATE ON user_sessions BEGIN SELECT RAISE(IGNORE); END",
            })
            .await;
        let lost = (Code::Unavailable, "REFRESH_CONFLICT".to_owned());
        assert_eq!(refusal(auth.refresh(&pair.refresh_token).await), lost);
        log.says(&format!("refresh_session refused conflict {sara} {sara} {session} 127.0.0.1 - -")).await;
    }

    async fn of_many_refreshes_at_once_one_turn_is_noted_and_the_rest_as_what_they_were(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        let pair = auth.log_in(EMAIL).await.tokens.unwrap();
        auth.validate(&pair.access_token).await.unwrap();
        used_mark_is_written(&auth.database).await;
        auth.clock.advance(MINUTE);
        let other = auth.another_replica().await;
        join_all((0..12).map(|index| {
            let replica = if index % 2 == 0 { &auth.replica } else { &other };
            replica.refresh(&pair.refresh_token)
        }))
        .await
        .into_iter()
        .for_each(|answer| assert_eq!(answer.unwrap().generation, 2));
        let of = |cause: &str| format!("SELECT CAST(COUNT(*) AS text) FROM ticketing_audit_events WHERE cause = '{cause}'");
        let count = async |cause| text(&auth.database, &of(cause)).await.unwrap();
        eventually("the other eleven", async || count("one_behind").await == "11").await;
        assert_eq!(count("turned").await, "1");
    }

    async fn endings_are_noted_with_who_and_how_many(kind: Kind) {
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

    async fn endings_by_staff_are_noted_with_their_reason(kind: Kind) {
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
        let ended = end_all(&auth.database.url, EndAllReason::Restore).await.unwrap();
        assert_eq!(ended, 1, "of the admin");
        log.says("end_all_sessions done restored - - - - 1 -").await;
    }

    async fn a_validation_is_noted_only_where_it_ends_the_session(kind: Kind) {
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

    async fn the_device_is_noted_and_the_time_is_the_databases(kind: Kind) {
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

    async fn what_is_not_done_is_not_noted(kind: Kind) {
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

    async fn what_cannot_be_noted_is_not_done(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        let pair = auth.log_in(EMAIL).await.tokens.unwrap();
        let state = "SELECT session_id || CAST(is_active AS text) || generation || COALESCE(CAST(used_at AS text), '-') || \
                     password_digest || CAST(expires_at AS text) FROM user_sessions";
        let users = "SELECT email || password FROM users";
        let state = async || (texts(&auth.database, state).await, texts(&auth.database, users).await);
        // in use, so that a validation leaves no mark meanwhile
        auth.refresh(&pair.refresh_token).await.unwrap();
        auth.clock.advance(MINUTE);
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
        assert_eq!(state().await, before);
        // what changes nothing is answered all the same
        assert_eq!(refusal(log_in(&auth, EMAIL, "wrong").await), unauthenticated("CREDENTIALS_INVALID"));
    }

    async fn a_stop_writes_what_waits(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(configured(folder.path(), &database.url)).await;
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
