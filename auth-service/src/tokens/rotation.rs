//! A rotation: how each key of a directory stands, when one is to be made, and
//! when one may go. Without any state: the names are the times.

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

/// A key that a replica first sees after its time signs there only so much
/// later: by then every other replica has seen it, too.
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

/// What a key is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Its time has not come.
    Waits,
    /// It signs.
    Signs,
    /// It verifies what it signed.
    Verifies,
    /// All that it signed has expired.
    Left,
}

/// A directory of keys, as whoever rotates them sees it: each replica has had
/// each file in time.
#[derive(Debug)]
pub struct Rotation {
    directory: PathBuf,
    names: BTreeSet<KeyName>,
    /// Lifetime of a refresh token.
    refresh_lifetime: Duration,
    now: Timestamp,
}

impl Rotation {
    /// How long after its making a key signs, unless one says otherwise.
    pub const AHEAD: Duration = Duration::from_hours(1);
    /// How long before it signs every replica has a key: a caller that keeps the
    /// public keys for as long as it may knows it, too, and a replica may be
    /// five minutes late.
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

    /// How a key stands.
    #[must_use]
    pub fn state(&self, name: KeyName) -> KeyState {
        match self.signing() {
            Some(signing) if name == signing => KeyState::Signs,
            Some(signing) if name < signing => match self.may_go(name) {
                Some(time) if time <= self.now => KeyState::Left,
                _ => KeyState::Verifies,
            },
            _ => KeyState::Waits,
        }
    }

    /// From when a key verifies nothing any more: its successor has signed for a
    /// whole refresh life then, also where it was seen after its time.
    #[must_use]
    pub fn may_go(&self, name: KeyName) -> Option<Timestamp> {
        let successor = self.names.iter().find(|other| **other > name)?;
        Some(successor.signs_from() + LATE_KEY_WAITS + self.refresh_lifetime)
    }

    /// Makes the next key. It signs at once where none does yet, or else so much
    /// later.
    pub fn generate(&mut self, ahead: Duration) -> Result<KeyName, RotationError> {
        if self.names.len() >= MAX_KEYS {
            return Err(RotationError::Full(self.directory.clone()));
        }
        let ahead = self.signing().map_or(Duration::ZERO, |_| ahead);
        let name = KeyName::at(self.now + ahead);
        generate_key(&self.directory, name)?;
        self.names.insert(name);
        Ok(name)
    }

    /// By when every replica is to have a key.
    #[must_use]
    pub fn apply_before(name: KeyName) -> Timestamp {
        let before = i64::try_from(Self::KNOWN_BEFORE.as_secs()).unwrap_or_default();
        Timestamp::from_seconds(name.signs_from().seconds().saturating_sub(before))
    }

    /// Takes a key away, once nothing that it signed is left.
    pub fn retire(&mut self, name: KeyName) -> Result<(), RotationError> {
        if !self.names.contains(&name) {
            return Err(RotationError::Unknown(name));
        }
        match (self.state(name), self.may_go(name)) {
            (KeyState::Left, _) => {}
            (_, Some(from)) => return Err(RotationError::TooEarly { name, from }),
            (_, None) => return Err(RotationError::Newest(name)),
        }
        let path = self.directory.join(format!("{name}.pem"));
        fs::remove_file(&path).map_err(|source| RotationError::Remove { path, source })?;
        self.names.remove(&name);
        Ok(())
    }
}

/// The keys stay as they were.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The directory cannot be used.
    #[error(transparent)]
    Invalid(#[from] InvalidKeys),
    /// No key was made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// One more, and no service would start.
    #[error("{}: holds {MAX_KEYS} keys already; retire the oldest", .0.display())]
    Full(PathBuf),
    /// There is no such key.
    #[error("there is no key {0}")]
    Unknown(KeyName),
    /// No newer key signs after it.
    #[error("{0} is the newest key; generate the next one first")]
    Newest(KeyName),
    /// What it signed may still be presented.
    #[error("{name} may have signed what is still in use; it may go from {}", to_the_second(*from))]
    TooEarly {
        /// The key.
        name: KeyName,
        /// When it may go.
        from: Timestamp,
    },
    /// The file stays.
    #[error("{}: {source}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
