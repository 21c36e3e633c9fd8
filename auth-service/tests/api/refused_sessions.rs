//! One user with many sessions changes the password: all others are refused at once, and
//! their rows are ended soon after, whatever comes between.

use crate::{
    many_sessions::{
        BATCH, EMAIL, assert_time_was_over, ended, hold_oldest, hurried, log_in, multiply, number,
    },
    process::{Process, configured},
    rows::{eventually, text, texts},
    served::{Served, unauthenticated},
};
use auth_service::{config::Config, store::Store};
use contract::ids::UserId;
use proto::auth::v1::{
    ChangePasswordRequest, RevokeUserSessionsRequest, revoke_user_sessions_request::Scope,
};
use std::time::Duration;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, TestUser, refusal, with_token},
    metrics::scrape,
};
use tonic::Status;

const NEW: &str = "another horse battery";

async fn change(replica: &impl Served, token: &str, from: &str, to: &str) -> Result<i32, Status> {
    let request = ChangePasswordRequest {
        current_password: from.to_owned(),
        new_password: to.to_owned(),
    };
    let request = with_token(request, token);
    let answer = replica.public_client().change_password(request).await;
    answer.map(|answer| answer.into_inner().ended_count)
}

/// A session's row may be ended by now, or not.
fn assert_is_over<T: std::fmt::Debug>(answer: Result<T, Status>) {
    let over = ["SESSION_USER_INVALID", "SESSION_ENDED"].map(unauthenticated);
    let refusal = refusal(answer);
    assert!(over.contains(&refusal), "{refusal:?}");
}

/// What the log says of changes of the password.
async fn noted(database: &TestDatabase) -> Vec<String> {
    let events = "SELECT outcome || ' ' || COALESCE(cause, '-') || ' ' || COALESCE(CAST(actor_user_id AS text), '-') \
                  || ' ' || CAST(ended_count AS text) FROM ticketing_audit_events \
                  WHERE event = 'change_password' ORDER BY id";
    texts(database, events)
        .await
        .into_iter()
        .flatten()
        .collect()
}

async fn all_are_ended(database: &TestDatabase, sessions: i32) {
    eventually("the rows are ended", async || {
        ended(database).await == sessions
    })
    .await;
    let other_reasons = "user_sessions WHERE NOT is_active AND end_reason <> 'password_changed'";
    assert_eq!(number(database, "COUNT(*)", other_reasons).await, 0);
}

