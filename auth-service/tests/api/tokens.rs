//! Tokens that must not pass, each refused with its own reason.

use crate::{
    forge::{Forged, key_file, public_half},
    served::{Served as _, unauthenticated},
};
use auth_service::tokens::{KeyName, generate_key};
use contract::time::Timestamp;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use proto::auth::v1::TokenPair;
use std::{path::PathBuf, time::Duration};
use testing::{
    Kind,
    auth::{Auth, refusal},
};
use tokio::runtime::Handle;

async fn logged_in(kind: Kind) -> (Auth, TokenPair) {
    let auth = Auth::start(kind).await;
    auth.add_customer("sara@example.com").await;
    let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
    (auth, tokens)
}

/// Another key than the service's, in a directory of its own.
fn stranger() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let name = KeyName::at(Timestamp::from_seconds(1_764_000_000));
    let file = generate_key(folder.path(), name).unwrap();
    (folder, file)
}

/// Presents a token wherever one is taken, expects one refusal of all, and that
/// the service goes on.
async fn refused_everywhere(auth: &Auth, token: &str, reason: &str) {
    let expected = unauthenticated(reason);
    assert_eq!(refusal(auth.validate(token).await), expected, "validate");
    assert_eq!(refusal(auth.list(token).await), expected, "list");
    assert_eq!(refusal(auth.revoke(token).await), expected, "revoke");
    assert_eq!(refusal(auth.refresh(token).await), expected, "refresh");
}

