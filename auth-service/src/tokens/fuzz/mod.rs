//! Input that nobody here made: tokens, signatures, files of keys. Nothing of it
//! panics, and what is accepted is only what was issued.

mod key_files;
mod signatures;
mod signed;
mod text;

use super::{Key, KeyName, KeyRing, TokenKind, Tokens, generate_key, of_kind};
use crate::model::{Generation, Refusal};
use contract::{
    bearer::BearerToken,
    ids::{SessionId, UserId},
    time::{Clock, Timestamp},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use proptest::test_runner::TestRunner;
use secrecy::ExposeSecret as _;
use std::{path::Path, sync::Arc};
use tempfile::TempDir;

const ISSUER: &str = "issuer";
const AUDIENCE: &str = "audience";
/// In a century or so.
const END: i64 = 4_999_999_999;

/// Tokens with one key, one token of each kind, and a stranger's key.
struct World {
    folder: TempDir,
    tokens: Tokens,
    name: KeyName,
    key: Key,
    stranger: Key,
    access: String,
    refresh: String,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (folder.path().join("own"), folder.path().join("other"));
        let name = KeyName::at(Timestamp::from_seconds(1_764_000_000));
        let key = made(&own, name);
        let stranger = made(&other, KeyName::at(Timestamp::from_seconds(1_764_000_001)));
        let clock = Clock::system();
        let ring = KeyRing::open(own, clock.clone()).unwrap();
        let now = clock.now();
        let tokens = Tokens::new(Arc::new(ring), ISSUER.into(), AUDIENCE.into());
        let issue = |kind| {
            let end = Timestamp::from_seconds(END);
            let issued = tokens.issue(
                kind,
                UserId(7),
                SessionId::random(),
                Generation(3),
                now,
                end,
            );
            issued.unwrap().text.expose_secret().to_owned()
        };
        let (access, refresh) = (issue(TokenKind::Access), issue(TokenKind::Refresh));
        let world = Self {
            folder,
            tokens,
            name,
            key,
            stranger,
            access,
            refresh,
        };
        // so that both are remembered, and nothing else is taken for them
        world.verify(TokenKind::Access, &world.access).unwrap();
        world.verify(TokenKind::Refresh, &world.refresh).unwrap();
        world
    }

    fn verify(&self, kind: TokenKind, text: &str) -> Result<super::Claims, Refusal> {
        match BearerToken::new(text.to_owned()) {
            // none of these tests changes the keys
            Ok(token) => of_kind(kind, self.tokens.verify_signature(&token)?),
            // refused by its length before it comes here
            Err(_) => Err(Refusal::TokenMalformed),
        }
    }

    /// Whether a text passes as a token of any kind, for any use.
    fn passes(&self, text: &str) -> bool {
        let revokes = BearerToken::new(text.to_owned())
            .is_ok_and(|token| self.tokens.verify_signature(&token).is_ok());
        revokes
            || self.verify(TokenKind::Access, text).is_ok()
            || self.verify(TokenKind::Refresh, text).is_ok()
    }
}

/// Makes a key in a new directory.
fn made(directory: &Path, name: KeyName) -> Key {
    std::fs::create_dir(directory).unwrap();
    let pem = std::fs::read(generate_key(directory, name).unwrap()).unwrap();
    Key::read(&pem).unwrap()
}

/// A signature, in base64.
fn sign(input: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    jsonwebtoken::crypto::sign(input.as_bytes(), key, algorithm).unwrap()
}

fn runner() -> TestRunner {
    TestRunner::new(testing::fuzz::inputs())
}
