//! The schedule of signing keys: the state of each key in a directory, when the next key is to be made,
//! and when an old one may be removed. The schedule needs no state, because the name of a key is the
//! time from which it signs.

use super::{
    generate::{GenerateError, generate_key},
    keys::{InvalidKeys, KeyName, MAX_KEYS, read_directory},
};
use contract::time::Timestamp;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a replica waits with a key that it first sees after the key's time. By then, every other
/// replica has seen the key, too.
pub(super) const LATE_KEY_WAITS: Duration = Duration::from_mins(10);
/// How long a caller may keep the public keys.
pub const JWKS_MAX_AGE: Duration = Duration::from_mins(15);

/// RFC 3339, as the times of keys are: without fractions.
#[must_use]
pub fn to_the_second(time: Timestamp) -> String {
    let time = Timestamp::from_seconds(time.to_portable().seconds()).to_string();
    time.replace(".000000", "")
}

/// The key that signs: the newest whose time has come. From oldest to newest.
pub(super) fn newest_due(
    times: impl DoubleEndedIterator<Item = (KeyName, Timestamp)>,
    now: Timestamp,
) -> Option<KeyName> {
    let mut due = times.rev().filter(|(_, signs_from)| *signs_from <= now);
    due.next().map(|(name, _)| name)
}

/// What a key is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Its time has not come yet.
    Waits,
    /// It signs.
    Signs,
    /// It verifies tokens, and signs none.
    Verifies,
    /// Every token that it signed has expired, so it may be retired.
    Retirable,
}

/// The keys in a directory, under the assumption that every replica saw each file in time.
#[derive(Debug)]
pub struct KeySchedule {
    directory: PathBuf,
    names: BTreeSet<KeyName>,
    /// Lifetime of a refresh token.
    refresh_lifetime: Duration,
    now: Timestamp,
}

impl KeySchedule {
    /// How long after it is generated a key signs, unless the caller names another time.
    pub const AHEAD: Duration = Duration::from_hours(1);
    /// How long before its time every replica must have a key. By its time, a caller that caches the
    /// public keys for as long as it may knows the key, too; and a replica may be five minutes late.
    pub const KNOWN_BEFORE: Duration = Duration::from_mins(20);

    /// Reads the directory, as a service does.
    pub fn open(
        directory: &Path,
        refresh_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Self, InvalidKeys> {
        Ok(Self {
            directory: directory.to_owned(),
            names: read_directory(directory)?.into_keys().collect(),
            refresh_lifetime,
            now,
        })
    }

    /// The keys, oldest first.
    pub fn names(&self) -> impl Iterator<Item = KeyName> {
        self.names.iter().copied()
    }

    fn signing(&self) -> Option<KeyName> {
        let times = self.names.iter().map(|name| (*name, name.signs_from()));
        newest_due(times, self.now)
    }

    /// The state of a key.
    #[must_use]
    pub fn state(&self, name: KeyName) -> KeyState {
        match self.signing() {
            Some(signing) if name == signing => KeyState::Signs,
            Some(signing) if name < signing => match self.may_retire(name) {
                Some(time) if time <= self.now => KeyState::Retirable,
                _ => KeyState::Verifies,
            },
            _ => KeyState::Waits,
        }
    }

    /// From when a key may be retired. By then, its successor has signed for one lifetime of a refresh
    /// token, even on a replica that saw the successor after its time.
    #[must_use]
    pub fn may_retire(&self, name: KeyName) -> Option<Timestamp> {
        let successor = self.names.iter().find(|other| **other > name)?;
        Some(successor.signs_from() + LATE_KEY_WAITS + self.refresh_lifetime)
    }

    /// Generates the next key. The first key signs at once, and a later key after `ahead`.
    pub fn generate(&mut self, ahead: Duration) -> Result<KeyName, KeyScheduleError> {
        if self.names.len() >= MAX_KEYS {
            return Err(KeyScheduleError::Full(self.directory.clone()));
        }
        let ahead = self.signing().map_or(Duration::ZERO, |_| ahead);
        let name = KeyName::at(self.now + ahead);
        generate_key(&self.directory, name)?;
        self.names.insert(name);
        Ok(name)
    }

    /// The time by which every replica must have a key.
    #[must_use]
    pub fn apply_before(name: KeyName) -> Timestamp {
        let before = i64::try_from(Self::KNOWN_BEFORE.as_secs()).unwrap_or_default();
        Timestamp::from_seconds(name.signs_from().seconds().saturating_sub(before))
    }

    /// Removes a key, once every token that it signed has expired.
    pub fn retire(&mut self, name: KeyName) -> Result<(), KeyScheduleError> {
        if !self.names.contains(&name) {
            return Err(KeyScheduleError::Unknown(name));
        }
        match (self.state(name), self.may_retire(name)) {
            (KeyState::Retirable, _) => {}
            (_, Some(from)) => return Err(KeyScheduleError::TooEarly { name, from }),
            (_, None) => return Err(KeyScheduleError::Newest(name)),
        }
        let path = self.directory.join(format!("{name}.pem"));
        fs::remove_file(&path).map_err(|source| KeyScheduleError::Remove { path, source })?;
        self.names.remove(&name);
        Ok(())
    }
}

/// Why the keys were left as they are.
#[derive(Debug, thiserror::Error)]
pub enum KeyScheduleError {
    /// The directory of keys cannot be used.
    #[error(transparent)]
    Invalid(#[from] InvalidKeys),
    /// No key was made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// With one more key, no service would start.
    #[error("{}: holds {MAX_KEYS} keys already; retire the oldest", .0.display())]
    Full(PathBuf),
    /// There is no such key.
    #[error("there is no key {0}")]
    Unknown(KeyName),
    /// No newer key signs after it.
    #[error("{0} is the newest key; generate the next one first")]
    Newest(KeyName),
    /// Tokens that it signed may not have expired yet.
    #[error("tokens that {name} signed may still be in use; it may be retired from {}", to_the_second(*from))]
    TooEarly {
        /// The key.
        name: KeyName,
        /// From when it may be retired.
        from: Timestamp,
    },
    /// The file could not be removed.
    #[error("{}: {source}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
