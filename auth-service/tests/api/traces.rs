//! A detector of secrets in a text: the secret itself, in any part that is long
//! enough to tell, and what is derived from it.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;
use std::{collections::HashMap, fmt::Write as _};

/// So many characters in a row are no chance.
const WINDOW: usize = 16;

/// What to look for, each with its name.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    windows: HashMap<Vec<u8>, String>,
    whole: Vec<(String, String)>,
}

impl Detector {
    /// Looks for any part of a token's text, and for its digests.
    pub(crate) fn token(&mut self, name: &str, token: &str) {
        self.text(name, token);
        for (digest, bytes) in digests(token) {
            for (form, text) in forms(&bytes) {
                self.whole
                    .push((format!("{digest} of {name} in {form}"), text));
            }
        }
    }

    /// Looks for any part of a secret's text.
    pub(crate) fn text(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= WINDOW, "{name} is too short to look for");
        for window in secret.as_bytes().windows(WINDOW) {
            self.windows.insert(window.to_vec(), name.to_owned());
        }
    }

    /// The names of what a text holds.
    pub(crate) fn found_in(&self, text: &str) -> Vec<String> {
        let windows = text.as_bytes().windows(WINDOW);
        let parts = windows.filter_map(|window| self.windows.get(window));
        let whole = self
            .whole
            .iter()
            .filter(|(_, secret)| text.contains(secret));
        let mut found: Vec<String> = parts.chain(whole.map(|(name, _)| name)).cloned().collect();
        found.sort();
        found.dedup();
        found
    }
}

fn digests(token: &str) -> [(&'static str, Vec<u8>); 4] {
    [
        ("MD5", Md5::digest(token).to_vec()),
        ("SHA-1", Sha1::digest(token).to_vec()),
        ("SHA-256", Sha256::digest(token).to_vec()),
        ("BLAKE3", blake3::hash(token.as_bytes()).as_bytes().to_vec()),
    ]
}

fn forms(bytes: &[u8]) -> [(&'static str, String); 6] {
    let mut hex = String::new();
    for byte in bytes {
        write!(hex, "{byte:02x}").unwrap();
    }
    [
        ("upper-case hex", hex.to_uppercase()),
        ("hex", hex),
        ("base64", STANDARD.encode(bytes)),
        ("base64 without padding", STANDARD_NO_PAD.encode(bytes)),
        ("URL-safe base64", URL_SAFE.encode(bytes)),
        (
            "URL-safe base64 without padding",
            URL_SAFE_NO_PAD.encode(bytes),
        ),
    ]
}

/// Everything that must be found, were it there: for the detector's own test.
pub(crate) fn planted(token: &str) -> Vec<String> {
    let middle = token.len() / 2;
    let mut planted = vec![
        token.to_owned(),
        token[..WINDOW].to_owned(),
        token[middle..middle + WINDOW].to_owned(),
        token[token.len() - WINDOW..].to_owned(),
    ];
    for (_, bytes) in digests(token) {
        planted.extend(forms(&bytes).map(|(_, text)| text));
    }
    planted
}

#[test]
fn the_detector_finds_each_kind_of_trace_and_nothing_else() {
    let token = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ";
    let mut detector = Detector::default();
    detector.token("the token", token);
    for trace in planted(token) {
        assert_ne!(
            detector.found_in(&format!("before {trace} after")),
            [] as [&str; 0],
            "{trace}"
        );
    }
    let fifteen = &token[5..20];
    for innocent in [
        "",
        "nothing of it",
        fifteen,
        "d41d8cd98f00b204e9800998ecf8427e",
    ] {
        assert_eq!(detector.found_in(innocent), [] as [&str; 0], "{innocent}");
    }
}
