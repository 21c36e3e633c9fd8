//! Signing keys: which signs, which verify, and how a rotation goes.

use crate::{
    forge::{Forged, key_name},
    served::{Served as _, unauthenticated},
};
use auth_service::{
    model::{Generation, Refusal},
    tokens::{InvalidKeys, KeyName, KeyRing, TokenKind, Tokens, generate_key},
};
use contract::{
    bearer::BearerToken,
    ids::{SessionId, UserId},
    time::{Clock, Timestamp},
};
use secrecy::ExposeSecret as _;
use std::{
    path::PathBuf,
    sync::{Arc, Barrier},
    time::Duration,
};
use testing::{
    Kind,
    auth::{Auth, refusal},
};

const HOUR: i64 = 3_600;
/// How long a key that appears late waits.
const TEN_MINUTES: Duration = Duration::from_mins(10);
/// How long an unknown key name is not looked for again.
const COOL_DOWN: Duration = Duration::from_secs(5);

/// A directory of keys, and a clock that stands, so that no time passes but what a
/// test lets pass.
struct Keys {
    folder: tempfile::TempDir,
    clock: Clock,
}

impl Keys {
    /// With a key for each number of seconds from now.
    fn at(times: &[i64]) -> Self {
        let keys = Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Clock::system().stopped_at(Clock::system().now()),
        };
        for seconds in times {
            keys.add(*seconds);
        }
        keys
    }

    fn add(&self, seconds: i64) -> KeyName {
        let time = Timestamp::from_seconds(self.clock.now().seconds() + seconds);
        let name = KeyName::at(time);
        generate_key(self.folder.path(), name).unwrap();
        name
    }

    fn remove(&self, name: &str) {
        std::fs::remove_file(self.folder.path().join(format!("{name}.pem"))).unwrap();
    }

    fn open(&self) -> Result<Arc<KeyRing>, InvalidKeys> {
        KeyRing::open(self.folder.path().to_owned(), self.clock.clone()).map(Arc::new)
    }

    /// A fresh process on the same directory.
    fn restarted(&self) -> Tokens {
        tokens_of(&self.open().unwrap())
    }
}

fn tokens_of(ring: &Arc<KeyRing>) -> Tokens {
    let (issuer, audience) = ("issuer".to_owned(), "audience".to_owned());
    Tokens::new(Arc::clone(ring), issuer, audience)
}

pub(crate) fn issue(tokens: &Tokens) -> String {
    let end = Timestamp::from_seconds(99_999_999_999);
    let session = SessionId::random();
    let now = Clock::system().now();
    let token = tokens.issue(
        TokenKind::Access,
        UserId(1),
        session,
        Generation(1),
        now,
        end,
    );
    token.unwrap().text.expose_secret().to_owned()
}

fn verify(tokens: &Tokens, token: &str) -> Result<(), Refusal> {
    let token = BearerToken::new(token.to_owned()).unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    let verified = runtime.block_on(tokens.verify(TokenKind::Access, &token));
    verified.map(|_| ())
}

#[test]
fn the_newest_key_past_its_time_signs_and_all_verify() {
    let keys = Keys::at(&[-3 * HOUR, -2 * HOUR, HOUR]);
    let ring = keys.open().unwrap();
    let tokens = tokens_of(&ring);
    let before = issue(&tokens);
    let newest = KeyName::at(Timestamp::from_seconds(
        keys.clock.now().seconds() - 2 * HOUR,
    ));
    assert_eq!(key_name(&before).parse::<KeyName>().unwrap(), newest);
    // the key ahead of its time does not sign before it, and then does
    keys.clock.advance(Duration::from_secs(3_590));
    assert_eq!(key_name(&issue(&tokens)), key_name(&before));
    keys.clock.advance(Duration::from_secs(20));
    let after = issue(&tokens);
    assert!(key_name(&after) > key_name(&before));
    for token in [before, after] {
        assert_eq!(verify(&tokens, &token), Ok(()));
    }
}

