//! RefreshSession: every row of the decision table, over the wire.

use crate::{
    forge::{Forged, key_file},
    rows::{first_use_is_written, session_column, session_status},
    served::{Served as _, unauthenticated},
};
use contract::time::Timestamp;
use proto::auth::v1::TokenPair;
use std::time::Duration;
use testing::{
    Kind,
    auth::{Auth, refusal},
};

const OVERLAP: Duration = Duration::from_mins(1);
/// Within the overlap, however slow the machine.
const WITHIN: Duration = Duration::from_secs(50);
const DAY: u64 = 24;

async fn logged_in(kind: Kind) -> (Auth, TokenPair) {
    let auth = Auth::start(kind).await;
    auth.add_customer("sara@example.com").await;
    let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
    (auth, tokens)
}

/// Uses a pair and lets the overlap pass, so that its refresh token rotates the
/// session.
async fn use_up(auth: &Auth, tokens: &TokenPair) {
    auth.validate(&tokens.access_token).await.unwrap();
    first_use_is_written(&auth.database).await;
    auth.clock.advance(OVERLAP);
}

/// Rotates a session's tokens, and returns the next pair.
async fn rotate(auth: &Auth, tokens: &TokenPair) -> TokenPair {
    use_up(auth, tokens).await;
    let next = auth.refresh(&tokens.refresh_token).await.unwrap();
    assert_eq!(next.generation, tokens.generation + 1);
    next
}

/// A token of ours that claims never to end: what refuses it is the row.
fn endless(auth: &Auth, token: &str) -> String {
    let forged = Forged::from(token).claim("exp", 99_999_999_999_i64);
    forged.signed_by(&key_file(auth))
}

async fn generation(auth: &Auth) -> String {
    session_column(&auth.database, "generation").await.unwrap()
}

