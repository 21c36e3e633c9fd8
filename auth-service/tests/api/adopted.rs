//! P7: on a database that was the old application's, log-in goes on with what
//! stands there, and nothing is written that it could not read.

use crate::{rows::text, served::Served as _};
use proto::auth::v1::{CreateSessionRequest, RegisterRequest};
use shared::time::Clock;
use testing::{Kind, TestDatabase, auth::Auth};

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
    migrations::up(&pool).await.expect("taken over");
    pool.connection().close_by_ref().await.unwrap();
    Auth::start_on(database).await
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_old_passwords_log_in_and_stay_as_they_were() {
    let long = "p".repeat(80);
    // Arabic with a combining mark, as some keyboards send it
    let decomposed = "كلمة السر\u{0650} 1";
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
        let now = text(
            &auth.database,
            &format!("SELECT password FROM users WHERE email = '{email}'"),
        )
        .await;
        assert_eq!(now.as_deref(), Some(*hash), "nothing is hashed anew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_a_new_password_is_written_as_the_old_application_reads_it() {
    let auth = adopted(&[]).await;
    let request = RegisterRequest {
        name: "New".to_owned(),
        email: "new@example.com".to_owned(),
        phone: "+966 50 000 0000".to_owned(),
        password: "correct horse battery".to_owned(),
        ..RegisterRequest::default()
    };
    auth.client().register(request).await.expect("registered");
    let hash = text(&auth.database, "SELECT password FROM users")
        .await
        .unwrap();
    assert!(hash.starts_with("$2b$12$"), "not for the old application");
    assert!(bcrypt::verify("correct horse battery", &hash).unwrap());
}