#[test]
fn a_key_ahead_of_its_time_verifies_already() {
    let keys = Keys::at(&[-HOUR, HOUR]);
    let tokens = keys.restarted();
    let ahead = Keys {
        folder: keys.folder,
        clock: Clock::system(),
    };
    ahead.clock.advance(Duration::from_hours(2));
    let early = issue(&ahead.restarted());
    assert!(key_name(&early) > key_name(&issue(&tokens)));
    assert_eq!(
        verify(&tokens, &early),
        Ok(()),
        "another replica's clock is fast"
    );
}

#[test]
fn a_key_that_appears_after_its_time_signs_ten_minutes_later() {
    let keys = Keys::at(&[-HOUR]);
    let ring = keys.open().unwrap();
    let tokens = tokens_of(&ring);
    let old = key_name(&issue(&tokens));
    keys.add(-60);
    ring.reread().unwrap();
    assert_eq!(key_name(&issue(&tokens)), old);
    keys.clock.advance(Duration::from_secs(590));
    ring.reread().unwrap();
    assert_eq!(key_name(&issue(&tokens)), old);
    keys.clock.advance(Duration::from_secs(20));
    assert_ne!(key_name(&issue(&tokens)), old);
}

#[test]
fn a_restart_goes_on_with_the_key_that_signed() {
    let keys = Keys::at(&[-30 * 24 * HOUR, -8 * 24 * HOUR]);
    let newest = key_name(&issue(&keys.restarted()));
    let signs_from = newest.parse::<KeyName>().unwrap().signs_from();
    assert!(
        keys.clock.now().since(signs_from) < Duration::from_hours(9 * 24),
        "{newest}"
    );
    // but other replicas may not know yet a key whose time has just come
    let late = keys.add(-60).to_string();
    assert_eq!(key_name(&issue(&keys.restarted())), newest);
    keys.clock.advance(TEN_MINUTES);
    assert_eq!(key_name(&issue(&keys.restarted())), late);
}

#[test]
fn a_late_key_signs_at_once_where_there_is_no_older_one() {
    let keys = Keys::at(&[-HOUR]);
    let ring = keys.open().unwrap();
    let tokens = tokens_of(&ring);
    let old = key_name(&issue(&tokens));
    keys.add(-60);
    keys.remove(&old);
    ring.reread().unwrap();
    assert_ne!(key_name(&issue(&tokens)), old);
}

#[test]
fn a_removed_keys_tokens_are_refused_though_their_signatures_were_remembered() {
    let keys = Keys::at(&[-2 * HOUR]);
    let first = keys.restarted();
    let old = issue(&first);
    keys.add(-HOUR);
    let ring = keys.open().unwrap();
    let tokens = tokens_of(&ring);
    let new = issue(&tokens);
    for token in [&old, &new] {
        assert_eq!(verify(&tokens, token), Ok(()));
    }
    keys.remove(&key_name(&old));
    ring.reread().unwrap();
    assert_eq!(verify(&tokens, &old), Err(Refusal::TokenKeyUnknown));
    assert_eq!(verify(&tokens, &new), Ok(()));
}

#[test]
fn another_key_under_the_same_name_takes_its_predecessors_tokens_along() {
    let keys = Keys::at(&[-HOUR]);
    let ring = keys.open().unwrap();
    let tokens = tokens_of(&ring);
    let old = issue(&tokens);
    assert_eq!(verify(&tokens, &old), Ok(()));
    let name = key_name(&old);
    keys.remove(&name);
    generate_key(keys.folder.path(), name.parse().unwrap()).unwrap();
    ring.reread().unwrap();
    assert_eq!(verify(&tokens, &old), Err(Refusal::TokenSignature));
}