testing::on_both_databases! {
    async fn a_text_that_is_not_a_token_is_malformed(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let token = tokens.access_token.as_str();
        let end = token.rfind('.').unwrap();
        let unsigned = format!("{}.", &token[..end]);
        for text in ["x", "...", "a.b.c", "a.b.c.d", &token[..end], &token[1..], "e30.e30.e30"] {
            refused_everywhere(&auth, text, "TOKEN_MALFORMED").await;
        }
        for shortened in [unsigned.as_str(), &token[..token.len() - 4]] {
            let (code, reason) = refusal(auth.validate(shortened).await);
            assert_eq!(code, tonic::Code::Unauthenticated);
            assert!(["TOKEN_SIGNATURE_INVALID", "TOKEN_MALFORMED"].contains(&reason.as_str()), "{reason}");
        }
        auth.validate(token).await.expect("the service goes on");
    }

    async fn a_token_is_refused_by_its_length_and_one_too_long_for_a_message_by_the_messages(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let long = unauthenticated("TOKEN_TOO_LONG");
        let too_large = (tonic::Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned());
        for start in ["x", &tokens.access_token] {
            refused_everywhere(&auth, &format!("{start}{}", "A".repeat(32_000)), "TOKEN_TOO_LONG").await;
            let megabyte = format!("{start}{}", "A".repeat(1_000_000));
            let fits = format!("{start}{}", "A".repeat(64_000));
            for (token, expected) in [(&fits, &long), (&megabyte, &too_large)] {
                assert_eq!(refusal(auth.validate(token).await), *expected, "validate");
                assert_eq!(refusal(auth.revoke(token).await), *expected, "revoke");
                assert_eq!(refusal(auth.refresh(token).await), *expected, "refresh");
            }
            // in metadata, HTTP/2 refuses it before anything of it is kept
            auth.list(&megabyte).await.expect_err("431");
        }
        auth.list(&tokens.access_token).await.expect("the service goes on");
    }

    async fn an_unsigned_token_is_refused_by_its_algorithm(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        for algorithm in ["none", "None", "NONE", ""] {
            let forged = Forged::from(&tokens.access_token).header("alg", algorithm);
            let bare = format!("{}.", forged.input());
            refused_everywhere(&auth, &bare, "TOKEN_ALGORITHM_NOT_ALLOWED").await;
            let signed = forged.signed_by(&key_file(&auth));
            refused_everywhere(&auth, &signed, "TOKEN_ALGORITHM_NOT_ALLOWED").await;
        }
    }

    async fn an_hmac_made_with_the_public_key_is_refused_by_its_algorithm(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        for secret in public_half(&key_file(&auth)) {
            let forged = Forged::from(&tokens.access_token).hmac(&secret);
            refused_everywhere(&auth, &forged, "TOKEN_ALGORITHM_NOT_ALLOWED").await;
            // and where the header lies about it
            let hidden = Forged::from(&tokens.access_token);
            let (_, signature) = forged.rsplit_once('.').unwrap();
            let hidden = format!("{}.{signature}", hidden.input());
            refused_everywhere(&auth, &hidden, "TOKEN_SIGNATURE_INVALID").await;
        }
    }

    async fn a_token_signed_by_another_key_is_refused_by_its_signature(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let (_folder, stranger) = stranger();
        let forged = Forged::from(&tokens.access_token);
        refused_everywhere(&auth, &forged.signed_by(&stranger), "TOKEN_SIGNATURE_INVALID").await;
        // as the same forgery by the service's own key is not
        auth.validate(&forged.signed_by(&key_file(&auth))).await.expect("its own");
    }

    async fn a_token_that_names_another_key_is_refused(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let own = key_file(&auth);
        let names = ["20200101T000000Z", "nobody", "", "../../etc/passwd", "/etc/passwd", "\u{0}"];
        for name in names {
            let forged = Forged::from(&tokens.access_token).header("kid", name);
            refused_everywhere(&auth, &forged.signed_by(&own), "TOKEN_KEY_UNKNOWN").await;
        }
        let without = Forged::from(&tokens.access_token).without_header("kid");
        refused_everywhere(&auth, &without.signed_by(&own), "TOKEN_MALFORMED").await;

        // the name of another key that exists: swapped
        let earlier = KeyName::at(Timestamp::from_seconds(1_764_000_000));
        generate_key(own.parent().unwrap(), earlier).unwrap();
        auth.clock.advance(Duration::from_secs(5));
        let swapped = Forged::from(&tokens.access_token).header("kid", earlier.to_string());
        refused_everywhere(&auth, &swapped.signed_by(&own), "TOKEN_SIGNATURE_INVALID").await;
    }

    async fn one_kind_of_token_is_never_taken_for_the_other(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let mismatch = unauthenticated("TOKEN_TYPE_MISMATCH");
        assert_eq!(refusal(auth.validate(&tokens.refresh_token).await), mismatch);
        assert_eq!(refusal(auth.list(&tokens.refresh_token).await), mismatch);
        assert_eq!(refusal(auth.refresh(&tokens.access_token).await), mismatch);
        let own = key_file(&auth);
        for typ in ["JWT", "at+JWT", "id+jwt", ""] {
            let forged = Forged::from(&tokens.access_token).header("typ", typ).signed_by(&own);
            refused_everywhere(&auth, &forged, "TOKEN_TYPE_MISMATCH").await;
        }
        let untyped = Forged::from(&tokens.access_token).without_header("typ").signed_by(&own);
        refused_everywhere(&auth, &untyped, "TOKEN_TYPE_MISMATCH").await;
    }

    async fn issuer_and_audience_must_be_ours(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let own = key_file(&auth);
        for (claim, reason) in [("iss", "TOKEN_ISSUER_MISMATCH"), ("aud", "TOKEN_AUDIENCE_MISMATCH")] {
            let forged = Forged::from(&tokens.access_token);
            for value in ["somebody-else", "", "ticketing ", "TICKETING-AUTH"] {
                let other = forged.clone().claim(claim, value).signed_by(&own);
                refused_everywhere(&auth, &other, reason).await;
            }
            let missing = forged.without_claim(claim).signed_by(&own);
            refused_everywhere(&auth, &missing, reason).await;
        }
    }

    async fn claims_that_are_missing_or_of_another_form_are_malformed(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let own = key_file(&auth);
        let forged = || Forged::from(&tokens.access_token);
        for claim in ["exp", "sub", "sid", "gen"] {
            let missing = forged().without_claim(claim).signed_by(&own);
            refused_everywhere(&auth, &missing, "TOKEN_MALFORMED").await;
            let other = forged().claim(claim, serde_json::json!(["x"])).signed_by(&own);
            refused_everywhere(&auth, &other, "TOKEN_MALFORMED").await;
        }
        for odd in [
            forged().claim("sid", "00000000-0000-1000-8000-000000000000"),
            forged().claim("sub", "1 OR 1=1"),
            forged().claim("sub", "99999999999"),
            forged().claim("gen", 1.5),
            forged().claim("exp", "tomorrow"),
            forged().claim("exp", 1e300),
            forged().claim("aud", serde_json::json!(["ticketing"])),
            forged().header("crit", serde_json::json!(["b64"])),
            forged().header("alg", serde_json::json!(["EdDSA"])),
        ] {
            refused_everywhere(&auth, &odd.signed_by(&own), "TOKEN_MALFORMED").await;
        }
    }

    async fn an_expired_token_is_told_from_an_invalid_one(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        auth.clock.advance(Duration::from_mins(14));
        auth.validate(&tokens.access_token).await.expect("a minute is left");
        auth.clock.advance(Duration::from_secs(60 + 5));
        let expired = unauthenticated("TOKEN_EXPIRED");
        assert_eq!(refusal(auth.validate(&tokens.access_token).await), expired);
        assert_eq!(refusal(auth.list(&tokens.access_token).await), expired);
        // a bad refresh token is the caller's fault, not the service's
        assert_eq!(refusal(auth.refresh("x").await), unauthenticated("TOKEN_MALFORMED"));
        let long_ago = Forged::from(&tokens.refresh_token).claim("exp", 1).signed_by(&key_file(&auth));
        assert_eq!(refusal(auth.refresh(&long_ago).await), expired);
        auth.refresh(&tokens.refresh_token).await.expect("the session lives on");
    }

    async fn a_signed_token_without_a_session_of_its_user_is_refused(kind: Kind) {
        let (auth, tokens) = logged_in(kind).await;
        let own = key_file(&auth);
        let sid = contract::ids::SessionId::random().to_string();
        for forged in [
            Forged::from(&tokens.access_token).claim("sid", sid),
            Forged::from(&tokens.access_token).claim("sub", "2147483647"),
        ] {
            let none = refusal(auth.validate(&forged.signed_by(&own)).await);
            assert_eq!(none, unauthenticated("SESSION_NOT_FOUND"));
        }
    }
}

