//! Against guessing: who failed waits, on every replica, whether or not there is
//! such an account; and each wrong password costs the same.
//!
//! A delay must be longer than what a loaded machine takes between two calls, so
//! tests write how often somebody failed, instead of failing for each.

use crate::{
    rows::{text, texts},
    served::Served,
};
use auth_service::passwords::Cost;
use proto::auth::v1::{
    ChangePasswordRequest, CreateSessionRequest, RegisterRequest,
    auth_service_client::AuthServiceClient,
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use testing::{
    Kind,
    auth::{Auth, PASSWORD, refusal, with_token},
};
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt as _;

const SARA: &str = "sara@example.com";
const NOBODY: &str = "nobody@example.com";
pub(crate) const WRONG: &str = "a wrong password";
/// What a test may take between two of its calls.
pub(crate) const SLACK: u64 = 50;
/// What a wrong password costs, where Argon2id has the tests' own costs.
pub(crate) const WORK: Cost = Cost {
    bcrypt_rounds: 1 << 12,
    argon2_kib: 8,
};

/// A client in another network than all others.
pub(crate) fn client_from(network: u8, server: SocketAddr) -> AuthServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{server}")).unwrap();
    let here = [127, 0, network, 1].into();
    AuthServiceClient::new(endpoint.local_address(Some(here)).connect_lazy())
}

async fn log_in_by(
    mut client: AuthServiceClient<Channel>,
    email: &str,
    password: &str,
) -> Result<(), Status> {
    let request = CreateSessionRequest {
        email: email.to_owned(),
        password: password.to_owned(),
        device_info: String::new(),
    };
    client.create_session(request).await.map(|_| ())
}

pub(crate) async fn log_in(
    served: &impl Served,
    email: &str,
    password: &str,
) -> Result<(), Status> {
    log_in_by(served.public_client(), email, password).await
}

/// Refused for the password.
pub(crate) fn is_wrong(answer: Result<(), Status>) {
    let wrong = (Code::Unauthenticated, "CREDENTIALS_INVALID".to_owned());
    assert_eq!(refusal(answer), wrong);
}

/// Refused for so many seconds since a call that was not long ago.
pub(crate) fn waits(answer: Result<(), Status>, seconds: u64) {
    let status = answer.expect_err("refused");
    let wait = status
        .get_error_details()
        .retry_info()
        .unwrap()
        .retry_delay
        .unwrap();
    let range = Duration::from_secs(seconds.saturating_sub(SLACK))..=Duration::from_secs(seconds);
    assert!(
        range.contains(&wait) && !wait.is_zero(),
        "{wait:?} of {seconds} s"
    );
    let refused = (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned());
    assert_eq!(refusal::<()>(Err(status)), refused);
}

/// Everybody who failed, failed so often.
pub(crate) async fn failed(auth: &Auth, times: u32) {
    let update = format!("UPDATE ticketing_throttles SET attempts = {times}");
    auth.database.execute(&update).await;
}

/// How often, key by key.
pub(crate) async fn failures(auth: &Auth) -> Vec<String> {
    let query = "SELECT CAST(attempts AS text) FROM ticketing_throttles ORDER BY attempts";
    texts(&auth.database, query)
        .await
        .into_iter()
        .flatten()
        .collect()
}

pub(crate) fn advance(auth: &Auth, seconds: u64) {
    auth.clock.advance(Duration::from_secs(seconds));
}

pub(crate) fn new_customer(email: &str) -> RegisterRequest {
    RegisterRequest {
        name: "Mona".to_owned(),
        email: email.to_owned(),
        phone: "1".to_owned(),
        password: PASSWORD.to_owned(),
        ..RegisterRequest::default()
    }
}