#[test]
fn an_unknown_key_name_is_looked_for_once_a_cool_down() {
    let keys = Keys::at(&[-HOUR]);
    let ring = keys.open().unwrap();
    let tokens = tokens_of(&ring);
    let by_new_key = |seconds| {
        let name = keys.add(seconds).to_string();
        let file = keys.folder.path().join(format!("{name}.pem"));
        let token = Forged::from(&issue(&tokens)).header("kid", name);
        token.signed_by(&file)
    };
    let first = by_new_key(-30);
    assert_eq!(verify(&tokens, &first), Ok(()), "found at once");
    let second = by_new_key(-20);
    for _ in 0..3 {
        assert_eq!(
            verify(&tokens, &second),
            Err(Refusal::TokenKeyUnknown),
            "not yet looked for"
        );
    }
    keys.clock.advance(COOL_DOWN);
    assert_eq!(verify(&tokens, &second), Ok(()));
}

#[test]
fn callers_that_look_for_a_key_together_all_find_it() {
    // many keys, so that a look takes its time
    let old: Vec<i64> = (-28..0).map(|seconds| seconds - HOUR).collect();
    let keys = Keys::at(&old);
    let ring = keys.open().unwrap();
    let tokens = tokens_of(&ring);
    for seconds in [-40, -30, -20] {
        let name = keys.add(seconds).to_string();
        let file = keys.folder.path().join(format!("{name}.pem"));
        let token = Forged::from(&issue(&tokens)).header("kid", name);
        let token = token.signed_by(&file);
        let together = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    assert_eq!(verify(&tokens, &token), Ok(()));
                });
            }
        });
        keys.clock.advance(COOL_DOWN);
    }
}

#[test]
fn while_the_directory_cannot_be_used_the_keys_stay_as_they_were() {
    let keys = Keys::at(&[-HOUR]);
    let ring = keys.open().unwrap();
    let tokens = tokens_of(&ring);
    let token = issue(&tokens);
    let stray = keys.folder.path().join("notes.txt");
    std::fs::write(&stray, "half a file").unwrap();
    keys.remove(&key_name(&token));
    assert!(ring.reread().is_err());
    assert_eq!(verify(&tokens, &token), Ok(()));
    assert_eq!(key_name(&issue(&tokens)), key_name(&token));
    std::fs::remove_file(stray).unwrap();
    assert!(
        matches!(ring.reread(), Err(InvalidKeys::NoneSigns(_))),
        "empty by now"
    );
    assert_eq!(verify(&tokens, &token), Ok(()));
}

testing::on_both_databases! {
    async fn a_rotation_logs_nobody_out(kind: Kind) {
        let auth = Auth::start(kind).await;
        let other = auth.another_replica().await;
        auth.add_customer("sara@example.com").await;
        let by_old = auth.log_in("sara@example.com").await.tokens.unwrap();
        let old = key_name(&by_old.access_token);
        let directory: PathBuf = auth.folder.path().join("keys");
        let hour_ahead = KeyName::at(Timestamp::from_seconds(auth.clock.now().seconds() + HOUR));
        let file = generate_key(&directory, hour_ahead).unwrap();
        // a name that is not known makes a replica look
        let early = Forged::from(&by_old.access_token).header("kid", hour_ahead.to_string());
        for replica in [&auth.replica, &other] {
            replica.validate(&early.signed_by(&file)).await.expect("it verifies before it signs");
        }
        let before = auth.log_in("sara@example.com").await.tokens.unwrap();
        assert_eq!(key_name(&before.access_token), old);

        auth.clock.advance(Duration::from_secs(3_601));
        let by_new = auth.refresh(&by_old.refresh_token).await.expect("the old key verifies");
        assert_eq!(key_name(&by_new.access_token), hour_ahead.to_string());
        other.validate(&by_new.access_token).await.expect("on every replica");

        std::fs::remove_file(directory.join(format!("{old}.pem"))).unwrap();
        let unknown = Forged::from(&by_old.access_token).header("kid", "20200101T000000Z");
        assert_eq!(
            refusal(auth.validate(&unknown.signed_by(&file)).await),
            unauthenticated("TOKEN_KEY_UNKNOWN")
        );
        assert_eq!(
            refusal(auth.refresh(&by_old.refresh_token).await),
            unauthenticated("TOKEN_KEY_UNKNOWN"),
            "a key that went takes along what it signed"
        );
        auth.validate(&by_new.access_token).await.expect("the new key's");
    }
}
