//! ChangePassword: the one in force for a new one, and the end of every session
//! but the caller's.

use crate::{
    rows::{eventually, text, texts},
    served::{Served, unauthenticated},
};
use contract::time::Clock;
use proto::auth::v1::{ChangePasswordRequest, TokenPair};
use sea_orm::ConnectionTrait as _;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, refusal, with_token},
};
use tonic::{Code, Status};

const NEW: &str = "another horse battery";
const EMAIL: &str = "sara@example.com";

async fn change(
    replica: &impl Served,
    token: &str,
    current: &str,
    new: &str,
) -> Result<i32, Status> {
    let request = ChangePasswordRequest {
        current_password: current.to_owned(),
        new_password: new.to_owned(),
    };
    let request = with_token(request, token);
    let answer = replica.public_client().change_password(request).await;
    answer.map(|answer| answer.into_inner().ended_count)
}

async fn start(kind: Kind) -> (Auth, TokenPair) {
    let auth = Auth::start(kind).await;
    auth.add_customer(EMAIL).await;
    let tokens = auth.log_in(EMAIL).await.tokens.unwrap();
    (auth, tokens)
}

fn wrong() -> (Code, String) {
    (Code::PermissionDenied, "CURRENT_PASSWORD_WRONG".to_owned())
}

/// What stands in the rows: the password, and each session's standing.
async fn rows(auth: &Auth) -> Vec<Option<String>> {
    let sessions = "SELECT session_id || COALESCE(end_reason, '-') || password_digest FROM user_sessions ORDER BY id";
    let mut rows = texts(&auth.database, "SELECT password FROM users ORDER BY id").await;
    rows.extend(texts(&auth.database, sessions).await);
    rows
}