/// Asks from within a property: proptest knows no futures.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| Handle::current().block_on(future))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_with_any_byte_changed_is_refused() {
    let (auth, tokens) = logged_in(Kind::Sqlite).await;
    let client = auth.internal_client();
    for token in [&tokens.access_token, &tokens.refresh_token] {
        let mut runner = TestRunner::new(Config::with_cases(300));
        let change = (0..token.len(), 0x20..0x7f_u8);
        let checked = runner.run(&change, |(index, byte)| {
            let mut bytes = token.clone().into_bytes();
            prop_assume!(bytes[index] != byte);
            bytes[index] = byte;
            let access_token = String::from_utf8(bytes).unwrap();
            let request =
                testing::auth::as_service(proto::auth::v1::ValidateSessionRequest { access_token });
            let (code, _) = refusal(wait_for(client.clone().validate_session(request)));
            prop_assert_eq!(code, tonic::Code::Unauthenticated);
            Ok(())
        });
        checked.unwrap();
    }
    auth.validate(&tokens.access_token)
        .await
        .expect("unchanged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arbitrary_text_is_refused_and_never_a_fault() {
    let (auth, tokens) = logged_in(Kind::Sqlite).await;
    let client = auth.internal_client();
    let header = tokens.access_token.split('.').next().unwrap().to_owned();
    let texts = prop_oneof![
        ".{1,200}",
        "[A-Za-z0-9_-]{1,80}\\.[A-Za-z0-9_-]{1,80}\\.[A-Za-z0-9_-]{86}",
        "[A-Za-z0-9_-]{1,80}\\.[A-Za-z0-9_-]{86}".prop_map(move |rest| format!("{header}.{rest}")),
        ".{1,40}".prop_map(|text| format!("{}.e30.e30", Forged::encode(&text))),
    ];
    let mut runner = TestRunner::new(Config::with_cases(500));
    let checked = runner.run(&texts, |access_token| {
        let request =
            testing::auth::as_service(proto::auth::v1::ValidateSessionRequest { access_token });
        let (code, reason) = refusal(wait_for(client.clone().validate_session(request)));
        prop_assert_eq!(code, tonic::Code::Unauthenticated);
        prop_assert!(reason.starts_with("TOKEN_"), "{}", reason);
        Ok(())
    });
    checked.unwrap();
    auth.validate(&tokens.access_token)
        .await
        .expect("the service goes on");
}
