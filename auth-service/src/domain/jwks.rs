//! The keys with which anyone may verify a token's signature.

use crate::tokens::{JWKS_MAX_AGE, PublicKey, Tokens};
use std::time::Duration;

/// Public keys, and how long they may be kept.
#[derive(Clone, Debug)]
pub struct Jwks {
    /// Oldest first.
    pub keys: Vec<PublicKey>,
    /// Who asks again by then knows each key before it signs.
    pub max_age: Duration,
}

impl Jwks {
    /// The keys that verify now, whether or not they sign yet.
    #[must_use]
    pub fn of(tokens: &Tokens) -> Self {
        Self {
            keys: tokens.public_keys(),
            max_age: JWKS_MAX_AGE,
        }
    }
}