testing::on_both_databases! {
    async fn the_other_sessions_end_at_once_and_the_callers_goes_on(kind: Kind) {
        let (auth, current) = start(kind).await;
        let replica = auth.another_replica().await;
        let mut others = Vec::new();
        for _ in 0..3 {
            others.push(auth.log_in(EMAIL).await.tokens.unwrap());
            replica.validate(&others.last().unwrap().access_token).await.expect("valid");
        }
        auth.add_customer("omar@example.com").await;
        let theirs = auth.log_in("omar@example.com").await.tokens.unwrap();

        assert_eq!(change(&auth, &current.access_token, PASSWORD, NEW).await.unwrap(), 3);
        for tokens in &others {
            for replica in [&auth.replica, &replica] {
                let ended = unauthenticated("SESSION_ENDED");
                assert_eq!(refusal(replica.validate(&tokens.access_token).await), ended);
                assert_eq!(refusal(replica.refresh(&tokens.refresh_token).await), ended);
            }
        }
        let reasons = "SELECT DISTINCT end_reason FROM user_sessions WHERE NOT is_active";
        assert_eq!(texts(&auth.database, reasons).await, [Some("password_changed".to_owned())]);
        replica.validate(&theirs.access_token).await.expect("somebody else's");
        replica.validate(&current.access_token).await.expect("the caller's");
        let next = replica.refresh(&current.refresh_token).await.expect("the caller's");
        replica.validate(&next.access_token).await.expect("the caller's");
        assert_eq!(refusal(replica.log_in_with(EMAIL, PASSWORD).await), unauthenticated("CREDENTIALS_INVALID"));
        replica.log_in_with(EMAIL, NEW).await.expect("the new one");
    }

    async fn the_old_applications_sessions_of_the_user_end_as_well(kind: Kind) {
        let (auth, current) = start(kind).await;
        let columns = "user_id, expires_at, device_info";
        for id in ["sess_1", "sess_2"] {
            auth.database
                .execute(&format!("INSERT INTO user_sessions (session_id, {columns}) SELECT '{id}', {columns} FROM user_sessions WHERE generation = 1"))
                .await;
        }
        assert_eq!(change(&auth, &current.access_token, PASSWORD, NEW).await.unwrap(), 0);
        let left = "SELECT CAST(COUNT(*) AS text) FROM user_sessions WHERE is_active AND generation IS NULL";
        assert_eq!(text(&auth.database, left).await.as_deref(), Some("0"));
    }

    async fn a_wrong_current_password_changes_nothing(kind: Kind) {
        let (auth, current) = start(kind).await;
        auth.log_in(EMAIL).await;
        let before = rows(&auth).await;
        for guess in ["wrong horse battery", "x", &PASSWORD[..PASSWORD.len() - 1], &format!("{PASSWORD} ")] {
            assert_eq!(refusal(change(&auth, &current.access_token, guess, NEW).await), wrong(), "{guess}");
        }
        assert_eq!(rows(&auth).await, before);
        auth.validate(&current.access_token).await.expect("no reason to log out");
    }

    async fn a_new_password_keeps_the_rules_of_a_registration(kind: Kind) {
        let (auth, current) = start(kind).await;
        let before = rows(&auth).await;
        let invalid = (Code::InvalidArgument, "FIELD_INVALID".to_owned());
        for new in ["", "1234567", "a\0bcdefgh", "PassWord1", "Sara@Example.COM", "sara@example.com", &"x".repeat(129), &"x".repeat(2_000)] {
            let status = change(&auth, &current.access_token, PASSWORD, new).await.unwrap_err();
            assert!(status.message().contains("new_password"), "{status}");
            assert_eq!(refusal::<()>(Err(status)), invalid);
        }
        let status = change(&auth, &current.access_token, "", NEW).await.unwrap_err();
        assert!(status.message().contains("current_password"), "{status}");
        assert_eq!(rows(&auth).await, before);
    }

    async fn of_two_changes_at_once_one_wins(kind: Kind) {
        let (auth, first) = start(kind).await;
        let replica = auth.another_replica().await;
        let mut in_force = PASSWORD.to_owned();
        for round in 0..3 {
            // of one session, then of two
            let second = if round == 0 { first.clone() } else { auth.log_in_with(EMAIL, &in_force).await.unwrap() };
            let third = auth.log_in_with(EMAIL, &in_force).await.unwrap();
            let caller = if round == 0 { first.clone() } else { third };
            let news = [format!("the first of {round}"), format!("the second of {round}")];
            let answers = tokio::join!(
                change(&auth, &caller.access_token, &in_force, &news[0]),
                change(&replica, &second.access_token, &in_force, &news[1]),
            );
            let (won, lost, winner) = match answers {
                (Ok(_), Err(lost)) => (&news[0], lost, &caller),
                (Err(lost), Ok(_)) => (&news[1], lost, &second),
                answers => panic!("{answers:?}"),
            };
            let lost = refusal::<()>(Err(lost));
            // its session may have been refused, or ended, before it was validated
            let over = ["SESSION_USER_INVALID", "SESSION_ENDED"].map(unauthenticated);
            assert!(lost == wrong() || over.contains(&lost), "{lost:?}");
            auth.validate(&winner.access_token).await.expect("the winner's session");
            in_force.clone_from(won);
            auth.log_in_with(EMAIL, &in_force).await.expect("what the winner wrote");
        }
    }

    async fn no_log_in_with_the_old_password_outlives_the_change(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let url = database.url_as(Role::Auth);
        let auth = Auth::start_through(database, &url, &["--throttle-log-ins=1000"]).await;
        auth.add_customer(EMAIL).await;
        let current = auth.log_in(EMAIL).await.tokens.unwrap();
        let replica = auth.another_replica().await;
        let mut tokens = current;
        let mut in_force = PASSWORD.to_owned();
        for round in 0..3 {
            let next = format!("the password {round}");
            let log_ins = async {
                let mut begun = Vec::new();
                for _ in 0..4 {
                    let (one, two) = tokio::join!(replica.log_in_with(EMAIL, &in_force), auth.log_in_with(EMAIL, &in_force));
                    begun.extend([one, two].into_iter().flatten());
                }
                begun
            };
            let (changed, begun) = tokio::join!(change(&auth, &tokens.access_token, &in_force, &next), log_ins);
            changed.expect("changed");
            for old in begun {
                assert_eq!(refusal(auth.validate(&old.access_token).await), unauthenticated("SESSION_ENDED"));
                assert_eq!(refusal(auth.refresh(&old.refresh_token).await), unauthenticated("SESSION_ENDED"));
            }
            tokens = auth.refresh(&tokens.refresh_token).await.expect("the caller's goes on");
            in_force = next;
        }
    }

    async fn a_refresh_under_way_brings_no_other_session_back(kind: Kind) {
        let (auth, current) = start(kind).await;
        let replica = auth.another_replica().await;
        let mut other = auth.log_in(EMAIL).await.tokens.unwrap();
        let refreshes = async {
            // until it is refused
            for _ in 0..1_000 {
                let both = tokio::join!(replica.refresh(&other.refresh_token), auth.refresh(&current.refresh_token));
                both.1.expect("the caller's is never refused");
                match both.0 {
                    Ok(next) => other = next,
                    Err(status) => return refusal::<()>(Err(status)),
                }
            }
            panic!("never refused");
        };
        let (changed, refused) = tokio::join!(change(&auth, &current.access_token, PASSWORD, NEW), refreshes);
        assert_eq!(changed.unwrap(), 1);
        let over = ["SESSION_USER_INVALID", "SESSION_ENDED"].map(unauthenticated);
        assert!(over.contains(&refused), "{refused:?}");
        assert_eq!(refusal(auth.refresh(&other.refresh_token).await), over[1]);
        auth.refresh(&current.refresh_token).await.expect("the caller's goes on");
    }

    async fn an_old_hash_of_bcrypt_gives_way_to_what_is_written_now(kind: Kind) {
        let (auth, _) = start(kind).await;
        let old = bcrypt::hash(PASSWORD, 4).unwrap();
        auth.database.execute(&format!("UPDATE users SET password = '{old}'")).await;
        let current = auth.log_in(EMAIL).await.tokens.unwrap();
        change(&auth, &current.access_token, PASSWORD, NEW).await.unwrap();
        let now = text(&auth.database, "SELECT password FROM users").await.unwrap();
        assert!(now.starts_with("$argon2id$"), "made by `up`, not adopted");
    }
}

