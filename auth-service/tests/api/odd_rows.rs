//! Rows that should not be: each fails alone, and the others are served.

use crate::{
    process::{Process, configured},
    rows::eventually,
    served::{Served as _, unauthenticated},
};
use futures_util::future::join_all;
use proto::auth::v1::CreateSessionRequest;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, refusal},
};
use tonic::Code;

testing::on_both_databases! {
    async fn a_row_without_one_of_our_values_fails_alone(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        auth.add_customer("omar@example.com").await;
        let good = auth.log_in("omar@example.com").await.tokens.unwrap();
        for column in ["rotated_at", "absolute_expires_at", "password_digest", "created_at"] {
            let answer = auth.log_in("sara@example.com").await;
            let (odd, id) = (answer.tokens.unwrap(), answer.session.unwrap().session_id);
            auth.database.execute(&format!("UPDATE user_sessions SET {column} = NULL WHERE session_id = '{id}'")).await;
            let tokens = (0..24).map(|index| if index % 3 == 0 { &odd } else { &good });
            let answers = join_all(tokens.map(|pair| auth.validate(&pair.access_token))).await;
            for (index, answer) in answers.into_iter().enumerate() {
                if index % 3 == 0 {
                    let fault = refusal(answer);
                    assert_eq!(fault, (Code::Internal, "INTERNAL".to_owned()), "{column}");
                } else {
                    answer.expect("a session beside it");
                }
            }
            assert_eq!(refusal(auth.refresh(&odd.refresh_token).await).0, Code::Internal, "{column}");
            auth.revoke(&odd.access_token).await.expect("it can be ended");
        }
        let beside = auth.log_in("sara@example.com").await.tokens.unwrap();
        auth.list(&beside.access_token).await.expect("what ended is not listed");
    }

    async fn an_odd_row_is_left_out_of_its_owners_list(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let first = auth.log_in("sara@example.com").await.session.unwrap().session_id;
        let odd = auth.log_in("sara@example.com").await.session.unwrap().session_id;
        let last = auth.log_in("sara@example.com").await;
        auth.database.execute(&format!("UPDATE user_sessions SET rotated_at = NULL WHERE session_id = '{odd}'")).await;
        let token = last.tokens.unwrap().access_token;
        let listed = auth.list(&token).await.expect("the others");
        let ids: Vec<_> = listed.sessions.into_iter().map(|session| session.session_id).collect();
        assert_eq!(ids, [last.session.unwrap().session_id, first]);
    }

    async fn descriptions_of_a_session_are_cleaned_whoever_wrote_them(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let token = auth.log_in("sara@example.com").await.tokens.unwrap().access_token;
        let long = format!("'{}'", "x".repeat(100_000));
        let cases = [
            ("' phone \u{202e}\u{200b}\u{7}'", "'::ffff:203.0.113.9'", "phone", "203.0.113.9"),
            (&long, "'203.0.113.9, 10.0.0.1'", &"x".repeat(255), ""),
            ("''", "'<script>'", "", ""),
            ("NULL", "NULL", "", ""),
        ];
        let bytes = ("CAST(x'ff80fe' AS text)", "CAST(x'ff' AS text)", "", "");
        // PostgreSQL holds UTF-8 alone
        let bytes = (kind == Kind::Sqlite).then_some(bytes);
        for (device_info, ip_address, device_shown, address_shown) in cases.into_iter().chain(bytes) {
            auth.database
                .execute(&format!("UPDATE user_sessions SET device_info = {device_info}, ip_address = {ip_address}"))
                .await;
            let listed = auth.list(&token).await.expect("a list").sessions;
            assert_eq!(listed.len(), 1);
            assert_eq!(listed[0].device_info, device_shown);
            assert_eq!(listed[0].ip_address, address_shown);
            auth.validate(&token).await.expect("a good session");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_is_told_whose_hash_cannot_be_verified_and_not_the_hash() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(configured(folder.path(), &database.url_as(Role::Auth))).await;
    let rest = "AQcWV+SLrFdVXAuAwk3EVg$LlUcGdAbQwYVINlqZxVVhAXTR6Plss0OfcmOJaNaL2E";
    let absurd = format!("$argon2id$v=19$m=4194304,t=1,p=1${rest}");
    let values = "SELECT 4711, 'Sara', 'sara@example.com'";
    database
        .execute(&format!(
            "INSERT INTO users (id, name, email, password, role_id, user_type) \
             {values}, '{absurd}', id, 'customer' FROM roles WHERE name = 'customer'"
        ))
        .await;
    let request = CreateSessionRequest {
        email: "sara@example.com".to_owned(),
        password: PASSWORD.to_owned(),
        device_info: String::new(),
    };
    let answer = process.public_client().create_session(request).await;
    assert_eq!(refusal(answer), unauthenticated("CREDENTIALS_INVALID"));
    process.terminate().await;
    let (_, printed) = process.ended().await;
    let told = printed
        .lines()
        .find(|line| line.contains("the stored hash is of no known form"));
    assert!(told.unwrap().contains("4711"), "{printed}");
    assert!(!printed.contains(rest), "{printed}");
}

/// PostgreSQL alone has infinite times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn infinite_times_end_no_validation() {
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer("sara@example.com").await;
    auth.add_customer("omar@example.com").await;
    let good = auth.log_in("omar@example.com").await.tokens.unwrap();
    for infinity in ["infinity", "-infinity"] {
        for column in [
            "created_at",
            "expires_at",
            "absolute_expires_at",
            "rotated_at",
            "used_at",
        ] {
            let answer = auth.log_in("sara@example.com").await;
            let (odd, id) = (answer.tokens.unwrap(), answer.session.unwrap().session_id);
            let script = format!(
                "UPDATE user_sessions SET {column} = '{infinity}' WHERE session_id = '{id}'"
            );
            auth.database.execute(&script).await;
            let over = infinity == "-infinity" && column.ends_with("expires_at");
            let (odd_answer, good_answer) = tokio::join!(
                auth.validate(&odd.access_token),
                auth.validate(&good.access_token)
            );
            good_answer.expect("a session beside it");
            let refreshed = auth.refresh(&odd.refresh_token).await;
            if over {
                assert_eq!(
                    refusal(odd_answer),
                    unauthenticated("SESSION_EXPIRED"),
                    "{column}"
                );
                assert_eq!(
                    refusal(refreshed),
                    unauthenticated("SESSION_EXPIRED"),
                    "{column}"
                );
            } else {
                odd_answer.unwrap_or_else(|status| panic!("{column} {infinity}: {status}"));
                let pair =
                    refreshed.unwrap_or_else(|status| panic!("{column} {infinity}: {status}"));
                auth.validate(&pair.access_token)
                    .await
                    .expect("a good pair");
                auth.list(&pair.access_token).await.expect("a list");
            }
        }
    }
    eventually("the service goes on", async || {
        auth.validate(&good.access_token).await.is_ok()
    })
    .await;
}
