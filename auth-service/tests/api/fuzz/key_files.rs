//! Directories of keys that hold anything, and key names that lead out of them.

use super::{World, issued, made, runner, runtime, sign, tokens};
use auth_service::{
    model::Refusal,
    tokens::{InvalidKeys, KeyRing, TokenKind},
};
use aws_lc_rs::{rand::SystemRandom, signature::Ed25519KeyPair};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use contract::{
    bearer::BearerToken,
    time::{Clock, Timestamp},
};
use jsonwebtoken::Algorithm;
use proptest::{collection::vec, prelude::*, sample::Index};
use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _, path::Path};
use testing::fuzz::{Change, changed, changes};

const NAME: &str = "20261124T230000Z.pem";
/// The last second that a key's name can tell: the time of each key has come.
const LAST: i64 = 253_402_300_799;

/// Reads a directory of keys as the service does at its start.
fn read(directory: &Path) -> Result<KeyRing, InvalidKeys> {
    let clock = Clock::system().stopped_at(Timestamp::from_seconds(LAST));
    KeyRing::open(directory.to_owned(), clock)
}

/// Whether a file of this name is a key's: told by digits and calendar alone.
fn is_key_name(name: &str) -> bool {
    let form = "00000000T000000Z.pem";
    let alike = name.len() == form.len()
        && name.bytes().zip(form.bytes()).all(|(byte, form)| {
            if form == b'0' {
                byte.is_ascii_digit()
            } else {
                byte == form
            }
        });
    let number = |from: usize, to: usize| name[from..to].parse::<u32>().unwrap();
    alike
        && i32::try_from(number(0, 4))
            .ok()
            .and_then(|year| NaiveDate::from_ymd_opt(year, number(4, 6), number(6, 8)))
            .and_then(|day| day.and_hms_opt(number(9, 11), number(11, 13), number(13, 15)))
            .is_some()
}

/// File names: a key's, almost a key's, anything.
fn names() -> impl Strategy<Value = Vec<u8>> {
    let times = "[0-9]{8}T[0-9]{6}Z\\.pem|[01][0-9]{3}[01][0-9][0-3][0-9]T[012][0-9][0-6][0-9][0-6][0-9]Z\\.pem";
    let name = prop_oneof![
        1 => Just(NAME.as_bytes().to_vec()),
        2 => times.prop_map(String::into_bytes),
        4 => changes().prop_map(|changes| changed(NAME, &changes).into_bytes()),
        1 => vec(any::<u8>(), 1..40),
    ];
    name.prop_map(|mut name| {
        name.retain(|byte| !matches!(byte, b'/' | 0));
        name.truncate(255);
        if matches!(name.as_slice(), b"" | b"." | b"..") {
            b"_".to_vec()
        } else {
            name
        }
    })
}

/// Changes to the bytes of a key inside its PEM.
#[derive(Clone, Debug)]
enum Inside {
    Byte(Index, u8),
    Insert(Index, u8),
    Cut(Index),
    /// Ed25519's object identifier becomes X25519's, X448's, Ed448's, another's.
    Curve(u8),
}

#[derive(Clone, Debug)]
enum Body {
    Text(Vec<Change>),
    Inside(&'static str, Vec<Inside>),
    Bytes(Vec<u8>),
}

fn bodies() -> impl Strategy<Value = Body> {
    let inside = prop_oneof![
        3 => (any::<Index>(), any::<u8>()).prop_map(|(at, to)| Inside::Byte(at, to)),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, what)| Inside::Insert(at, what)),
        1 => any::<Index>().prop_map(Inside::Cut),
        1 => (0x6e..0x74_u8).prop_map(Inside::Curve),
    ];
    let tags = [
        "PRIVATE KEY",
        "PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "EC PRIVATE KEY",
        "PUBLIC KEY",
    ];
    prop_oneof![
        3 => vec(changes(), 0..2).prop_map(|changes| Body::Text(changes.concat())),
        3 => (prop::sample::select(tags.to_vec()), vec(inside, 1..4))
            .prop_map(|(tag, changes)| Body::Inside(tag, changes)),
        1 => vec(any::<u8>(), 0..200).prop_map(Body::Bytes),
    ]
}

impl Body {
    fn written(&self, pem: &str, der: &[u8]) -> Vec<u8> {
        match self {
            Self::Text(changes) => changed(pem, changes).into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Inside(tag, changes) => {
                let mut der = der.to_vec();
                for change in changes {
                    let length = der.len().max(1);
                    match change {
                        Inside::Insert(at, what) => der.insert(at.index(der.len() + 1), *what),
                        Inside::Cut(at) => der.truncate(at.index(length)),
                        Inside::Byte(at, to) => {
                            if let Some(byte) = der.get_mut(at.index(length)) {
                                *byte = *to;
                            }
                        }
                        Inside::Curve(last) => {
                            let found =
                                der.windows(3).position(|bytes| bytes == [0x2b, 0x65, 0x70]);
                            if let Some(at) = found {
                                der[at + 2] = *last;
                            }
                        }
                    }
                }
                pem::encode(&pem::Pem::new(*tag, der)).into_bytes()
            }
        }
    }
}

