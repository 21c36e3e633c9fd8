//! GetJwks: what anyone may know of the keys, and that it verifies.

use crate::{
    forge::{key_file, key_files, key_name, public_half},
    outages::world,
    served::Served,
};
use auth_service::tokens::{KeyName, KeySchedule, generate_key};
use aws_lc_rs::{
    encoding::{AsBigEndian as _, Curve25519SeedBin},
    signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::time::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use proto::auth::v1::{GetJwksRequest, GetJwksResponse, JsonWebKey};
use serde_json::{Value, json};
use std::time::Duration;
use testing::{Kind, auth::Auth};

async fn jwks(served: &impl Served) -> GetJwksResponse {
    let answer = served.public_client().get_jwks(GetJwksRequest {}).await;
    answer.expect("the keys").into_inner()
}

/// As RFC 7517 writes it: the fields by the names that they have in the contract.
fn document(answer: &GetJwksResponse) -> Value {
    let key = |key: &JsonWebKey| {
        json!({
            "kid": key.kid,
            "kty": key.kty,
            "crv": key.crv,
            "x": key.x,
            "alg": key.alg,
            "use": key.r#use,
        })
    };
    json!({ "keys": answer.keys.iter().map(key).collect::<Vec<_>>() })
}

/// A key whose time comes in so many seconds; a restart knows it.
fn add_key(auth: &Auth, seconds: i64) -> KeyName {
    let time = Timestamp::from_seconds(auth.clock.now().seconds() + seconds);
    let name = KeyName::at(time);
    generate_key(&auth.folder.path().join("keys"), name).unwrap();
    name
}

testing::on_both_databases! {
    async fn the_key_set_verifies_what_the_service_signs(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
        let answer = jwks(&auth).await;
        assert_eq!(answer.keys.len(), 1);
        for token in [&tokens.access_token, &tokens.refresh_token] {
            let key = answer.keys.iter().find(|key| key.kid == key_name(token)).expect("named");

            // by RFC 8032 alone: the text before the last dot, the bytes of `x`
            let bytes = URL_SAFE_NO_PAD.decode(&key.x).expect("base64url without padding");
            let (input, signature) = token.rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            let public = UnparsedPublicKey::new(&ED25519, &bytes);
            public.verify(input.as_bytes(), &signature).expect("it verifies");
            public.verify(&input.as_bytes()[1..], &signature).expect_err("that alone");

            // and by what another service would use
            let set: JwkSet = serde_json::from_value(document(&answer)).expect("RFC 7517");
            let key = set.find(&key.kid).expect("found by its name");
            let mut validation = Validation::new(Algorithm::EdDSA);
            validation.set_audience(&["ticketing"]);
            validation.set_issuer(&["ticketing-auth"]);
            let key = DecodingKey::from_jwk(key).expect("RFC 8037");
            jsonwebtoken::decode::<Value>(token, &key, &validation).expect("it verifies");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_told_in_one_spelling_and_without_its_private_half() {
    let auth = Auth::start(Kind::Sqlite).await;
    let file = key_file(&auth);
    let answer = jwks(&auth).await;
    let [public, ..] = public_half(&file);
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    assert_eq!(
        document(&answer),
        json!({ "keys": [{
            "kid": name,
            "kty": "OKP",
            "crv": "Ed25519",
            "x": URL_SAFE_NO_PAD.encode(&public),
            "alg": "EdDSA",
            "use": "sig",
        }]})
    );
    assert_eq!(answer.keys[0].x.len(), 43);

    let der = pem::parse(std::fs::read(&file).unwrap()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(der.contents()).unwrap();
    let seed: Curve25519SeedBin<'_> = pair.seed().unwrap().as_be_bytes().unwrap();
    let seed = seed.as_ref();
    // all that the message holds, also what this test does not know of
    let printed = format!("{answer:?}");
    assert!(!printed.contains(&URL_SAFE_NO_PAD.encode(seed)));
    assert!(!printed.contains(&format!("{seed:?}")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_told_before_it_signs_and_no_more_once_it_went() {
    let auth = Auth::start(Kind::Sqlite).await;
    let ahead = add_key(&auth, 3_600);
    let replica = auth.another_replica().await;
    let names = |answer: &GetJwksResponse| -> Vec<String> {
        answer.keys.iter().map(|key| key.kid.clone()).collect()
    };
    let mut files = key_files(&auth);
    let old = files.remove(0);
    let old_name = old.file_stem().unwrap().to_str().unwrap().to_owned();
    let answer = jwks(&replica).await;
    assert_eq!(names(&answer), [old_name, ahead.to_string()]);

    // who asks again by then knows the key before it signs: it is told for longer
    let max_age = answer.max_age.expect("a hint");
    let apply_before = KeySchedule::apply_before(ahead);
    let told_for = ahead.signs_from().since(apply_before);
    assert!(max_age.seconds > 0 && max_age.nanos == 0);
    assert!(max_age.seconds.unsigned_abs() < told_for.as_secs());

    auth.clock.advance(Duration::from_secs(3_601));
    std::fs::remove_file(old).unwrap();
    let replica = auth.another_replica().await;
    assert_eq!(names(&jwks(&replica).await), [ahead.to_string()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keys_are_told_while_the_database_is_away() {
    let world = world().await;
    let before = jwks(&world.auth).await;
    world.proxy.cut().await;
    assert_eq!(jwks(&world.auth).await, before);
}
