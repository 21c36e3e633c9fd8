//! `GET /.well-known/jwks.json` (RFC 7517, RFC 8037): the keys with which anybody can verify
//! that a token was signed here.
//!
//! That a signature holds does not say that the session still stands: it may have been ended a
//! moment ago. ValidateSession and introspection say that.

use super::super::render;
use crate::{domain::Jwks, tokens::Tokens};
use http::Response;
use serde_json::json;
use server::serve::json_answer;
use std::time::Duration;
use tonic::{Status, body::Body};

/// How long HTTP caches may keep the keys, at most. Proxies may keep them one after the other.
const MAX_AGE: Duration = Duration::from_mins(5);

/// The keys, also those that do not sign yet.
pub fn key_set(tokens: &Tokens) -> Result<Response<Body>, Status> {
    let jwks = Jwks::of(tokens);
    let keys = jwks.keys.iter().map(render::json_web_key).map(|key| {
        json!({
            "kty": key.kty,
            "crv": key.crv,
            "x": key.x,
            "kid": key.kid,
            "use": key.r#use,
            "alg": key.alg,
        })
    });
    let set = json!({ "keys": keys.collect::<Vec<_>>() });
    let max_age = jwks.max_age.min(MAX_AGE).as_secs();
    let kept = format!("public, max-age={max_age}");
    json_answer("application/jwk-set+json", &kept, &set)
}
