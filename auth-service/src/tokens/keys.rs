//! Signing keys in a directory. Each key is a PEM file, named after the time from which the key
//! signs.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chrono::NaiveDateTime;
use contract::{
    reread::{File, Unreadable},
    time::Timestamp,
};
use jsonwebtoken::{DecodingKey, EncodingKey};
use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

/// The form of a name: UTC, to the second.
const FORMAT: &str = "%Y%m%dT%H%M%SZ";
/// The largest number of keys in a directory.
pub(super) const MAX_KEYS: usize = 32;

/// The name of a key: the file name without `.pem`, the `kid` of the tokens that the key signs, and
/// the time from which it signs. For example `20261124T230000Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(i64);

impl KeyName {
    /// The name of a key that signs from `time` on.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self(time.to_portable().seconds())
    }

    /// The time from which the key signs.
    #[must_use]
    pub fn signs_from(self) -> Timestamp {
        Timestamp::from_seconds(self.0)
    }
}

/// Why a text is not the name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one like 20261124T230000Z")]
pub struct InvalidKeyName;

impl FromStr for KeyName {
    type Err = InvalidKeyName;

    /// Accepts the canonical form only. `chrono` alone would also accept a sign, white space and a
    /// leap second.
    fn from_str(text: &str) -> Result<Self, InvalidKeyName> {
        let time = NaiveDateTime::parse_from_str(text, FORMAT).map_err(|_| InvalidKeyName)?;
        let name = Self(time.and_utc().timestamp());
        (name.to_string() == text)
            .then_some(name)
            .ok_or(InvalidKeyName)
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = chrono::DateTime::from_timestamp_secs(self.0).unwrap_or_default();
        write!(f, "{}", time.format(FORMAT))
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The public part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name, the `kid`.
    pub name: KeyName,
    /// The 32 bytes of RFC 8032.
    pub bytes: Vec<u8>,
}

/// An Ed25519 key that can sign and verify.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) signs: EncodingKey,
    pub(super) verifies: DecodingKey,
    /// The public part, which shows whether a file's content has changed.
    pub(super) public: Vec<u8>,
}

impl Key {
    /// Reads PKCS#8, version 1 (as `openssl genpkey` writes it) or version 2.
    pub(super) fn read(pem: &[u8]) -> Option<Self> {
        let der = pem::parse(pem)
            .ok()
            .filter(|block| block.tag() == "PRIVATE KEY")?;
        let pair = Ed25519KeyPair::from_pkcs8(der.contents()).ok()?;
        let public = pair.public_key().as_ref().to_vec();
        Some(Self {
            signs: EncodingKey::from_ed_der(der.contents()),
            verifies: DecodingKey::from_ed_der(&public),
            public,
        })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Reads every key of a directory.
pub(super) fn read_directory(directory: &Path) -> Result<BTreeMap<KeyName, Key>, InvalidKeys> {
    keys_of(directory, &read_files(directory)?)
}

/// Reads every file of a directory, in the order of names. Hidden files are skipped, because
/// Kubernetes keeps its own links there.
pub(super) fn read_files(directory: &Path) -> Result<Vec<File>, InvalidKeys> {
    let unreadable = |source| Unreadable {
        path: directory.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(InvalidKeys::Name(path));
        };
        if !name.starts_with('.') {
            name_of(&path)?;
            paths.push(path);
        }
    }
    paths.sort_unstable();
    let files: Result<_, Unreadable> = paths.iter().map(|path| File::read(path)).collect();
    Ok(files?)
}

/// The keys in the files of a directory.
pub(super) fn keys_of(
    directory: &Path,
    files: &[File],
) -> Result<BTreeMap<KeyName, Key>, InvalidKeys> {
    let key = |file: &File| {
        let key = Key::read(file.bytes());
        let key = key.ok_or_else(|| InvalidKeys::Content(file.path().to_owned()))?;
        Ok((name_of(file.path())?, key))
    };
    let keys: BTreeMap<KeyName, Key> = files.iter().map(key).collect::<Result<_, InvalidKeys>>()?;
    if keys.len() > MAX_KEYS {
        return Err(InvalidKeys::TooMany(directory.to_owned()));
    }
    Ok(keys)
}

fn name_of(path: &Path) -> Result<KeyName, InvalidKeys> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.and_then(|name| name.strip_suffix(".pem")?.parse().ok());
    name.ok_or_else(|| InvalidKeys::Name(path.to_owned()))
}

/// Why a directory of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKeys {
    /// The directory or a file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A file's name is not a time.
    #[error("{}: must be named like 20261124T230000Z.pem, after the time from which it signs", .0.display())]
    Name(PathBuf),
    /// A file has other content.
    #[error("{}: must hold an Ed25519 private key in PKCS#8 PEM", .0.display())]
    Content(PathBuf),
    /// No key's time has come.
    #[error("{}: holds no key whose time has come; generate one", .0.display())]
    NoneSigns(PathBuf),
    /// There are more files than a rotation can need.
    #[error("{}: holds more than {MAX_KEYS} keys; retire the oldest", .0.display())]
    TooMany(PathBuf),
}
