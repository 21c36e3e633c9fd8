//! On a database that was the old application's, log-in goes on with what
//! stands there, and nothing is written that it could not read.

use crate::{rows::text, served::Served as _};
use contract::time::Clock;
use proto::auth::v1::{ChangePasswordRequest, CreateSessionRequest, RegisterRequest};
use std::process::Command;
use testing::{
    Kind, TestDatabase,
    auth::{Auth, with_token},
};

const OLD_APPLICATION: &str =
    include_str!("../../../migrations/tests/fixtures/old_application.sql");

/// The old application's database with users, taken over.
async fn adopted(users: &[(&str, &str)]) -> Auth {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database.execute(OLD_APPLICATION).await;
    database.execute(migrations::SEED).await;
    for (email, hash) in users {
        database
            .execute(&format!(
                "INSERT INTO users (name, email, password, role_id, user_type) \
                 SELECT '{email}', '{email}', '{hash}', id, 'customer' FROM roles WHERE name = 'customer'"
            ))
            .await;
    }
    let pool = database.open(&Clock::system()).await;
    migrations::up(&pool, &|_| ()).await.expect("taken over");
    pool.connection().close_by_ref().await.unwrap();
    database.grant().await;
    Auth::start_on(database).await
}

#[tokio::test(flavor = "multi_thread")]
async fn old_passwords_log_in_and_stay_as_they_were() {
    let long = "p".repeat(80);
    // Arabic with alef and maddah apart, as some keyboards send them
    let decomposed = "القرا\u{653}ن سر";
    let hashes: Vec<String> = [
        (long.as_str(), 10, "$2a$"),
        (decomposed, 10, "$2b$"),
        (&long, 12, "$2b$"),
    ]
    .map(|(password, cost, prefix)| {
        bcrypt::hash(password, cost)
            .unwrap()
            .replacen("$2b$", prefix, 1)
    })
    .into();
    let users = [
        ("a@example.com", &*hashes[0]),
        ("b@example.com", &hashes[1]),
        ("c@example.com", &hashes[2]),
    ];
    let auth = adopted(&users).await;
    for ((email, hash), password) in users.iter().zip([&long, decomposed, &long]) {
        let request = CreateSessionRequest {
            email: (*email).to_owned(),
            password: password.to_owned(),
            device_info: String::new(),
        };
        let answer = auth
            .client()
            .create_session(request)
            .await
            .unwrap()
            .into_inner();
        auth.validate(&answer.tokens.unwrap().access_token)
            .await
            .expect("valid");
        let now = hash_of(&auth, email).await;
        assert_eq!(now, *hash, "nothing is hashed anew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_chooses_a_hash_has_it_written_at_log_ins_too() {
    let old = bcrypt::hash("correct horse battery", 4).unwrap();
    let auth = adopted(&[("a@example.com", &old)]).await;
    for (scheme, prefix) in [
        ("auto", &old[..]),
        ("bcrypt", "$2b$12$"),
        ("argon2id", "$argon2id$"),
    ] {
        let replica = auth
            .another_replica_with(&[&format!("--password-hash={scheme}")])
            .await;
        let request = CreateSessionRequest {
            email: "a@example.com".to_owned(),
            password: "correct horse battery".to_owned(),
            device_info: String::new(),
        };
        let answer = replica.client().create_session(request).await.unwrap();
        let tokens = answer.into_inner().tokens.unwrap();
        auth.validate(&tokens.access_token).await.expect("valid");
        let now = hash_of(&auth, "a@example.com").await;
        assert!(now.starts_with(prefix), "{scheme}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_is_written_as_the_old_application_reads_it() {
    let auth = adopted(&[]).await;
    register(&auth, "new@example.com", "correct horse battery").await;
    let hash = hash_of(&auth, "new@example.com").await;
    assert!(hash.starts_with("$2b$12$"), "not for the old application");
    assert!(bcrypt::verify("correct horse battery", &hash).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_library_accepts_every_hash_that_is_left() {
    let long = "p".repeat(80);
    // 72 bytes, the most that may be new, and the alef and its maddah apart
    let new = format!("القرا\u{653}ن {}", "n".repeat(57));
    let old = bcrypt::hash(&long, 4).unwrap();
    let auth = adopted(&[("old@example.com", &old.replacen("$2b$", "$2a$", 1))]).await;
    let request = CreateSessionRequest {
        email: "old@example.com".to_owned(),
        password: long.clone(),
        device_info: String::new(),
    };
    auth.client()
        .create_session(request)
        .await
        .expect("logged in");
    register(&auth, "new@example.com", &new).await;
    for (email, password) in [("old@example.com", &long), ("new@example.com", &new)] {
        let hash = hash_of(&auth, email).await;
        assert!(another_library_accepts(password, &hash), "{hash}");
        let other = password.replacen(['p', 'n'], "q", 1);
        assert!(!another_library_accepts(&other, &hash), "{hash}");
        assert!(!another_library_accepts("", &hash), "{hash}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_library_accepts_a_changed_password() {
    let old = "p".repeat(80);
    let hash = bcrypt::hash(&old, 4).unwrap().replacen("$2b$", "$2a$", 1);
    let auth = adopted(&[("old@example.com", &hash)]).await;
    let request = CreateSessionRequest {
        email: "old@example.com".to_owned(),
        password: old.clone(),
        device_info: String::new(),
    };
    let answer = auth.client().create_session(request).await.unwrap();
    let token = answer.into_inner().tokens.unwrap().access_token;
    // 72 bytes, the most that may be new, and the alef and its maddah apart
    let new = format!("القرا\u{653}ن {}", "n".repeat(57));
    let change = ChangePasswordRequest {
        current_password: old.clone(),
        new_password: new.clone(),
    };
    let change = auth
        .client()
        .change_password(with_token(change, &token))
        .await;
    change.expect("changed");
    let left = hash_of(&auth, "old@example.com").await;
    assert!(left.starts_with("$2b$12$"), "not for the old application");
    assert!(another_library_accepts(&new, &left), "{left}");
    assert!(!another_library_accepts(&old, &left), "{left}");
    auth.validate(&token).await.expect("the session goes on");

    let long = ChangePasswordRequest {
        current_password: new,
        new_password: "n".repeat(73),
    };
    let long = auth
        .client()
        .change_password(with_token(long, &token))
        .await;
    assert_eq!(long.unwrap_err().code(), tonic::Code::InvalidArgument);
}

async fn register(auth: &Auth, email: &str, password: &str) {
    let request = RegisterRequest {
        name: "New".to_owned(),
        email: email.to_owned(),
        phone: "+966 50 000 0000".to_owned(),
        password: password.to_owned(),
        ..RegisterRequest::default()
    };
    auth.client().register(request).await.expect("registered");
}

async fn hash_of(auth: &Auth, email: &str) -> String {
    let query = format!("SELECT password FROM users WHERE email = '{email}'");
    text(&auth.database, &query).await.expect("a user")
}

/// Asks the system's crypt, a library in C, by way of Perl, which every Debian has.
fn another_library_accepts(password: &str, hash: &str) -> bool {
    let made = Command::new("perl")
        .args(["-e", "print crypt($ENV{PASSWORD}, $ENV{HASH})"])
        .env("PASSWORD", password)
        .env("HASH", hash)
        .output()
        .expect("perl");
    let made = String::from_utf8(made.stdout).unwrap();
    assert!(made.starts_with("$2"), "crypt knows no bcrypt: {made:?}");
    made == hash
}
