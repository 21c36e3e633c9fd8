//! Replicas whose process clocks are wrong: what decides is the database's time.

use crate::{
    forge::{Forged, key_file},
    rows::{eventually, session_status, texts},
    served::{Served as _, unauthenticated},
};
use proto::auth::v1::TokenPair;
use std::time::Duration;
use testing::{
    Kind,
    auth::{Auth, Replica, refusal},
    metrics::scrape,
};

const SARA: &str = "sara@example.com";
/// More than an access token lives.
const WRONG_BY: [i64; 2] = [960, -960];
/// Beyond an access token's end and the leeway.
const ACCESS_LIFE: Duration = Duration::from_secs(15 * 60 + 5);
/// What a test may take, in seconds.
const SLACK: i64 = 120;

async fn started(kind: Kind) -> (Auth, [Replica; 2]) {
    let auth = Auth::start(kind).await;
    auth.add_customer(SARA).await;
    let [ahead, behind] = WRONG_BY.map(|seconds| auth.clock.wrong_by(seconds * 1_000_000));
    let replicas = [
        auth.another_replica_by(&ahead).await,
        auth.another_replica_by(&behind).await,
    ];
    (auth, replicas)
}

fn number(token: &str, claim: &str) -> i64 {
    Forged::from(token).claims[claim].as_i64().unwrap()
}

/// Whether the tokens were issued now, and live as long as they should.
fn assert_times(auth: &Auth, tokens: &TokenPair) {
    let now = auth.clock.now().seconds();
    for (token, life) in [
        (&tokens.access_token, 900),
        (&tokens.refresh_token, 7 * 86_400),
    ] {
        let (issued, end) = (number(token, "iat"), number(token, "exp"));
        assert!(
            (issued - now).abs() < SLACK,
            "issued {} s from now",
            issued - now
        );
        assert!(
            (end - now - life).abs() < SLACK,
            "ends {} s from now",
            end - now
        );
    }
}

testing::on_both_databases! {
    async fn a_replica_with_a_wrong_clock_takes_fresh_tokens_and_issues_good_ones(kind: Kind) {
        let (auth, replicas) = started(kind).await;
        let tokens = auth.log_in(SARA).await.tokens.unwrap();
        for replica in &replicas {
            let validated = replica.validate(&tokens.access_token).await.expect("it is fresh");
            assert_eq!(validated.access_token_expire_time, tokens.access_token_expire_time);
            replica.list(&tokens.access_token).await.expect("its own calls, too");
            let own = replica.log_in_with(SARA, testing::auth::PASSWORD).await.unwrap();
            let refreshed = replica.refresh(&tokens.refresh_token).await.expect("it is fresh");
            for issued in [&own, &refreshed] {
                assert_times(&auth, issued);
                auth.validate(&issued.access_token).await.expect("wherever it was issued");
            }
        }
    }

    async fn a_replica_with_a_wrong_clock_refuses_tokens_that_have_expired(kind: Kind) {
        let (auth, replicas) = started(kind).await;
        let tokens = auth.log_in(SARA).await.tokens.unwrap();
        let expired = unauthenticated("TOKEN_EXPIRED");
        auth.clock.advance(ACCESS_LIFE);
        for replica in &replicas {
            assert_eq!(refusal(replica.validate(&tokens.access_token).await), expired);
            assert_eq!(refusal(replica.list(&tokens.access_token).await), expired);
        }
        let [ahead, behind] = &replicas;
        let refreshed = ahead.refresh(&tokens.refresh_token).await.expect("the session goes on");
        assert_times(&auth, &refreshed);
        behind.validate(&refreshed.access_token).await.expect("it is fresh");
        auth.clock.advance(Duration::from_secs(7 * 86_400 + 10));
        for replica in &replicas {
            assert_eq!(refusal(replica.refresh(&refreshed.refresh_token).await), expired);
        }
        // who logs out need not refresh first
        ahead.revoke(&tokens.access_token).await.expect("either kind");
        behind.revoke(&refreshed.refresh_token).await.expect("either kind");
    }

    async fn an_expired_token_changes_nothing(kind: Kind) {
        let (auth, replicas) = started(kind).await;
        let tokens = auth.log_in(SARA).await.tokens.unwrap();
        let own = key_file(&auth);
        let [access, refresh] = [&tokens.access_token, &tokens.refresh_token]
            .map(|token| Forged::from(token).claim("exp", number(token, "iat") - 60).signed_by(&own));
        let newer = Forged::from(&refresh).claim("gen", 9).signed_by(&own);
        auth.database.execute("UPDATE users SET is_active = FALSE").await;
        let expired = unauthenticated("TOKEN_EXPIRED");
        for replica in replicas.iter().chain([&auth.replica]) {
            assert_eq!(refusal(replica.validate(&access).await), expired);
            for token in [&refresh, &newer] {
                assert_eq!(refusal(replica.refresh(token).await), expired);
            }
        }
        assert_eq!(session_status(&auth.database).await, (true, None));
        auth.database.execute("UPDATE users SET is_active = TRUE").await;
        assert_eq!(refusal(auth.validate(&access).await), expired);
        // a first use is written by then
        let other = auth.log_in(SARA).await.tokens.unwrap();
        auth.validate(&other.access_token).await.unwrap();
        eventually("the first use of the other session", || async {
            let marked = "SELECT session_id FROM user_sessions WHERE used_at IS NOT NULL";
            texts(&auth.database, marked).await.len() == 1
        })
        .await;
        auth.validate(&tokens.access_token).await.expect("as good as before");
    }

    async fn an_expired_token_without_a_session_says_so(kind: Kind) {
        let (auth, replicas) = started(kind).await;
        let tokens = auth.log_in(SARA).await.tokens.unwrap();
        auth.database.execute("DELETE FROM user_sessions").await;
        auth.clock.advance(Duration::from_hours(24 * 8));
        let gone = unauthenticated("SESSION_NOT_FOUND");
        for replica in &replicas {
            assert_eq!(refusal(replica.validate(&tokens.access_token).await), gone);
            assert_eq!(refusal(replica.refresh(&tokens.refresh_token).await), gone);
            replica.revoke(&tokens.refresh_token).await.expect("what the caller wanted");
        }
    }

    async fn a_metric_tells_how_far_the_clocks_are_apart(kind: Kind) {
        let (auth, replicas) = started(kind).await;
        for (replica, wrong_by) in replicas.iter().zip(WRONG_BY).chain([(&auth.replica, 0)]) {
            eventually("the difference of the clocks", || async {
                let scraped = scrape(replica.ops).await;
                let told = scraped.value("ticketing_auth_clock_difference_seconds").unwrap();
                #[allow(clippy::cast_precision_loss, reason = "a few minutes")]
                let expected = wrong_by as f64;
                (told - expected).abs() < 5.0
            })
            .await;
        }
    }
}
