//! How long it takes to end all sessions of a user who has many, on PostgreSQL:
//! RevokeAllSessions, repeated until it answers OK, and ChangePassword, which refuses them at
//! once and leaves rows to housekeeping. Beside them an UPDATE of the same rows in one
//! statement, the fastest way that there is, which answers nothing until all are ended.
//!
//! ```sh
//! cargo bench -p auth-service --bench endings
//! ```
//!
//! `TICKETING_SESSIONS` (`100,10000,1000000`) says how many sessions the user has.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use proto::auth::v1::{ChangePasswordRequest, RevokeAllSessionsRequest};
use std::time::{Duration, Instant};
use testing::{
    Kind,
    auth::{Auth, PASSWORD, with_token},
};
use tonic::Code;

const EMAIL: &str = "sara@example.com";
/// Before a statement that takes longer than one of the service may.
const PATIENCE: &str = "SET statement_timeout = 0;";
const COLUMNS: &str =
    "user_id, expires_at, created_at, rotated_at, absolute_expires_at, password_digest";

#[tokio::main]
async fn main() {
    let sizes = std::env::var("TICKETING_SESSIONS");
    let sizes = sizes.unwrap_or_else(|_| "100,10000,1000000".to_owned());
    for size in sizes.split(',') {
        let size: u32 = size.parse().expect("a number of sessions");
        println!("{size} sessions");
        one_statement(size).await;
        revoke_all(size).await;
        change_password(size).await;
    }
}

/// A service, a user with this many sessions, and the access token of one more.
async fn begin(sessions: u32) -> (Auth, String) {
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer(EMAIL).await;
    auth.log_in(EMAIL).await.tokens.expect("logged in");
    let copies = sessions - 1;
    let copy = format!(
        "{PATIENCE} INSERT INTO user_sessions (session_id, generation, {COLUMNS}) \
         SELECT CAST(gen_random_uuid() AS text), 1, {COLUMNS} \
         FROM user_sessions, generate_series(1, {copies}); ANALYZE user_sessions"
    );
    auth.database.execute(&copy).await;
    let tokens = auth.log_in(EMAIL).await.tokens.expect("logged in");
    (auth, tokens.access_token)
}

async fn one_statement(size: u32) {
    let (auth, _token) = begin(size).await;
    let update = format!(
        "{PATIENCE} UPDATE user_sessions SET is_active = false, ended_at = now(), \
         end_reason = 'revoked_by_owner' WHERE is_active"
    );
    let start = Instant::now();
    auth.database.execute(&update).await;
    println!("  one UPDATE by hand:   {:>8.2?}", start.elapsed());
}

async fn revoke_all(size: u32) {
    let (auth, token) = begin(size).await;
    let (mut calls, mut longest, start) = (0, Duration::ZERO, Instant::now());
    loop {
        let request = RevokeAllSessionsRequest {
            keep_current: Some(true),
        };
        let mut request = with_token(request, &token);
        // as long as a call has where its caller names no deadline
        request.set_timeout(Duration::from_secs(10));
        let call = Instant::now();
        let answer = auth.client().revoke_all_sessions(request).await;
        calls += 1;
        longest = longest.max(call.elapsed());
        match answer {
            Ok(_) => break,
            // time ran out: what is ended stays ended
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
    }
    let whole = start.elapsed();
    println!(
        "  RevokeAllSessions:    {whole:>8.2?} in {calls} calls, the longest {longest:.2?}; {:.0} sessions a second",
        f64::from(size) / whole.as_secs_f64()
    );
}

async fn change_password(size: u32) {
    let (auth, token) = begin(size).await;
    let request = ChangePasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: "a quiet harbour".to_owned(),
    };
    let start = Instant::now();
    let answer = auth
        .client()
        .change_password(with_token(request, &token))
        .await;
    let answered = start.elapsed();
    let ended = answer.expect("changed").into_inner().ended_count;
    assert_eq!(u32::try_from(ended), Ok(size), "all others are refused");
    let mut every = tokio::time::interval(Duration::from_millis(100));
    let live = "SELECT CAST(COUNT(*) AS int) FROM user_sessions WHERE is_active";
    while auth.database.query_number(live).await > 1 {
        every.tick().await;
    }
    println!(
        "  ChangePassword:       {answered:>8.2?} to the answer, {:.2?} until the last row is ended",
        start.elapsed()
    );
}