testing::on_both_databases! {
    async fn all_others_are_refused_at_once_and_ended_soon(kind: Kind) {
        let auth = Auth::start(kind).await;
        let replica = auth.another_replica().await;
        let staff = TestUser { email: "admin@example.com", user_type: "admin", role: "admin", partner_id: None };
        auth.add_user(staff).await;
        let user = auth.add_customer(EMAIL).await;
        let oldest = auth.log_in_with(EMAIL, PASSWORD).await.unwrap();
        multiply(&auth.database, 2_100).await;
        let current = log_in(&auth).await;
        let staff = auth.log_in("admin@example.com").await.tokens.unwrap().access_token;

        assert_eq!(change(&auth, &current, PASSWORD, NEW).await.unwrap(), 2_101);
        assert_is_over(auth.validate(&oldest.access_token).await);
        assert_is_over(replica.refresh(&oldest.refresh_token).await);
        let begun = replica.log_in_with(EMAIL, NEW).await.expect("by the new one").access_token;
        let listed = auth.list(&current).await.unwrap();
        assert_eq!((listed.sessions.len(), listed.next_page_token.as_str()), (2, ""));
        let scope = Some(Scope::UserId(user));
        let count = RevokeUserSessionsRequest { scope, reason: "how many".to_owned(), validate_only: true };
        let counted = auth.client().revoke_user_sessions(with_token(count, &staff)).await;
        assert_eq!(counted.unwrap().into_inner().session_count, 2);

        all_are_ended(&auth.database, 2_101).await;
        for token in [&current, &begun] {
            replica.validate(token).await.expect("it goes on");
        }
        assert_eq!(noted(&auth.database).await, [format!("done - {user} 2101")]);
        let counts = "ticketing_auth_sessions_ended_total{reason=\"password_changed\"}";
        eventually("each is counted once", async || {
            let counts = [scrape(auth.replica.ops).await.value(counts), scrape(replica.ops).await.value(counts)];
            (counts.into_iter().flatten().sum::<f64>() - 2_101.0).abs() < 0.5
        })
        .await;
    }

    async fn a_session_of_the_password_in_force_is_none_of_the_refused(kind: Kind) {
        let auth = Auth::start(kind).await;
        let user = UserId(auth.add_customer(EMAIL).await);
        let token = log_in(&auth).await;
        let store = Store::new(auth.database.open(&auth.clock).await);
        assert_eq!(store.refused_of(user, None, 10).await.unwrap(), []);
        let row = number(&auth.database, "id", "user_sessions").await;
        // as one that was read before the password changed once more
        assert_eq!(store.end_refused(user, &[row], None).await.unwrap(), 0);
        auth.validate(&token).await.expect("it goes on");
    }

    async fn one_change_after_the_other_ends_no_session_of_the_last(kind: Kind) {
        let auth = Auth::start(kind).await;
        let replica = auth.another_replica().await;
        auth.add_customer(EMAIL).await;
        log_in(&auth).await;
        multiply(&auth.database, 1_500).await;
        let current = log_in(&auth).await;
        let passwords = [PASSWORD, NEW, "a quiet harbour", "a second harbour"];
        for (change_number, pair) in passwords.windows(2).enumerate() {
            let kept = change(&auth, &current, pair[0], pair[1]).await.unwrap();
            assert_eq!(kept, if change_number == 0 { 1_501 } else { 1 });
            replica.log_in_with(EMAIL, pair[1]).await.expect("by the new one");
        }
        all_are_ended(&auth.database, 1_503).await;
        let last = replica.log_in_with(EMAIL, passwords[3]).await.unwrap().access_token;
        assert_eq!(auth.list(&current).await.unwrap().sessions.len(), 3, "the last three");
        for token in [&current, &last] {
            replica.validate(token).await.expect("it goes on");
        }
    }

    async fn many_rows_of_the_old_application_end_before_the_password_changes(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        log_in(&auth).await;
        multiply(&auth.database, 1_700).await;
        auth.database.execute("UPDATE user_sessions SET generation = NULL, is_active = CASE WHEN id % 2 = 0 THEN true END").await;
        let current = log_in(&auth).await;
        let hurried = hurried(&auth).await;
        let unended = "user_sessions WHERE generation IS NULL AND (is_active OR is_active IS NULL)";
        for calls in 1..=3 {
            let status = change(&hurried, &current, PASSWORD, NEW).await.unwrap_err();
            assert_time_was_over(&status);
            let left = number(&auth.database, "COUNT(*)", unended).await;
            assert_eq!(left, 1_701 - calls * BATCH, "what was ended stays ended");
            log_in(&hurried).await;
        }
        assert_eq!(change(&hurried, &current, PASSWORD, NEW).await.unwrap(), 3, "log-ins of ours");
        assert_eq!(number(&auth.database, "COUNT(*)", unended).await, 0);
        hurried.validate(&current).await.expect("it goes on");
        hurried.log_in_with(EMAIL, NEW).await.expect("changed");
    }

    async fn a_process_that_starts_ends_what_one_before_it_left(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let url = database.url_as(Role::Auth);
        let process = Process::start(configured(folder.path(), &url)).await;
        let hash = testing::auth::password_hash();
        database
            .execute(&format!(
                "INSERT INTO users (name, email, password, role_id, user_type) \
                 SELECT 'Sara', '{EMAIL}', '{hash}', id, 'customer' FROM roles WHERE name = 'customer'"
            ))
            .await;
        let oldest = process.log_in_with(EMAIL, PASSWORD).await.unwrap();
        multiply(&database, 20_000).await;
        let current = log_in(&process).await;
        let before = text(&database, "SELECT password FROM users").await.unwrap();
        assert_eq!(change(&process, &current, PASSWORD, NEW).await.unwrap(), 20_001);
        drop(process);
        let left = 20_001 - ended(&database).await;
        assert!(left > 0, "the process had no time to end all");

        let process = Process::start(configured(folder.path(), &url)).await;
        assert_is_over(process.validate(&oldest.access_token).await);
        all_are_ended(&database, 20_001).await;
        let after = text(&database, "SELECT password FROM users").await.unwrap();
        database.execute(&format!("UPDATE users SET password = '{before}'")).await;
        let session_ended = unauthenticated("SESSION_ENDED");
        assert_eq!(refusal(process.validate(&oldest.access_token).await), session_ended, "the old text revives none");
        database.execute(&format!("UPDATE users SET password = '{after}'")).await;
        process.validate(&current).await.expect("it goes on");
    }

    async fn a_password_changed_by_something_else_ends_sessions_and_is_noted(kind: Kind) {
        let auth = Auth::start(kind).await;
        let user = auth.add_customer(EMAIL).await;
        auth.add_customer("omar@example.com").await;
        let theirs = auth.log_in("omar@example.com").await.tokens.unwrap().access_token;
        log_in(&auth).await;
        log_in(&auth).await;
        let hash = bcrypt::hash(NEW, 4).unwrap();
        auth.database.execute(&format!("UPDATE users SET password = '{hash}' WHERE id = {user}")).await;
        let often = |config: &mut Config| config.housekeeping = Duration::from_millis(10);
        let _looks = auth.another_replica_configured(&[], often).await;
        all_are_ended(&auth.database, 2).await;
        assert_eq!(noted(&auth.database).await, ["done password_changed - 2"]);
        auth.validate(&theirs).await.expect("somebody else's");
    }
}

/// PostgreSQL alone lets a call stand still between the change and the end of the rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_call_leaves_that_its_caller_gives_up_is_ended_all_the_same() {
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer(EMAIL).await;
    log_in(&auth).await;
    multiply(&auth.database, 300).await;
    let current = log_in(&auth).await;
    let holder = hold_oldest(&auth.database).await;
    let (mut client, token) = (auth.client(), current.clone());
    let call = tokio::spawn(async move {
        let request = ChangePasswordRequest {
            current_password: PASSWORD.to_owned(),
            new_password: NEW.to_owned(),
        };
        client.change_password(with_token(request, &token)).await
    });
    auth.database.wait_for_waiting(1).await;
    call.abort();
    holder.rollback().await.unwrap();
    all_are_ended(&auth.database, 301).await;
    auth.validate(&current).await.expect("it goes on");
}
