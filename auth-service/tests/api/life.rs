//! A whole life of a session, and every secret that passed on the way.

use crate::{forge::Forged, served::Served, traces::Detector};
use proto::auth::v1::{ChangePasswordRequest, CreateSessionRequest, RegisterRequest, TokenPair};
use testing::auth::with_token;

pub(crate) const EMAIL: &str = "sara@example.com";
/// What the password is changed to.
const NEW_PASSWORD: &str = "another one that nobody else has";
pub(crate) const PASSWORD: &str = "a password that nobody else has";

/// What forged tokens are made of.
const FORGED: &str = "a-token-that-nobody-ever-issued";

/// The secrets of a life.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pub(crate) tokens: Vec<String>,
}

impl Secrets {
    fn keep(&mut self, pair: &TokenPair) {
        self.tokens.push(pair.access_token.clone());
        self.tokens.push(pair.refresh_token.clone());
    }

    /// Looks for all of them.
    pub(crate) fn detector(&self) -> Detector {
        let mut detector = Detector::default();
        for (index, token) in self.tokens.iter().enumerate() {
            detector.token(&format!("token {index}"), token);
        }
        detector.text("the password", PASSWORD);
        detector.text("the new password", NEW_PASSWORD);
        detector.text("a forged token", FORGED);
        detector
    }
}

/// Registers, logs in, validates, refreshes over generations, lists, logs out,
/// and is refused. `let_the_overlap_pass` does so.
pub(crate) async fn live(served: &impl Served, let_the_overlap_pass: impl AsyncFn()) -> Secrets {
    let mut secrets = Secrets::default();
    let register = RegisterRequest {
        name: "Sara".to_owned(),
        email: EMAIL.to_owned(),
        phone: "+966 50 123 4567".to_owned(),
        password: PASSWORD.to_owned(),
        ..RegisterRequest::default()
    };
    let registered = served.public_client().register(register).await.unwrap();
    secrets.keep(&registered.into_inner().tokens.unwrap());
    let log_in = CreateSessionRequest {
        email: EMAIL.to_owned(),
        password: PASSWORD.to_owned(),
        device_info: "a phone".to_owned(),
    };
    let wrong = CreateSessionRequest {
        password: format!("not {PASSWORD}"),
        ..log_in.clone()
    };
    // the password in the wrong field
    let mixed_up = CreateSessionRequest {
        email: PASSWORD.to_owned(),
        ..log_in.clone()
    };
    served
        .public_client()
        .create_session(mixed_up)
        .await
        .expect_err("an unknown e-mail");
    let logged_in = served.public_client().create_session(log_in).await.unwrap();
    served
        .public_client()
        .create_session(wrong)
        .await
        .expect_err("a wrong password");
    let first = logged_in.into_inner().tokens.unwrap();
    secrets.keep(&first);
    let mut pair = first.clone();
    for _ in 0..3 {
        served.validate(&pair.access_token).await.unwrap();
        let_the_overlap_pass().await;
        pair = served.refresh(&pair.refresh_token).await.unwrap();
        secrets.keep(&pair);
    }
    served.list(&pair.access_token).await.unwrap();
    let kept = pair.access_token.len() - 20;
    let broken = format!("{}{}", &pair.access_token[..kept], "A".repeat(20));
    for refused in [&broken, &pair.refresh_token] {
        served.validate(refused).await.expect_err("refused");
        served.list(refused).await.expect_err("refused");
    }
    served
        .refresh(&pair.access_token)
        .await
        .expect_err("refused");
    let unknown_key = Forged::from(&pair.access_token).header("kid", FORGED);
    for forged in [
        FORGED.to_owned(),
        format!("{FORGED}.{FORGED}.{FORGED}"),
        format!("{}.{FORGED}", unknown_key.input()),
        FORGED.repeat(40_000),
    ] {
        served.validate(&forged).await.expect_err("forged");
        served.list(&forged).await.expect_err("forged");
        served.refresh(&forged).await.expect_err("forged");
        served.revoke(&forged).await.expect_err("forged");
    }
    for (current, new, is_right) in [
        (NEW_PASSWORD, PASSWORD, false),
        (PASSWORD, "short", false),
        (PASSWORD, NEW_PASSWORD, true),
    ] {
        let change = ChangePasswordRequest {
            current_password: current.to_owned(),
            new_password: new.to_owned(),
        };
        let change = with_token(change, &pair.access_token);
        let changed = served.public_client().change_password(change).await;
        assert_eq!(changed.is_ok(), is_right, "{changed:?}");
    }
    let _again_or_reused = served.refresh(&first.refresh_token).await;
    served.revoke(&pair.refresh_token).await.unwrap();
    served
        .validate(&pair.access_token)
        .await
        .expect_err("ended");
    served
        .refresh(&pair.refresh_token)
        .await
        .expect_err("ended");
    secrets
}
