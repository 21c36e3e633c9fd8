//! Input that nobody here made: tokens, signatures, files of keys. Nothing of it
//! panics, and what is accepted is only what was issued.

mod by_http;
mod key_files;
mod signatures;
mod signed;
mod text;

use auth_service::{
    model::{Generation, Refusal},
    tokens::{Claims, KeyName, KeyRing, TokenKind, Tokens, generate_key},
};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
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
use tokio::runtime::{Builder, Runtime};

const ISSUER: &str = "issuer";
const AUDIENCE: &str = "audience";
/// In a century or so.
const END: i64 = 4_999_999_999;

/// Tokens with one key, one token of each kind, and a stranger's key.
struct World {
    folder: TempDir,
    runtime: Runtime,
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
        let tokens = tokens(KeyRing::open(own, Clock::system()).unwrap());
        let access = issued(&tokens, TokenKind::Access);
        let refresh = issued(&tokens, TokenKind::Refresh);
        let world = Self {
            folder,
            runtime: runtime(),
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

    fn verify(&self, kind: TokenKind, text: &str) -> Result<Claims, Refusal> {
        match BearerToken::new(text.to_owned()) {
            Ok(token) => self.runtime.block_on(self.tokens.verify(kind, &token)),
            // refused by its length before it comes here
            Err(_) => Err(Refusal::TokenMalformed),
        }
    }

    /// Whether a text passes as a token of any kind, for any use.
    fn passes(&self, text: &str) -> bool {
        let revokes = BearerToken::new(text.to_owned()).is_ok_and(|token| {
            let verifying = self.tokens.verify_for_revocation(&token);
            self.runtime.block_on(verifying).is_ok()
        });
        revokes
            || self.verify(TokenKind::Access, text).is_ok()
            || self.verify(TokenKind::Refresh, text).is_ok()
    }
}

/// What the holder of a key's file has.
struct Key {
    signs: EncodingKey,
    public: Vec<u8>,
}

/// Makes a key in a new directory.
fn made(directory: &Path, name: KeyName) -> Key {
    std::fs::create_dir(directory).unwrap();
    let pem = std::fs::read(generate_key(directory, name).unwrap()).unwrap();
    let der = pem::parse(pem).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(der.contents()).unwrap();
    Key {
        signs: EncodingKey::from_ed_der(der.contents()),
        public: pair.public_key().as_ref().to_vec(),
    }
}

fn tokens(ring: KeyRing) -> Tokens {
    Tokens::new(Arc::new(ring), ISSUER.into(), AUDIENCE.into())
}

fn issued(tokens: &Tokens, kind: TokenKind) -> String {
    let now = Clock::system().now();
    let end = Timestamp::from_seconds(END);
    let session = SessionId::random();
    let issued = tokens.issue(kind, UserId(7), session, Generation(3), now, end);
    issued.unwrap().text.expose_secret().to_owned()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A signature, in base64.
fn sign(input: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    jsonwebtoken::crypto::sign(input.as_bytes(), key, algorithm).unwrap()
}

fn runner() -> TestRunner {
    TestRunner::new(testing::fuzz::inputs())
}
