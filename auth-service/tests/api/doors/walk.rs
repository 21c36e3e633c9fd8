//! Every door says the same of every token.

use super::{DOORS, Door, INACTIVE};
use crate::{
    forge::{Forged, key_file, key_name, public_half},
    outages,
    served::Served as _,
};
use contract::errors::reason_of;
use proto::auth::v1::{ChangePasswordRequest, RevokeAllSessionsRequest};
use std::time::Duration;
use testing::{
    Kind,
    auth::{Auth, PASSWORD, TestUser, channel, with_token},
};
use tonic::{Code, Status, transport::Channel};

const SARA: &str = "sara@example.com";

/// What ValidateSession says, after the others have said it as well.
async fn all_say(internal: &Channel, token: &str) -> Result<super::Holder, Status> {
    let said = Door::ValidateSession.ask(internal, token).await;
    let said = said.map(tonic::Response::into_inner);
    for door in DOORS {
        let other = door.ask(internal, token).await;
        match (&said, other.map(tonic::Response::into_inner)) {
            (Ok(holder), Ok(other)) => assert_eq!(*holder, other, "{door:?} {token}"),
            (Err(refusal), Err(other)) if other.message() == INACTIVE => {
                assert_eq!(refusal.code(), Code::Unauthenticated, "{door:?} {token}");
            }
            (Err(refusal), Err(other)) => {
                let told = |status: &Status| (status.code(), reason_of(status));
                assert_eq!(told(refusal), told(&other), "{door:?} {token}");
            }
            (said, other) => panic!("{door:?} {token}: {other:?}, and ValidateSession: {said:?}"),
        }
    }
    said
}

/// Tokens that do not hold because of what became of their sessions.
async fn ended(auth: &Auth) -> Vec<String> {
    let mut client = auth.client();
    let log_in = async || auth.log_in(SARA).await.tokens.unwrap();

    let expired = log_in().await;
    auth.clock.advance(Duration::from_mins(16));
    let logged_out = log_in().await;
    auth.revoke(&logged_out.access_token).await.unwrap();
    let (other, this) = (log_in().await, log_in().await);
    let others = RevokeAllSessionsRequest {
        keep_current: Some(true),
    };
    client
        .revoke_all_sessions(with_token(others, &this.access_token))
        .await
        .unwrap();
    let change = ChangePasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: "another long password".to_owned(),
    };
    let (kept, changed) = (log_in().await, this);
    client
        .change_password(with_token(change, &changed.access_token))
        .await
        .unwrap();
    auth.add_customer("omar@example.com").await;
    let disabled = auth.log_in("omar@example.com").await.tokens.unwrap();
    auth.database
        .execute("UPDATE users SET is_active = FALSE WHERE email = 'omar@example.com'")
        .await;
    // the session is ended by whoever asks first
    auth.validate(&disabled.access_token).await.unwrap_err();
    auth.add_customer("mona@example.com").await;
    let erased = auth.log_in("mona@example.com").await.tokens.unwrap();
    let mona = "(SELECT id FROM users WHERE email = 'mona@example.com')";
    auth.database
        .execute(&format!("DELETE FROM user_sessions WHERE user_id = {mona}"))
        .await;
    [expired, logged_out, other, kept, disabled, erased]
        .map(|pair| pair.access_token)
        .into()
}

/// Tokens that were not issued, by what is changed in one that holds.
fn forged(auth: &Auth, token: &str) -> Vec<String> {
    let key = key_file(auth);
    let like = || Forged::from(token);
    let mut forged = vec![
        format!("{}.", like().header("alg", "none").input()),
        format!("{}.", token.rsplit_once('.').unwrap().0),
        format!("{}x", &token[..token.len() - 1]),
        token[..token.len() - 4].to_owned(),
        token.to_uppercase(),
        like().header("kid", "another").signed_by(&key),
        like().without_header("kid").signed_by(&key),
        like().header("typ", "JWT").signed_by(&key),
        like().claim("iss", "elsewhere").signed_by(&key),
        like().claim("aud", "elsewhere").signed_by(&key),
        like().claim("exp", 1).signed_by(&key),
        like().claim("sub", "1").signed_by(&key),
        like().claim("gen", 9).signed_by(&key),
        like().without_claim("sid").signed_by(&key),
    ];
    forged.extend(public_half(&key).map(|secret| like().hmac(&secret)));
    assert!(!key_name(token).is_empty());
    forged
}

testing::on_both_databases! {
    async fn four_doors_say_the_same_of_every_token(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SARA).await;
        auth.database.execute("INSERT INTO partners (id, name) VALUES (7, 'seven')").await;
        let partner = TestUser { email: "p@example.com", user_type: "partner", role: "partner", partner_id: Some(7) };
        auth.add_user(partner).await;
        let internal = channel(auth.replica.internal);

        let ended = ended(&auth).await;
        let live = auth.log_in("p@example.com").await.tokens.unwrap();
        let before = auth.log_in("p@example.com").await.tokens.unwrap();
        let refreshed = auth.refresh(&before.refresh_token).await.unwrap();
        let good = [&live.access_token, &refreshed.access_token, &before.access_token];
        for token in good {
            all_say(&internal, token).await.unwrap();
        }
        let long = ["x".repeat(4_097), "x".repeat(60_000)];
        let garbage = ["x", "null", "...", "a.b.c", "e30.e30.e30", "Bearer"].map(str::to_owned);
        let refresh = [live.refresh_token, refreshed.refresh_token];
        let bad: Vec<String> = [ended, forged(&auth, &live.access_token), long.into(), garbage.into(), refresh.into()].concat();
        assert!(bad.len() + good.len() >= 30, "{}", bad.len());
        for token in &bad {
            let refusal = all_say(&internal, token).await.unwrap_err();
            assert_eq!(refusal.code(), Code::Unauthenticated, "{token}");
        }
        all_say(&internal, &live.access_token).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_an_answer_at_no_door() {
    let world = outages::world().await;
    let internal = channel(world.auth.replica.internal);
    all_say(&internal, &world.live.access_token).await.unwrap();
    world.proxy.cut().await;
    for door in DOORS {
        let answer = door.ask(&internal, &world.live.access_token).await;
        assert_eq!(answer.unwrap_err().code(), Code::Unavailable, "{door:?}");
    }
}
