//! One user with many sessions: what ends all of them does so in batches, and what is ended
//! stays ended, whatever comes between.

use crate::{
    process::{Process, configured},
    rows::{eventually, text, texts},
    served::{Served, unauthenticated},
};
use auth_service::config::Config;
use contract::time::Clock;
use database::Transaction;
use proto::auth::v1::{
    RevokeAllSessionsRequest, RevokeUserSessionsRequest, revoke_user_sessions_request::Scope,
};
use sea_orm::ConnectionTrait as _;
use std::time::Duration;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, Replica, TestUser, refusal, with_token},
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

pub(crate) const EMAIL: &str = "sara@example.com";
/// Sessions in a batch.
pub(crate) const BATCH: i32 = 500;

/// Copies the sessions in the database, so many times each.
pub(crate) async fn multiply(database: &TestDatabase, times: u32) {
    let uuid = match database.kind {
        Kind::Postgres => "CAST(gen_random_uuid() AS text)",
        Kind::Sqlite => {
            "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) \
             || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
        }
    };
    let columns =
        "user_id, expires_at, created_at, rotated_at, absolute_expires_at, password_digest";
    database
        .execute(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times}) \
             INSERT INTO user_sessions (session_id, generation, {columns}) \
             SELECT {uuid}, 1, {columns} FROM user_sessions, n"
        ))
        .await;
}

pub(crate) async fn log_in(replica: &impl Served) -> String {
    let tokens = replica.log_in_with(EMAIL, testing::auth::PASSWORD).await;
    tokens.expect("logged in").access_token
}

async fn revoke_all(replica: &impl Served, token: &str, keep_current: bool) -> Result<i32, Status> {
    let keep_current = Some(keep_current);
    let request = with_token(RevokeAllSessionsRequest { keep_current }, token);
    let answer = replica.public_client().revoke_all_sessions(request).await;
    answer.map(|answer| answer.into_inner().ended_count)
}

pub(crate) async fn number(database: &TestDatabase, what: &str, which: &str) -> i32 {
    let query = format!("SELECT CAST({what} AS text) FROM {which}");
    let number = text(database, &query).await.expect("a number");
    number.parse().unwrap()
}

/// How many sessions are ended.
pub(crate) async fn ended(database: &TestDatabase) -> i32 {
    number(database, "COUNT(*)", "user_sessions WHERE NOT is_active").await
}

/// What the log says of the ends of all of a user's sessions: how many, call by call.
async fn noted(database: &TestDatabase) -> Vec<i32> {
    let events = "SELECT CAST(ended_count AS text) FROM ticketing_audit_events \
                  WHERE event = 'revoke_all_sessions' AND outcome = 'done' ORDER BY id";
    let counts = texts(database, events).await;
    let counts = counts.into_iter().flatten();
    counts.map(|count| count.parse().unwrap()).collect()
}

/// A replica whose calls have no time for more than one batch.
pub(crate) async fn hurried(auth: &Auth) -> Replica {
    let configure = |config: &mut Config| config.ending_share = 0.0;
    auth.another_replica_configured(&[], configure).await
}

/// That time ran out, and when to come back.
pub(crate) fn assert_time_was_over(status: &Status) {
    let expected = (Code::Unavailable, "DEADLINE_REACHED".to_owned());
    assert_eq!(refusal::<()>(Err(status.clone())), expected);
    let retry = status.get_error_details().retry_info().cloned();
    assert!(
        retry.is_some_and(|info| info.retry_delay.is_some()),
        "{status:?}"
    );
}