testing::on_both_databases! {
    async fn the_first_use_reissues_the_pair_and_is_noted(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        auth.clock.advance(Duration::from_hours(DAY));
        let again = auth.refresh(&tokens.refresh_token).await.unwrap();
        assert_eq!(again.generation, 1);
        assert_eq!(generation(&auth).await, "1");
        assert!(session_column(&auth.database, "used_at").await.is_some());
        let end = |pair: &TokenPair| pair.refresh_token_expire_time.unwrap().seconds;
        assert!(end(&again) - end(&tokens) >= 86_400, "the session's end slides");
        assert_ne!(again.access_token, tokens.access_token, "a token of its own");
        auth.validate(&again.access_token).await.expect("it is good");
    }

    async fn within_the_overlap_a_pair_is_reissued_and_nothing_changes(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let first = auth.refresh(&tokens.refresh_token).await.unwrap();
        let row = session_column(&auth.database, "used_at").await;
        auth.clock.advance(WITHIN);
        for token in [&tokens.refresh_token, &first.refresh_token] {
            let again = auth.refresh(token).await.unwrap();
            assert_eq!(again.generation, 1);
            assert_eq!(again.refresh_token_expire_time, first.refresh_token_expire_time);
        }
        assert_eq!(session_column(&auth.database, "used_at").await, row);
        assert_eq!(generation(&auth).await, "1");
    }

    async fn a_used_pair_rotates_after_the_overlap(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let next = rotate(&auth, &tokens).await;
        assert_eq!(generation(&auth).await, "2");
        assert_eq!(session_column(&auth.database, "used_at").await, None);
        auth.validate(&next.access_token).await.expect("the new one");
        auth.validate(&tokens.access_token).await.expect("the old one, until it expires");
    }

    async fn a_lost_answer_may_be_asked_for_again_after_hours(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let lost = rotate(&auth, &tokens).await;
        auth.clock.advance(Duration::from_hours(5));
        let again = auth.refresh(&tokens.refresh_token).await.expect("never used, so within the overlap");
        assert_eq!(again.generation, lost.generation);
        auth.validate(&again.access_token).await.expect("it is good");
        assert_eq!(rotate(&auth, &again).await.generation, 3);
    }

    async fn two_holders_that_share_a_store_are_never_logged_out(kind: Kind) {
        let (auth, mut store) = logged_in(kind).await;
        for round in 0..12_u64 {
            // both read the store, and come at once
            let read = store.clone();
            let (one, other) =
                tokio::join!(auth.refresh(&read.refresh_token), auth.refresh(&read.refresh_token));
            for answer in [one, other] {
                let pair = answer.expect("an honest holder");
                auth.validate(&pair.access_token).await.expect("a good pair");
                if pair.generation >= store.generation {
                    store = pair;
                }
            }
            first_use_is_written(&auth.database).await;
            // one of them is slow, and presents what it read within the overlap
            auth.clock.advance(Duration::from_secs(20 + 40 * (round % 3)));
            let late = auth.refresh(&store.refresh_token).await.expect("an honest holder");
            auth.clock.advance(Duration::from_secs(50));
            let later = auth.refresh(&store.refresh_token).await.expect("within the overlap");
            assert_eq!(later.generation.max(late.generation), later.generation);
            store = later;
        }
        assert!(store.generation > 6, "it rotated: {}", store.generation);
    }

    async fn the_previous_generation_is_accepted_within_the_overlap(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let next = rotate(&auth, &tokens).await;
        auth.validate(&next.access_token).await.unwrap();
        first_use_is_written(&auth.database).await;
        auth.clock.advance(WITHIN);
        let again = auth.refresh(&tokens.refresh_token).await.expect("a second tab");
        assert_eq!(again.generation, 2);
        assert_eq!(session_status(&auth.database).await, (true, None));
    }

    async fn a_token_of_the_previous_generation_ends_the_session_after_the_overlap(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let next = rotate(&auth, &tokens).await;
        use_up(&auth, &next).await;
        let reused = refusal(auth.refresh(&tokens.refresh_token).await);
        assert_eq!(reused, unauthenticated("REUSE_DETECTED"));
        assert_eq!(session_status(&auth.database).await, (false, Some("reuse_detected".to_owned())));
        let ended = unauthenticated("SESSION_ENDED");
        assert_eq!(refusal(auth.refresh(&next.refresh_token).await), ended, "of everyone");
        assert_eq!(refusal(auth.validate(&next.access_token).await), ended);
    }

    async fn a_token_two_generations_old_ends_the_session(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let next = rotate(&auth, &tokens).await;
        let last = rotate(&auth, &next).await;
        let reused = refusal(auth.refresh(&tokens.refresh_token).await);
        assert_eq!(reused, unauthenticated("REUSE_DETECTED"));
        let ended = refusal(auth.refresh(&last.refresh_token).await);
        assert_eq!(ended, unauthenticated("SESSION_ENDED"));
    }

    async fn a_token_newer_than_its_session_is_refused_with_that_reason(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let next = rotate(&auth, &tokens).await;
        // as a restored back-up has it
        auth.database.execute("UPDATE user_sessions SET generation = 1").await;
        let older = unauthenticated("SESSION_OLDER_THAN_TOKEN");
        assert_eq!(refusal(auth.validate(&next.access_token).await), older);
        assert_eq!(session_status(&auth.database).await, (true, None), "a validation ends nothing");
        assert_eq!(refusal(auth.refresh(&next.refresh_token).await), older);
        assert_eq!(session_status(&auth.database).await, (false, Some("row_behind".to_owned())));
    }

    async fn a_session_slides_and_never_passes_its_absolute_end(kind: Kind) {
        let (auth, mut tokens) = logged_in(kind).await;
        let absolute = auth.list(&tokens.access_token).await.unwrap().sessions[0].absolute_expire_time;
        let absolute = Timestamp::try_from(absolute.unwrap()).unwrap();
        for day in [6, 12, 18, 24, 29] {
            let before = tokens.refresh_token_expire_time.unwrap().seconds;
            first_use_is_written(&auth.database).await;
            auth.clock.advance(Duration::from_hours(if day == 29 { 5 } else { 6 } * DAY));
            tokens = auth.refresh(&tokens.refresh_token).await.expect("before its end");
            let end = tokens.refresh_token_expire_time.unwrap().seconds;
            assert!(end > before || end == absolute.seconds(), "{day}");
            assert!(end <= absolute.seconds(), "{day}");
            let access_end = tokens.access_token_expire_time.unwrap().seconds;
            assert!(access_end <= absolute.seconds());
            auth.validate(&tokens.access_token).await.expect("it is good");
        }
        assert_eq!(tokens.refresh_token_expire_time.unwrap().seconds, absolute.seconds());
        // 30 days, to the second
        let left = absolute.since(auth.clock.now());
        auth.clock.advance(left.saturating_sub(WITHIN));
        tokens = auth.refresh(&tokens.refresh_token).await.expect("less than a minute before its end");
        auth.clock.advance(WITHIN);
        let [access, refresh] = [&tokens.access_token, &tokens.refresh_token].map(|token| endless(&auth, token));
        assert_eq!(refusal(auth.refresh(&refresh).await), unauthenticated("SESSION_EXPIRED"));
        assert_eq!(refusal(auth.validate(&access).await), unauthenticated("SESSION_EXPIRED"));
    }

    async fn a_session_that_is_not_refreshed_ends_after_seven_days(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        auth.clock.advance(Duration::from_secs(7 * 86_400 + 1));
        auth.clock.advance(Duration::from_secs(10));
        assert_eq!(refusal(auth.refresh(&tokens.refresh_token).await), unauthenticated("TOKEN_EXPIRED"));
        // nor does a token that claims more outlive its row
        let late = refusal(auth.refresh(&endless(&auth, &tokens.refresh_token)).await);
        assert_eq!(late, unauthenticated("SESSION_EXPIRED"));
    }

    async fn holders_of_one_pair_come_back_together(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let end = |pair: &TokenPair| pair.access_token_expire_time.unwrap().seconds;
        auth.clock.advance(Duration::from_mins(5));
        let one = auth.refresh(&tokens.refresh_token).await.unwrap();
        assert_eq!(end(&one), end(&tokens), "at least half of its life is left");
        auth.clock.advance(Duration::from_secs(50));
        let other = auth.refresh(&tokens.refresh_token).await.unwrap();
        assert_eq!(end(&other), end(&tokens));
    }
}