/// Both forms of PKCS#8: with the public half, as earlier builds wrote it, and as
/// `openssl genpkey` and this build have it, without.
fn both_forms() -> [Vec<u8>; 2] {
    let second = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let second = second.as_ref().to_vec();
    let prefix = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    [second, [prefix.as_slice(), &[7; 32]].concat()]
}

/// A key that is read verifies what it signs, whatever was done to its file: in one
/// whose halves do not belong together, each signature would tell of the private one.
#[test]
fn a_file_of_any_content_is_refused_or_holds_a_whole_key() {
    let forms = both_forms().map(|der| {
        let pem = pem::encode(&pem::Pem::new("PRIVATE KEY", der.clone()));
        (pem, der)
    });
    let input = (prop::sample::select(forms.to_vec()), bodies());
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let checked = runner().run(&input, |((pem, der), body)| {
        fs::write(folder.path().join(NAME), body.written(&pem, &der)).unwrap();
        match read(folder.path()) {
            Ok(ring) => {
                let tokens = tokens(ring);
                let token = BearerToken::new(issued(&tokens, TokenKind::Access)).unwrap();
                let verified = runtime.block_on(tokens.verify(TokenKind::Access, &token));
                prop_assert!(verified.is_ok(), "{verified:?}");
            }
            Err(error) => prop_assert!(matches!(error, InvalidKeys::Content(_)), "{error}"),
        }
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn a_directory_of_any_names_and_contents_is_refused_or_holds_keys() {
    let [der, _] = both_forms();
    let pem = pem::encode(&pem::Pem::new("PRIVATE KEY", der.clone()));
    let secret = pem.lines().nth(1).unwrap().to_owned();
    let bodies = prop_oneof![Just(None), bodies().prop_map(Some)];
    let checked = runner().run(&(names(), bodies), |(name, body)| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(OsStr::from_bytes(&name));
        let content = body
            .as_ref()
            .map_or(pem.clone().into_bytes(), |body| body.written(&pem, &der));
        fs::write(&path, &content).unwrap();
        let text = std::str::from_utf8(&name);
        match read(folder.path()) {
            Ok(ring) => {
                let read = format!("{}.pem", ring.public_keys()[0].name);
                prop_assert!(text.is_ok_and(is_key_name));
                prop_assert_eq!(text, Ok(read.as_str()));
            }
            Err(error) => {
                match error {
                    InvalidKeys::NoneSigns(_) => prop_assert!(name.starts_with(b".")),
                    InvalidKeys::Name(_) => prop_assert!(!text.is_ok_and(is_key_name)),
                    InvalidKeys::Content(_) => prop_assert!(body.is_some()),
                    _ => prop_assert!(false, "{}", error),
                }
                prop_assert!(!error.to_string().contains(&secret));
            }
        }
        Ok(())
    });
    checked.unwrap();
}

/// A stranger's key lies in a file that anyone may write, and a token names it.
#[test]
fn a_key_name_leads_to_no_file() {
    let world = World::new();
    let name = "20251124T170000Z";
    let (outside, within) = (
        world.folder.path().join("outside"),
        world.folder.path().join("own"),
    );
    let stranger = made(&outside, name.parse().unwrap());
    let places = [
        name.to_owned(),
        format!("../outside/{name}"),
        format!("../outside/{name}.pem"),
        format!("{}/{name}", outside.display()),
        format!("{}/../outside/{name}", within.display()),
        format!("{}.pem\0", world.name),
        format!("..%2Foutside%2F{name}"),
    ];
    let (_, claims) = world
        .access
        .rsplit_once('.')
        .unwrap()
        .0
        .split_once('.')
        .unwrap();
    let input = (prop::sample::select(places.to_vec()), vec(changes(), 0..2));
    let checked = runner().run(&input, |(place, changes)| {
        let kid = changed(&place, &changes.concat());
        let header = serde_json::json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid}).to_string();
        let input = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
        let text = format!(
            "{input}.{}",
            sign(&input, &stranger.signs, Algorithm::EdDSA)
        );
        let refused = world.verify(TokenKind::Access, &text).unwrap_err();
        let is_expected = match refused {
            // it may be too long for a token
            Refusal::TokenKeyUnknown | Refusal::TokenMalformed => true,
            // cut down to the name of our key
            Refusal::TokenSignature => kid == world.name.to_string(),
            _ => false,
        };
        prop_assert!(is_expected, "{refused:?}");
        Ok(())
    });
    checked.unwrap();
}
