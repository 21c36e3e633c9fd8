//! Tokens that auth-service never issued, some of them signed by its own key.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use testing::auth::Auth;

/// The parts of a token, to be changed and signed anew.
#[derive(Clone, Debug)]
pub(crate) struct Forged {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
}

impl Forged {
    /// As a token has them.
    pub(crate) fn from(token: &str) -> Self {
        let part = |index| {
            let part = token.split('.').nth(index).expect("three parts");
            let json = URL_SAFE_NO_PAD.decode(part).expect("base64");
            serde_json::from_slice(&json).expect("a JSON object")
        };
        Self {
            header: part(0),
            claims: part(1),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without_claim(mut self, name: &str) -> Self {
        assert!(self.claims.remove(name).is_some(), "{name}");
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        assert!(self.header.remove(name).is_some(), "{name}");
        self
    }

    /// A part of a token, of any text.
    pub(crate) fn encode(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    /// The signing input.
    pub(crate) fn input(&self) -> String {
        let part = |part: &Map<String, Value>| Self::encode(&json!(part).to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }

    /// Signed with an Ed25519 key, whatever the header says.
    pub(crate) fn signed_by(&self, key: &Path) -> String {
        let key = EncodingKey::from_ed_der(&der(key));
        self.signed(&key, Algorithm::EdDSA)
    }

    /// Signed by HMAC with these bytes as the secret.
    pub(crate) fn hmac(&self, secret: &[u8]) -> String {
        let forged = self.clone().header("alg", "HS256");
        forged.signed(&EncodingKey::from_secret(secret), Algorithm::HS256)
    }

    fn signed(&self, key: &EncodingKey, algorithm: Algorithm) -> String {
        let input = self.input();
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), key, algorithm);
        format!("{input}.{}", signature.expect("a signature"))
    }
}

/// The files of the keys that an auth-service holds, oldest first.
pub(crate) fn key_files(auth: &Auth) -> Vec<PathBuf> {
    let files = std::fs::read_dir(auth.folder.path().join("keys")).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// The one key that it signs with.
pub(crate) fn key_file(auth: &Auth) -> PathBuf {
    let [file] = key_files(auth).try_into().expect("one key");
    file
}

/// The key that a token names.
pub(crate) fn key_name(token: &str) -> String {
    Forged::from(token).header["kid"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn der(key: &Path) -> Vec<u8> {
    let text = std::fs::read(key).unwrap();
    pem::parse(text).unwrap().into_contents()
}

/// The public half of a key in each form that a verifier might mistake for a
/// secret: raw, DER, PEM.
pub(crate) fn public_half(key: &Path) -> [Vec<u8>; 3] {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    let pair = Ed25519KeyPair::from_pkcs8(&der(key)).unwrap();
    let raw = pair.public_key().as_ref().to_vec();
    // SubjectPublicKeyInfo of Ed25519 (RFC 8410)
    let prefix = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    let der = [prefix.as_slice(), &raw].concat();
    let pem = pem::encode(&pem::Pem::new("PUBLIC KEY", der.clone()));
    [raw, der, pem.into_bytes()]
}
