//! Whatever a log-in is refused for, it is the same statements and the same work, so
//! that no clock tells who has an account.

use crate::throttle::{WORK, WRONG, is_wrong, log_in};
use auth_service::passwords::Cost;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD},
    tap::Tap,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refused_log_in_is_the_same_statements_and_the_same_work() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let tap = Tap::start(&database).await;
    let url = database.url_tapped(&tap, Role::Auth);
    let auth = Auth::start_through(database, &url, &[]).await;
    let emails = ["argon2id", "bcrypt-10", "bcrypt-12", "disabled", "deleted"];
    for email in emails {
        auth.add_customer(email).await;
    }
    for cost in [10, 12] {
        let hash = bcrypt::hash(PASSWORD, cost).unwrap();
        let update = format!("UPDATE users SET password = '{hash}' WHERE email = 'bcrypt-{cost}'");
        auth.database.execute(&update).await;
    }
    let disable = "UPDATE users SET is_active = false WHERE email = 'disabled'; \
         UPDATE users SET is_deleted = true WHERE email = 'deleted'";
    auth.database.execute(disable).await;
    // the first call also opens the connection
    is_wrong(log_in(&auth, "nobody at all", WRONG).await);
    let mut expected = None;
    let attempts = [
        ("nobody", WRONG),
        ("argon2id", WRONG),
        ("bcrypt-10", WRONG),
        ("bcrypt-12", WRONG),
        ("disabled", WRONG),
        ("disabled", PASSWORD),
        ("deleted", PASSWORD),
    ];
    for (email, password) in attempts {
        let before = auth.replica.password_work.done();
        let _earlier = tap.taken();
        is_wrong(log_in(&auth, email, password).await);
        let after = auth.replica.password_work.done();
        let work = Cost {
            bcrypt_rounds: after.bcrypt_rounds - before.bcrypt_rounds,
            argon2_kib: after.argon2_kib - before.argon2_kib,
        };
        assert_eq!(work, WORK, "{email}");
        let mut statements = tap.taken();
        // the audit log's writer works beside the calls, in transactions of its own
        statements.retain(|statement| {
            !["BEGIN", "COMMIT"].contains(&statement.as_str())
                && !statement.contains("ticketing_audit_events")
        });
        assert_eq!(statements.len(), 4, "the tap works: {statements:?}");
        let expected = expected.get_or_insert_with(|| statements.clone());
        assert_eq!(&statements, expected, "{email}");
    }
}