testing::on_both_databases! {
    async fn an_account_is_throttled_under_one_address_whatever_comes_along_unseen(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        // of an attacker, who may log in to it
        let other = format!("\u{200b}{SARA}");
        auth.add_customer(&other).await;
        for email in [SARA, NOBODY] {
            for guess in 0..5 {
                let marks = "\u{200e}".repeat(guess);
                is_wrong(log_in(&auth, &format!("{email}{marks}"), WRONG).await);
            }
        }
        assert_eq!(failures(&auth).await, ["5"; 4], "by network, and by account");
        log_in(&auth, &other, PASSWORD).await.expect("logged in");
        assert_eq!(failures(&auth).await, ["5"; 4], "those of another account");
    }

    async fn delays_double_up_to_the_cap_alike_for_an_unknown_email(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        for email in [SARA, NOBODY] {
            for _ in 0..5 {
                is_wrong(log_in(&auth, email, WRONG).await);
            }
        }
        assert_eq!(failures(&auth).await, ["5"; 4], "by network, and by account");
        let later = "SELECT CAST(COUNT(*) AS text) FROM ticketing_throttles WHERE last_attempt_at >= forgotten_at";
        assert_eq!(text(&auth.database, later).await.as_deref(), Some("0"));
        failed(&auth, 12).await;
        advance(&auth, 128);
        for delay in [256, 300, 300, 300] {
            for email in [SARA, NOBODY] {
                is_wrong(log_in(&auth, email, WRONG).await);
            }
            let mut told = Vec::new();
            for (email, password) in [(SARA, WRONG), (SARA, PASSWORD), (NOBODY, WRONG)] {
                let answer = log_in(&auth, email, password).await;
                told.push(answer.as_ref().unwrap_err().message().to_owned());
                waits(answer, delay);
            }
            told.dedup();
            assert_eq!(told.len(), 1, "one answer for all: {told:?}");
            advance(&auth, delay - SLACK);
            waits(log_in(&auth, SARA, PASSWORD).await, SLACK);
            waits(log_in(&auth, NOBODY, PASSWORD).await, SLACK);
            advance(&auth, SLACK);
        }
        assert_eq!(failures(&auth).await, ["16"; 4], "what was refused is not counted");
        log_in(&auth, SARA, PASSWORD).await.expect("in time");
    }

    async fn of_many_guesses_at_once_no_more_are_hashed_than_may_be(kind: Kind) {
        let auth = Auth::start(kind).await;
        let replica = auth.another_replica().await;
        auth.add_customer(SARA).await;
        for before in [0, 13] {
            failed(&auth, before).await;
            advance(&auth, 256);
            let since = Instant::now();
            let done = [auth.replica.password_work.done(), replica.password_work.done()];
            let guesses = (0..32).map(|number| {
                let client = if number % 2 == 0 { auth.client() } else { replica.client() };
                tokio::spawn(log_in_by(client, SARA, WRONG))
            });
            let mut made = 0;
            for guess in guesses.collect::<Vec<_>>() {
                match refusal(guess.await.unwrap()) {
                    (Code::Unauthenticated, _) => made += 1,
                    refused => assert_eq!(refused, (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned())),
                }
            }
            // and one more after a second, after two more, after four more
            let later = u64::from((since.elapsed().as_secs() + 1).ilog2());
            let most = if before == 0 { 5 + later } else { 1 };
            assert!((1..=most).contains(&made), "{made} of {most}");
            let rounds: u64 = [auth.replica.password_work.done(), replica.password_work.done()]
                .iter()
                .zip(done)
                .map(|(now, before)| now.bcrypt_rounds - before.bcrypt_rounds)
                .sum();
            assert_eq!(rounds, made * WORK.bcrypt_rounds);
        }
    }

    async fn a_success_clears_and_an_hour_without_failures_forgets(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        for _ in 0..2 {
            for _ in 0..4 {
                is_wrong(log_in(&auth, SARA, WRONG).await);
            }
            log_in(&auth, SARA, PASSWORD).await.expect("no delay yet");
            assert!(failures(&auth).await.is_empty());
        }
        is_wrong(log_in(&auth, SARA, WRONG).await);
        failed(&auth, 1_000).await;
        waits(log_in(&auth, SARA, PASSWORD).await, 300);
        advance(&auth, 3_600 - SLACK);
        is_wrong(log_in(&auth, SARA, WRONG).await);
        assert_eq!(failures(&auth).await, ["1001"; 2]);
        advance(&auth, 3_600);
        is_wrong(log_in(&auth, SARA, WRONG).await);
        assert_eq!(failures(&auth).await, ["1"; 2]);
    }

    async fn no_stranger_keeps_the_owner_out_for_good(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        let elsewhere = || client_from(7, auth.replica.public);
        is_wrong(log_in(&auth, SARA, WRONG).await);
        failed(&auth, 1_000).await;
        waits(log_in(&auth, SARA, PASSWORD).await, 300);
        // a mistake of the owner's own costs half a minute, whatever strangers do
        is_wrong(log_in_by(elsewhere(), SARA, WRONG).await);
        waits(log_in_by(elsewhere(), SARA, PASSWORD).await, 30);
        is_wrong(log_in_by(client_from(8, auth.replica.public), SARA, WRONG).await);
        advance(&auth, 30);
        is_wrong(log_in_by(client_from(9, auth.replica.public), SARA, WRONG).await);
        log_in_by(elsewhere(), SARA, PASSWORD).await.expect("the owner");
    }

    async fn another_account_and_another_network_are_not_delayed(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        auth.add_customer("omar@example.com").await;
        is_wrong(log_in(&auth, SARA, WRONG).await);
        failed(&auth, 49).await;
        waits(log_in(&auth, SARA, PASSWORD).await, 300);
        log_in(&auth, "omar@example.com", PASSWORD).await.expect("another account");
        log_in_by(client_from(7, auth.replica.public), SARA, PASSWORD).await.expect("another network");
    }

    async fn every_replica_counts_with_the_others_and_after_a_restart(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        is_wrong(log_in(&auth, SARA, WRONG).await);
        failed(&auth, 13).await;
        let replica = auth.another_replica().await;
        waits(log_in(&replica, SARA, PASSWORD).await, 256);
        advance(&auth, 256);
        is_wrong(log_in(&replica, SARA, WRONG).await);
        waits(log_in(&auth, SARA, PASSWORD).await, 300);
    }

    async fn guesses_of_the_current_password_wait_by_user(kind: Kind) {
        let auth = Auth::start(kind).await;
        let replica = auth.another_replica().await;
        auth.add_customer(SARA).await;
        let stolen = auth.log_in(SARA).await.tokens.unwrap().access_token;
        let other = auth.log_in(SARA).await.tokens.unwrap().access_token;
        let change = async |served: &dyn Fn() -> AuthServiceClient<Channel>, token: &str, current: &str| {
            let request = ChangePasswordRequest {
                current_password: current.to_owned(),
                new_password: "another horse battery".to_owned(),
            };
            served().change_password(with_token(request, token)).await.map(|_| ())
        };
        let (here, there) = (|| auth.client(), || replica.client());
        for _ in 0..5 {
            let wrong = (Code::PermissionDenied, "CURRENT_PASSWORD_WRONG".to_owned());
            assert_eq!(refusal(change(&here, &stolen, WRONG).await), wrong);
        }
        failed(&auth, 13).await;
        for token in [&stolen, &other] {
            waits(change(&here, token, PASSWORD).await, 256);
            waits(change(&there, token, WRONG).await, 256);
        }
        log_in(&auth, SARA, PASSWORD).await.expect("a log-in is another thing");
        assert_eq!(failures(&auth).await, ["13"]);
        auth.validate(&other).await.expect("the session goes on");
        advance(&auth, 256);
        change(&there, &other, PASSWORD).await.expect("changed");
        assert!(failures(&auth).await.is_empty());
    }

    async fn an_attempt_that_cannot_be_counted_is_refused(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        auth.database.execute("DROP TABLE ticketing_throttles").await;
        let fault = (Code::Internal, "INTERNAL".to_owned());
        assert_eq!(refusal(log_in(&auth, SARA, PASSWORD).await), fault);
        let registered = auth.client().register(new_customer("mona@example.com")).await;
        assert_eq!(refusal(registered), fault);
        assert_eq!(auth.replica.password_work.done(), Cost::default(), "nothing was hashed");
    }
}
