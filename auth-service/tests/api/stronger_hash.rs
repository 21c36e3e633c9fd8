//! A log-in replaces a hash that is weaker than what is written now, and ends no
//! session by it.

use crate::{
    many_sessions::multiply,
    rows::{eventually, text, texts},
    served::{Served, unauthenticated},
};
use contract::time::Clock;
use futures_util::future::join_all;
use proto::auth::v1::{ChangePasswordRequest, RevokeAllSessionsRequest, TokenPair};
use sea_orm::ConnectionTrait as _;
use std::time::Duration;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, refusal, with_token},
};

const EMAIL: &str = "sara@example.com";

async fn write_hash(auth: &Auth, hash: &str) {
    let script = format!("UPDATE users SET password = '{hash}' WHERE email = '{EMAIL}'");
    auth.database.execute(&script).await;
}

async fn hash(auth: &Auth) -> String {
    let query = format!("SELECT password FROM users WHERE email = '{EMAIL}'");
    text(&auth.database, &query).await.unwrap()
}

async fn assert_goes_on(replica: &impl Served, tokens: &TokenPair) {
    replica.validate(&tokens.access_token).await.expect("valid");
    let next = replica
        .refresh(&tokens.refresh_token)
        .await
        .expect("refreshed");
    replica.validate(&next.access_token).await.expect("valid");
}

testing::on_both_databases! {
    async fn of_sixteen_log_ins_at_once_on_a_weak_hash_all_sessions_go_on(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let url = database.url_as(Role::Auth);
        let many = ["--throttle-log-ins=1000"];
        let auth = Auth::start_through(database, &url, &many).await;
        let replica = auth.another_replica_with(&many).await;
        auth.add_customer(EMAIL).await;
        write_hash(&auth, &bcrypt::hash(PASSWORD, 4).unwrap()).await;
        let here = (0..8).map(|_| auth.replica.log_in_with(EMAIL, PASSWORD));
        let there = (0..8).map(|_| replica.log_in_with(EMAIL, PASSWORD));
        let begun = join_all(here.chain(there)).await;
        assert!(hash(&auth).await.starts_with("$argon2id$"));
        for tokens in begun {
            assert_goes_on(&auth, &tokens.expect("logged in")).await;
        }
        let digests = "SELECT DISTINCT password_digest FROM user_sessions";
        assert_eq!(texts(&auth.database, digests).await.len(), 1);
    }

    async fn sessions_begun_with_the_weaker_hash_go_on_and_no_others(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        auth.add_customer("omar@example.com").await;
        let theirs = auth.log_in("omar@example.com").await.tokens.unwrap();
        let dead = auth.log_in_with(EMAIL, PASSWORD).await.unwrap();
        // another text by another hand: what was begun before it is over
        write_hash(&auth, &bcrypt::hash(PASSWORD, 4).unwrap()).await;
        let weaker = auth.another_replica_with(&["--password-hash=bcrypt"]).await;
        let first = weaker.log_in_with(EMAIL, PASSWORD).await.unwrap();
        assert!(hash(&auth).await.starts_with("$2b$12$"), "stronger of its kind");
        let stays = weaker.log_in_with(EMAIL, PASSWORD).await.unwrap();
        let second = auth.log_in_with(EMAIL, PASSWORD).await.unwrap();
        let strong = hash(&auth).await;
        assert!(strong.starts_with("$argon2id$"));
        for tokens in [&first, &stays, &second, &theirs] {
            assert_goes_on(&weaker, tokens).await;
        }
        assert_eq!(refusal(auth.validate(&dead.access_token).await), unauthenticated("SESSION_USER_INVALID"));
        weaker.log_in_with(EMAIL, PASSWORD).await.unwrap();
        auth.log_in_with(EMAIL, PASSWORD).await.unwrap();
        assert_eq!(hash(&auth).await, strong, "never to and fro");
    }

    async fn with_many_sessions_the_hash_stays_as_it_is_and_the_log_in_does_not_wait(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        let old = bcrypt::hash(PASSWORD, 4).unwrap();
        write_hash(&auth, &old).await;
        let adopted = auth.another_replica_with(&["--password-hash=bcrypt"]).await;
        let first = adopted.log_in_with(EMAIL, PASSWORD).await.unwrap();
        let bcrypt = hash(&auth).await;
        multiply(&auth.database, 500).await;
        let second = auth.log_in_with(EMAIL, PASSWORD).await.unwrap();
        assert_eq!(hash(&auth).await, bcrypt, "not of so many");
        for tokens in [&first, &second] {
            assert_goes_on(&auth, tokens).await;
        }
        auth.database.execute("UPDATE user_sessions SET is_active = false WHERE id % 2 = 0").await;
        let third = auth.log_in_with(EMAIL, PASSWORD).await.unwrap();
        assert!(hash(&auth).await.starts_with("$argon2id$"));
        for tokens in [&first, &third] {
            assert_goes_on(&auth, tokens).await;
        }
        let digests = "SELECT DISTINCT password_digest FROM user_sessions WHERE is_active";
        assert_eq!(texts(&auth.database, digests).await.len(), 1);
    }

    async fn a_wrong_password_and_a_long_one_leave_the_hash_as_it_is(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        let long = "p".repeat(80);
        let old = bcrypt::hash(&long, 4).unwrap();
        write_hash(&auth, &old).await;
        for password in [&long, &long[..72], &format!("{}q", &long[..72])] {
            auth.log_in_with(EMAIL, password).await.expect("what bcrypt reads of it agrees");
            assert_eq!(hash(&auth).await, old);
        }
        assert!(auth.log_in_with(EMAIL, &long[..71]).await.is_err());
        assert_eq!(hash(&auth).await, old);
    }

    async fn rules_for_new_passwords_are_not_those_of_a_log_in(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(EMAIL).await;
        for password in ["short", "password1", EMAIL] {
            write_hash(&auth, &bcrypt::hash(password, 4).unwrap()).await;
            for _ in 0..2 {
                auth.log_in_with(EMAIL, password).await.expect("logged in");
                assert!(hash(&auth).await.starts_with("$argon2id$"), "{password}");
            }
        }
    }
}

