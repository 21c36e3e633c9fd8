//! The signing keys of a directory: the one that signs now, and those that verify.

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

/// How often an unknown key name may cause a look at the directory.
const COOL_DOWN: Duration = Duration::from_secs(5);

/// The keys of a directory. The newest key whose time has come signs. All keys verify.
#[derive(Debug)]
pub struct KeyRing {
    keys: Reread<Directory>,
    /// When an unknown key name last caused a look at the directory.
    looked_at: Mutex<Timestamp>,
}

/// A directory of keys.
#[derive(Debug)]
struct Directory {
    path: PathBuf,
    clock: Clock,
    /// The keys that this replica first saw after their time.
    seen_late: Counter,
}

/// A set of keys with a number, so that what was derived from it can be invalidated.
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
    /// Reads the directory. Fails if no key's time has come.
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

    /// Reads the directory again. This blocks. After an error, the previous keys are kept.
    pub fn reread(&self) -> Result<(), InvalidKeys> {
        self.keys.read().map(drop)
    }

    /// The same, on a thread that may block.
    pub async fn refresh(&self) {
        self.keys.current().await;
    }

    /// How many keys this replica first saw after their time, while it had an older key.
    #[must_use]
    pub fn seen_late(&self) -> &Counter {
        &self.keys.source().seen_late
    }

    /// A number that changes with the set of keys.
    #[must_use]
    pub fn edition(&self) -> u64 {
        self.keys.made().edition
    }

    /// The key that signs now. Every set has a key whose time has come. If the clock was set back
    /// before all of them, the oldest key signs.
    pub(super) fn signing(&self) -> Option<(KeyName, Key)> {
        let made = self.keys.made();
        let keys = &made.held;
        let now = self.keys.source().clock.now();
        let times = keys.iter().map(|(name, held)| (*name, held.signs_from));
        let name = newest_due(times, now).or_else(|| keys.keys().next().copied())?;
        keys.get(&name).map(|held| (name, held.key.clone()))
    }

    /// The key with this name, if it was read.
    pub(super) fn verifying(&self, name: KeyName) -> Option<Key> {
        let keys = self.keys.made();
        keys.held.get(&name).map(|held| held.key.clone())
    }

    /// Looks at the directory again for an unknown name, but not more often than the cool-down
    /// allows. Returns whether the name is then known.
    pub(super) async fn look_for(&self, name: KeyName) -> bool {
        let mut looked_at = self.looked_at.lock().await;
        // a caller that waited here finds what the previous one has read
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

    /// The public parts of all keys that verify, oldest first.
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

/// The next set of keys. Known keys keep their times. A new key signs from the time in its name, or
/// later if that time has passed while an older key can still sign.
///
/// When the service starts, every key is new. A key whose time came more than the wait ago has been
/// signing on other replicas, and goes on. An older key would sign tokens that outlive it once it
/// is retired.
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