/// Runs a change that waits for the row of the user until something else of that
/// row is committed, and gives its answer.
async fn change_behind(auth: &Auth, tokens: &TokenPair, script: &str) -> Result<i32, Status> {
    let pool = auth.database.open(&Clock::system()).await;
    let lock = pool.begin().await.unwrap();
    let locked = "SELECT id FROM users FOR UPDATE; SELECT id FROM user_sessions FOR UPDATE";
    lock.execute_unprepared(locked).await.unwrap();
    let (client, token) = (auth.replica.public_client(), tokens.access_token.clone());
    let call = tokio::spawn(async move {
        let request = ChangePasswordRequest {
            current_password: PASSWORD.to_owned(),
            new_password: NEW.to_owned(),
        };
        let mut client = client;
        client.change_password(with_token(request, &token)).await
    });
    let waits = "SELECT CAST(COUNT(*) AS text) FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%NO KEY UPDATE%'";
    eventually("the change waits for the user's row", async || {
        text(&auth.database, waits).await.as_deref() != Some("0")
    })
    .await;
    lock.execute_unprepared(script).await.unwrap();
    lock.commit().await.unwrap();
    let answer = call.await.unwrap();
    answer.map(|answer| answer.into_inner().ended_count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_between_verification_and_writing_refuses_the_new_password() {
    let ended = "UPDATE user_sessions SET is_active = false, end_reason = 'logged_out'";
    let disabled = "UPDATE users SET is_active = false";
    let elsewhere = format!(
        "UPDATE users SET password = '{}'",
        bcrypt::hash("a password of another hand", 4).unwrap()
    );
    let rehashed = format!(
        "UPDATE users SET password = '{}'",
        bcrypt::hash(PASSWORD, 4).unwrap()
    );
    for (script, expected) in [
        (ended, unauthenticated("SESSION_ENDED")),
        (disabled, unauthenticated("SESSION_USER_INVALID")),
        (&elsewhere, wrong()),
        // verified once more, and right; but the session was begun with another text
        (&rehashed, unauthenticated("SESSION_ENDED")),
    ] {
        let (auth, tokens) = start(Kind::Postgres).await;
        assert_eq!(
            refusal(change_behind(&auth, &tokens, script).await),
            expected,
            "{script}"
        );
        let stands = text(&auth.database, "SELECT password FROM users")
            .await
            .unwrap();
        assert_ne!(
            auth.log_in_with(EMAIL, NEW)
                .await
                .map_err(|status| status.code())
                .err(),
            None,
            "{stands}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_begun_between_verification_and_writing_ends() {
    let (auth, tokens) = start(Kind::Postgres).await;
    // as a log-in that holds the user's row inserts it
    let columns = "user_id, expires_at, created_at, generation, rotated_at, absolute_expires_at, password_digest";
    let begun = format!(
        "INSERT INTO user_sessions (session_id, {columns}) \
         SELECT CAST(gen_random_uuid() AS text), {columns} FROM user_sessions"
    );
    assert_eq!(change_behind(&auth, &tokens, &begun).await.unwrap(), 1);
    auth.validate(&tokens.access_token)
        .await
        .expect("the caller's goes on");
}
