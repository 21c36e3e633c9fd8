//! The public keys that verify the signatures of tokens.

use crate::tokens::{JWKS_MAX_AGE, PublicKey, Tokens};
use std::time::Duration;

/// Public keys, and how long a caller may cache them.
#[derive(Clone, Debug)]
pub struct Jwks {
    /// The keys, oldest first.
    pub keys: Vec<PublicKey>,
    /// How long they may be cached. A caller that asks again by then knows each key before it
    /// signs.
    pub max_age: Duration,
}

impl Jwks {
    /// The keys that verify now, including keys that do not sign yet.
    #[must_use]
    pub fn of(tokens: &Tokens) -> Self {
        Self {
            keys: tokens.public_keys(),
            max_age: JWKS_MAX_AGE,
        }
    }
}