/// Waits until so many calls wait for the user's row.
async fn waiting(auth: &Auth, calls: u32) {
    let waits = "SELECT CAST(COUNT(*) AS text) FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%NO KEY UPDATE%'";
    eventually("calls wait for the user's row", async || {
        text(&auth.database, waits).await == Some(calls.to_string())
    })
    .await;
}

/// PostgreSQL alone lets a test see who waits for a row, and in which order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_password_between_verification_and_insertion_refuses_the_log_in() {
    for weak in [false, true] {
        let auth = Auth::start(Kind::Postgres).await;
        auth.add_customer(EMAIL).await;
        let current = auth.log_in(EMAIL).await.tokens.unwrap();
        if weak {
            // as a session that was begun with it
            let hash = bcrypt::hash(PASSWORD, 4).unwrap();
            let digest = auth_service::model::PasswordHash::new(hash.clone()).digest();
            write_hash(&auth, &hash).await;
            let begun = format!("UPDATE user_sessions SET password_digest = '{digest}'");
            auth.database.execute(&begun).await;
        }
        let pool = auth.database.open(&Clock::system()).await;
        let lock = pool.begin().await.unwrap();
        lock.execute_unprepared("SELECT id FROM users FOR UPDATE")
            .await
            .unwrap();

        let change = ChangePasswordRequest {
            current_password: PASSWORD.to_owned(),
            new_password: "a quiet harbour".to_owned(),
        };
        let mut change = with_token(change, &current.access_token);
        change.set_timeout(Duration::from_secs(30));
        let mut client = auth.client();
        let changing = tokio::spawn(async move { client.change_password(change).await });
        waiting(&auth, 1).await;
        let replica = auth.another_replica().await;
        let logging_in = tokio::spawn(async move { replica.log_in_with(EMAIL, PASSWORD).await });
        waiting(&auth, 2).await;
        lock.commit().await.unwrap();

        changing.await.unwrap().expect("changed");
        let refused = refusal(logging_in.await.unwrap());
        assert_eq!(refused, unauthenticated("CREDENTIALS_INVALID"));
        let sessions = "SELECT CAST(COUNT(*) AS text) FROM user_sessions";
        assert_eq!(text(&auth.database, sessions).await.as_deref(), Some("1"));
        assert_goes_on(&auth, &current).await;
        auth.log_in_with(EMAIL, "a quiet harbour")
            .await
            .expect("the new one");
    }
}

/// A log-in that replaces the hash holds the sessions' rows while another call waits for them. PostgreSQL alone
/// lets that call read meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_whose_digests_move_while_they_are_waited_for_are_live() {
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer(EMAIL).await;
    auth.log_in(EMAIL).await.tokens.unwrap();
    multiply(&auth.database, 100).await;
    let current = auth.log_in(EMAIL).await.tokens.unwrap();
    let pool = auth.database.open(&Clock::system()).await;
    let moving = pool.begin().await.unwrap();
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let digest = auth_service::model::PasswordHash::new(hash.clone()).digest();
    for change in [
        format!("UPDATE users SET password = '{hash}'"),
        format!("UPDATE user_sessions SET password_digest = '{digest}'"),
    ] {
        moving.execute_unprepared(&change).await.unwrap();
    }
    let all = RevokeAllSessionsRequest {
        keep_current: Some(false),
    };
    let all = with_token(all, &current.access_token);
    let mut client = auth.client();
    let ending = tokio::spawn(async move { client.revoke_all_sessions(all).await });
    waiting(&auth, 1).await;
    moving.commit().await.unwrap();
    let ended = ending.await.unwrap().expect("ended").into_inner();
    assert_eq!(ended.ended_count, 102);
}
