//! PyJWT and jose, which fetch the published keys and verify access tokens with them.

use super::{node, python};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use testing::{Kind, auth::Auth};

const SARA: &str = "sara@example.com";
const ISSUER: &str = "ticketing-auth";

/// The token with another user in it, under the old signature.
fn of_another_user(token: &str) -> String {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    let claims = URL_SAFE_NO_PAD.decode(&parts[1]).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["sub"] = Value::from("1000000");
    parts[1] = URL_SAFE_NO_PAD.encode(claims.to_string());
    parts.join(".")
}

/// The token with another signature of the right length.
fn of_another_signature(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    signature[0] ^= 1;
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pyjwt_and_jose_verify_access_tokens_by_the_published_keys_and_refuse_changed_ones() {
    let auth = Auth::start(Kind::Sqlite).await;
    let sara = auth.add_customer(SARA).await;
    let token = auth.log_in(SARA).await.tokens.unwrap().access_token;
    let keys = format!("http://{}/.well-known/jwks.json", auth.replica.public);
    let (changed, forged) = (of_another_user(&token), of_another_signature(&token));
    let told = |refusal: &str| format!("{sara}\n{refusal}\n{refusal}\n");

    let by_audience = [&keys, ISSUER, "ticketing", &token, &changed, &forged];
    let found = python("pyjwt.py", &by_audience).await;
    assert_eq!(found, told("InvalidSignatureError"));
    let found = node("jose.mjs", &by_audience).await;
    assert_eq!(found, told("ERR_JWS_SIGNATURE_VERIFICATION_FAILED"));

    let elsewhere = [&keys, ISSUER, "another", &token];
    let found = python("pyjwt.py", &elsewhere).await;
    assert_eq!(found, "InvalidAudienceError\n");
    let found = node("jose.mjs", &elsewhere).await;
    assert_eq!(found, "ERR_JWT_CLAIM_VALIDATION_FAILED\n");
}
