//! The keys by HTTP, as libraries for JWTs fetch them.

use crate::forge::key_name;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use proto::auth::v1::GetJwksRequest;
use serde_json::{Value, json};
use testing::{Kind, auth::Auth, curl::curl};

const PATH: &str = "/.well-known/jwks.json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keys_verify_a_token_and_may_be_kept_for_five_minutes() {
    let auth = Auth::start(Kind::Sqlite).await;
    auth.add_customer("sara@example.com").await;
    let token = auth
        .log_in("sara@example.com")
        .await
        .tokens
        .unwrap()
        .access_token;
    let url = format!("http://{}{PATH}", auth.replica.public);
    let by_grpc = auth
        .client()
        .get_jwks(GetJwksRequest {})
        .await
        .unwrap()
        .into_inner();
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let answer = curl([version, &url]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/jwk-set+json")
        );
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        let key = &by_grpc.keys[0];
        assert_eq!(
            answer.json(),
            json!({ "keys": [{
                "kty": "OKP", "crv": "Ed25519", "x": key.x, "kid": key.kid, "use": "sig", "alg": "EdDSA",
            }]})
        );
        let set: JwkSet = serde_json::from_value(answer.json()).expect("RFC 7517");
        let key = set.find(&key_name(&token)).expect("found by its name");
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&["ticketing"]);
        let key = DecodingKey::from_jwk(key).expect("RFC 8037");
        jsonwebtoken::decode::<Value>(&token, &key, &validation).expect("it verifies");
    }
    let answer = curl(["--head", &url]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    let answer = curl(["--data-raw", "", &url]).await;
    assert_eq!(answer.status, 405);
    assert_eq!(
        curl(["--header", "origin: https://other.example", &url])
            .await
            .status,
        403
    );
    for elsewhere in [auth.replica.internal, auth.replica.ops] {
        let answer = curl([format!("http://{elsewhere}{PATH}")]).await;
        assert_ne!(answer.status, 200, "clients ask on the public listener");
    }
}