testing::on_both_databases! {
    async fn many_sessions_end_in_one_call_and_each_batch_is_noted(kind: Kind) {
        for keep_current in [true, false] {
            let auth = Auth::start(kind).await;
            auth.add_customer(EMAIL).await;
            let other = log_in(&auth).await;
            multiply(&auth.database, 2_100).await;
            let current = log_in(&auth).await;
            let all = 2_101 + i32::from(!keep_current);
            assert_eq!(revoke_all(&auth, &current, keep_current).await.unwrap(), all);
            assert_eq!(ended(&auth.database).await, all);
            let session_ended = unauthenticated("SESSION_ENDED");
            assert_eq!(refusal(auth.validate(&other).await), session_ended);
            if keep_current {
                auth.validate(&current).await.expect("it goes on");
            } else {
                assert_eq!(refusal(auth.validate(&current).await), session_ended);
            }
            assert_eq!(noted(&auth.database).await, [BATCH, BATCH, BATCH, BATCH, all - 4 * BATCH]);
        }
    }

    async fn where_time_runs_out_the_next_call_goes_on(kind: Kind) {
        for keep_current in [true, false] {
            let auth = Auth::start(kind).await;
            auth.add_customer(EMAIL).await;
            log_in(&auth).await;
            multiply(&auth.database, 1_100).await;
            let current = log_in(&auth).await;
            let hurried = hurried(&auth).await;
            for calls in 1..=2 {
                let status = revoke_all(&hurried, &current, keep_current).await.unwrap_err();
                assert_time_was_over(&status);
                assert_eq!(ended(&auth.database).await, calls * BATCH, "what was ended stays ended");
                hurried.validate(&current).await.expect("by it the call is repeated");
            }
            let rest = 101 + i32::from(!keep_current);
            assert_eq!(revoke_all(&hurried, &current, keep_current).await.unwrap(), rest);
            assert_eq!(ended(&auth.database).await, 2 * BATCH + rest);
            assert_eq!(noted(&auth.database).await, [BATCH, BATCH, rest]);
            let is_kept = hurried.validate(&current).await.is_ok();
            assert_eq!(is_kept, keep_current);
        }
    }

    async fn staff_who_end_their_own_sessions_can_repeat_the_call(kind: Kind) {
        let auth = Auth::start(kind).await;
        let staff = TestUser { email: EMAIL, user_type: "admin", role: "admin", partner_id: None };
        let user = auth.add_user(staff).await;
        log_in(&auth).await;
        multiply(&auth.database, 1_100).await;
        let current = log_in(&auth).await;
        let hurried = hurried(&auth).await;
        let mut counts = Vec::new();
        loop {
            let message = RevokeUserSessionsRequest {
                scope: Some(Scope::UserId(user)),
                reason: "a stolen laptop".to_owned(),
                validate_only: false,
            };
            let answer = hurried.public_client().revoke_user_sessions(with_token(message, &current)).await;
            let answer = answer.expect("served").into_inner();
            counts.push(answer.session_count);
            if !answer.more {
                break;
            }
        }
        assert_eq!(counts, [BATCH, BATCH, 102]);
        assert_eq!(refusal(hurried.validate(&current).await), unauthenticated("SESSION_ENDED"));
    }

    async fn many_calls_at_once_end_each_session_once(kind: Kind) {
        let auth = Auth::start(kind).await;
        let other = auth.another_replica().await;
        auth.add_customer(EMAIL).await;
        log_in(&auth).await;
        multiply(&auth.database, 1_200).await;
        let current = log_in(&auth).await;
        let (one, two, three) = tokio::join!(
            revoke_all(&auth, &current, true),
            revoke_all(&other, &current, true),
            revoke_all(&other, &current, true),
        );
        let counts = [one, two, three].map(Result::unwrap);
        assert_eq!(counts.iter().sum::<i32>(), 1_201, "{counts:?}");
        assert_eq!(noted(&auth.database).await.iter().sum::<i32>(), 1_201);
    }

    async fn expired_sessions_are_left_as_they_are(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        log_in(&auth).await;
        multiply(&auth.database, 1_100).await;
        auth.clock.advance(Duration::from_hours(8 * 24));
        let current = log_in(&auth).await;
        assert_eq!(revoke_all(&auth, &current, false).await.unwrap(), 1);
        assert_eq!(ended(&auth.database).await, 1);
    }

    async fn sessions_that_a_new_password_refuses_are_counted_by_nobody(kind: Kind) {
        let auth = Auth::start(kind).await;
        let staff = TestUser { email: "admin@example.com", user_type: "admin", role: "admin", partner_id: None };
        auth.add_user(staff).await;
        let user = auth.add_customer(EMAIL).await;
        log_in(&auth).await;
        multiply(&auth.database, 600).await;
        let hash = bcrypt::hash(testing::auth::PASSWORD, 4).unwrap();
        auth.database.execute(&format!("UPDATE users SET password = '{hash}' WHERE id = {user}")).await;
        let weak = auth.another_replica_with(&["--password-hash=bcrypt"]).await;
        let kept = log_in(&weak).await;
        let current = log_in(&weak).await;
        let staff = auth.log_in("admin@example.com").await.tokens.unwrap().access_token;
        let time = auth.clock.now() + Duration::from_hours(1);
        for (scope, live) in [(Scope::UserId(user), 2), (Scope::CreatedBefore(time.into()), 2)] {
            let message = RevokeUserSessionsRequest { scope: Some(scope), reason: "how many".to_owned(), validate_only: true };
            let counted = auth.client().revoke_user_sessions(with_token(message, &staff)).await;
            assert_eq!(counted.unwrap().into_inner().session_count, live);
        }
        let listed = auth.list(&current).await.unwrap();
        assert_eq!((listed.sessions.len(), listed.next_page_token.as_str()), (2, ""));
        assert_eq!(revoke_all(&auth, &current, true).await.unwrap(), 1);
        assert_eq!(refusal(auth.validate(&kept).await), unauthenticated("SESSION_ENDED"));
        // and the old text put back brings none back
        assert_eq!(ended(&auth.database).await, 602);
        let reasons = "SELECT end_reason || ' ' || CAST(COUNT(*) AS text) FROM user_sessions \
                       WHERE NOT is_active GROUP BY end_reason ORDER BY 1";
        let reasons = texts(&auth.database, reasons).await;
        let reasons: Vec<_> = reasons.iter().flatten().collect();
        assert_eq!(reasons, ["password_changed 601", "revoked_by_owner 1"]);
    }

    async fn sessions_ended_before_a_kill_stay_ended_and_the_next_call_ends_the_rest(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let url = database.url_as(Role::Auth);
        let process = Process::start(configured(folder.path(), &url)).await;
        let auth = Auth::start_on(database).await;
        auth.add_customer(EMAIL).await;
        log_in(&process).await;
        multiply(&auth.database, 20_000).await;
        let current = log_in(&process).await;
        let (mut client, token) = (process.public_client(), current.clone());
        let call = tokio::spawn(async move {
            let request = RevokeAllSessionsRequest { keep_current: Some(true) };
            client.revoke_all_sessions(with_token(request, &token)).await
        });
        eventually("a batch is ended", async || ended(&auth.database).await > 0).await;
        drop(process);
        let _ended_or_not = call.await.unwrap();
        let before = ended(&auth.database).await;
        let last = number(&auth.database, "COALESCE(MAX(id), 0)", "user_sessions WHERE NOT is_active").await;
        assert!(before > 0 && before % BATCH <= 1, "whole batches: {before}, the last row {last}");
        assert_eq!(noted(&auth.database).await.iter().sum::<i32>(), before, "noted with what it ended");

        let process = Process::start(configured(folder.path(), &url)).await;
        assert_eq!(revoke_all(&process, &current, true).await.unwrap(), 20_001 - before);
        assert_eq!(ended(&auth.database).await, 20_001);
        process.validate(&current).await.expect("it goes on");
    }
}

