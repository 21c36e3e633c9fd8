//! Which key signs, and which verify, at any moment.

use super::{
    key_schedule::{LATE_KEY_WAITS, newest_due},
    keys::{InvalidKeys, Key, KeyName, PublicKey, keys_of, read_files},
};
use contract::{
    reread::{File, Reread, Source},
    time::{Clock, Timestamp},
};
use prometheus_client::metrics::counter::Counter;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};
use tokio::sync::Mutex;

/// An unknown key name causes one look at the directory in so much time.
const COOL_DOWN: Duration = Duration::from_secs(5);

/// The keys of a directory. The newest whose time has come signs; all verify.
#[derive(Debug)]
pub struct KeyRing {
    keys: Reread<Directory>,
    /// When an unknown key name last made it look at the directory.
    looked_at: Mutex<Timestamp>,
}

/// A directory of keys.
#[derive(Debug)]
struct Directory {
    path: PathBuf,
    clock: Clock,
    /// Keys that this replica saw only after their time.
    seen_late: Counter,
}

/// A set of keys, and its number, for what was derived from it.
struct Keys {
    held: BTreeMap<KeyName, Held>,
    edition: u64,
}

#[derive(Clone, Debug)]
struct Held {
    key: Key,
    signs_from: Timestamp,
}

impl KeyRing {
    /// Reads the directory. Fails unless some key's time has come.
    pub fn open(directory: PathBuf, clock: Clock) -> Result<Self, InvalidKeys> {
        let directory = Directory {
            path: directory,
            clock,
            seen_late: Counter::default(),
        };
        Ok(Self {
            keys: Reread::open("signing keys", directory)?,
            looked_at: Mutex::new(Timestamp::NEGATIVE_INFINITY),
        })
    }

    /// Reads the directory again, which blocks. On an error, the keys stay as they were.
    pub fn reread(&self) -> Result<(), InvalidKeys> {
        self.keys.read().map(drop)
    }

    /// The same, on a thread that may block.
    pub async fn refresh(&self) {
        self.keys.current().await;
    }

    /// How many keys this replica first saw after their time, while it held an older
    /// one.
    #[must_use]
    pub fn seen_late(&self) -> &Counter {
        &self.keys.source().seen_late
    }

    /// Changes with the set of keys.
    #[must_use]
    pub fn edition(&self) -> u64 {
        self.keys.made().edition
    }

    /// The key that signs now. No set is taken that has none; if the
    /// clock was set back behind them all, the oldest goes on.
    pub(super) fn signing(&self) -> Option<(KeyName, Key)> {
        let made = self.keys.made();
        let keys = &made.held;
        let now = self.keys.source().clock.now();
        let times = keys.iter().map(|(name, held)| (*name, held.signs_from));
        let name = newest_due(times, now).or_else(|| keys.keys().next().copied())?;
        keys.get(&name).map(|held| (name, held.key.clone()))
    }

    /// The key of that name, of those that were read.
    pub(super) fn verifying(&self, name: KeyName) -> Option<Key> {
        let keys = self.keys.made();
        keys.held.get(&name).map(|held| held.key.clone())
    }

    /// Looks at the directory again for a name that is not known, once a cool-down. Whether the
    /// name is known then.
    pub(super) async fn look_for(&self, name: KeyName) -> bool {
        let mut looked_at = self.looked_at.lock().await;
        // who waited here finds what the one before has read
        if self.knows(name) {
            return true;
        }
        let now = self.keys.source().clock.now();
        if now < *looked_at + COOL_DOWN {
            return false;
        }
        *looked_at = now;
        self.refresh().await;
        self.knows(name)
    }

    fn knows(&self, name: KeyName) -> bool {
        self.keys.made().held.contains_key(&name)
    }

    /// The public halves of all keys that verify, oldest first.
    #[must_use]
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let public = |(name, held): (&KeyName, &Held)| PublicKey {
            name: *name,
            bytes: held.key.public.clone(),
        };
        self.keys.made().held.iter().map(public).collect()
    }
}

impl Source for Directory {
    type Made = Keys;
    type Error = InvalidKeys;

    const WHAT: &'static str = "signing keys";

    fn read(&self) -> Result<Vec<File>, InvalidKeys> {
        read_files(&self.path)
    }

    fn make(&self, files: &[File], before: Option<&Keys>) -> Result<Keys, InvalidKeys> {
        let found = keys_of(&self.path, files)?;
        let now = self.clock.now();
        if !found.keys().any(|name| name.signs_from() <= now) {
            return Err(InvalidKeys::NoneSigns(self.path.clone()));
        }
        let names: Vec<_> = found.keys().copied().collect();
        let none = BTreeMap::new();
        let held = before.map_or(&none, |keys| &keys.held);
        let next = merge(held, found, now, &self.seen_late);
        let is_same = held.len() == next.len()
            && held.iter().all(|(name, held)| {
                next.get(name)
                    .is_some_and(|other| other.key.public == held.key.public)
            });
        let edition = before.map_or(0, |keys| keys.edition) + u64::from(!is_same);
        tracing::info!(keys = ?names, "signing keys read");
        Ok(Keys {
            held: next,
            edition,
        })
    }
}

/// The next set: what was held keeps its time; what is new signs from its name's
/// time, or later if that has passed while an older key can still sign.
///
/// At a start every key is new. One whose time came more than the wait ago has
/// been signing elsewhere, and goes on: an older one would sign tokens that
/// outlive it once it is retired.
fn merge(
    held: &BTreeMap<KeyName, Held>,
    found: BTreeMap<KeyName, Key>,
    now: Timestamp,
    seen_late: &Counter,
) -> BTreeMap<KeyName, Held> {
    let oldest = found.keys().next().copied();
    let starting = held.is_empty();
    found
        .into_iter()
        .map(|(name, key)| {
            let known = held.get(&name).map(|held| held.signs_from);
            let late = name.signs_from() < now && Some(name) != oldest;
            let signs_from = match known {
                Some(time) => time,
                None if late => {
                    let seen = if starting { name.signs_from() } else { now };
                    let signs_from = seen + LATE_KEY_WAITS;
                    if signs_from > now {
                        seen_late.inc();
                        tracing::warn!(key = %name, %signs_from, "first seen after its time");
                    }
                    signs_from
                }
                None => name.signs_from(),
            };
            (name, Held { key, signs_from })
        })
        .collect()
}