/// Holds the oldest session, until this is rolled back.
pub(crate) async fn hold_oldest(database: &TestDatabase) -> Transaction {
    let pool = database.open(&Clock::system()).await;
    let holder = pool.begin().await.unwrap();
    let hold = "SELECT id FROM user_sessions ORDER BY created_at, id LIMIT 1 FOR UPDATE";
    holder.execute_unprepared(hold).await.unwrap();
    holder
}

/// A call that stands still in the middle: somebody holds the oldest session, which the last
/// batch ends. PostgreSQL alone lets others go on meanwhile.
struct Halfway {
    auth: Auth,
    current: String,
    holder: Option<database::Transaction>,
}

impl Halfway {
    async fn begin() -> Self {
        let auth = Auth::start(Kind::Postgres).await;
        auth.add_customer(EMAIL).await;
        log_in(&auth).await;
        multiply(&auth.database, 1_100).await;
        let current = log_in(&auth).await;
        let holder = hold_oldest(&auth.database).await;
        Self {
            auth,
            current,
            holder: Some(holder),
        }
    }

    async fn let_go(&mut self) {
        let holder = self.holder.take().expect("held");
        holder.rollback().await.unwrap();
    }

    fn call(&self) -> tokio::task::JoinHandle<Result<i32, Status>> {
        let (mut client, token) = (self.auth.client(), self.current.clone());
        tokio::spawn(async move {
            let keep_current = Some(true);
            let request = with_token(RevokeAllSessionsRequest { keep_current }, &token);
            let answer = client.revoke_all_sessions(request).await;
            answer.map(|answer| answer.into_inner().ended_count)
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_during_the_call_goes_on() {
    let mut halfway = Halfway::begin().await;
    let call = halfway.call();
    halfway.auth.database.wait_for_waiting(1).await;
    assert_eq!(ended(&halfway.auth.database).await, 2 * BATCH);
    let begun = log_in(&halfway.auth).await;
    halfway.let_go().await;
    assert_eq!(call.await.unwrap().unwrap(), 1_101);
    halfway.auth.validate(&begun).await.expect("begun later");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_its_caller_gives_up_is_noted_with_what_it_ended() {
    let mut halfway = Halfway::begin().await;
    let call = halfway.call();
    halfway.auth.database.wait_for_waiting(1).await;
    assert_eq!(noted(&halfway.auth.database).await, [BATCH, BATCH]);
    call.abort();
    halfway.let_go().await;
    let call = halfway.call().await.unwrap();
    assert_eq!(call.unwrap(), 101, "the next goes on");
    assert_eq!(noted(&halfway.auth.database).await, [BATCH, BATCH, 101]);
}
