//! Which key signs, and which verify, at any moment.

use super::{
    keys::{InvalidKeys, Key, KeyName, PublicKey, read_directory},
    rotation::{LATE_KEY_WAITS, newest_due},
};
use contract::time::{Clock, Timestamp};
use prometheus_client::metrics::counter::Counter;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// An unknown key name causes one look at the directory in so much time.
const COOL_DOWN: Duration = Duration::from_secs(5);

/// The keys of a directory. The newest whose time has come signs; all verify.
#[derive(Debug)]
pub struct KeyRing {
    directory: PathBuf,
    clock: Clock,
    keys: RwLock<BTreeMap<KeyName, Held>>,
    /// Counts the sets of keys, for what was derived from one.
    edition: AtomicU64,
    /// When an unknown key name last made it look at the directory.
    looked_at: Mutex<Timestamp>,
    /// Keys that this replica saw only after their time.
    seen_late: Counter,
}

#[derive(Clone, Debug)]
struct Held {
    key: Key,
    signs_from: Timestamp,
}

impl KeyRing {
    /// Reads the directory. Fails unless some key's time has come.
    pub fn open(directory: PathBuf, clock: Clock) -> Result<Self, InvalidKeys> {
        let ring = Self {
            directory,
            clock,
            keys: RwLock::default(),
            edition: AtomicU64::new(1),
            looked_at: Mutex::new(Timestamp::NEGATIVE_INFINITY),
            seen_late: Counter::default(),
        };
        ring.reread()?;
        Ok(ring)
    }

    /// Reads the directory again. On an error, the keys stay as they were.
    pub fn reread(&self) -> Result<(), InvalidKeys> {
        let found = read_directory(&self.directory)?;
        let now = self.clock.now();
        if !found.keys().any(|name| name.signs_from() <= now) {
            return Err(InvalidKeys::NoneSigns(self.directory.clone()));
        }
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let next = merge(&keys, found, now, &self.seen_late);
        let unchanged = keys.len() == next.len()
            && keys.iter().all(|(name, held)| {
                next.get(name)
                    .is_some_and(|other| other.key.public == held.key.public)
            });
        if !unchanged {
            tracing::info!(keys = ?next.keys().collect::<Vec<_>>(), "signing keys read");
            *keys = next;
            self.edition.fetch_add(1, Ordering::AcqRel);
        }
        Ok(())
    }

    /// How many keys this replica first saw after their time, while it held an older
    /// one.
    #[must_use]
    pub fn seen_late(&self) -> &Counter {
        &self.seen_late
    }

    /// Changes with the set of keys.
    #[must_use]
    pub fn edition(&self) -> u64 {
        self.edition.load(Ordering::Acquire)
    }

    /// The key that signs now. `reread` lets no set in that has none; if the
    /// clock was set back behind them all, the oldest goes on.
    pub(super) fn signing(&self) -> Option<(KeyName, Key)> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let times = keys.iter().map(|(name, held)| (*name, held.signs_from));
        let name = newest_due(times, now).or_else(|| keys.keys().next().copied())?;
        keys.get(&name).map(|held| (name, held.key.clone()))
    }

    /// The key of that name; looks at the directory again for a name that is
    /// not known, once a cool-down.
    pub(super) fn verifying(&self, name: KeyName) -> Option<Key> {
        self.held(name).or_else(|| self.look_for(name))
    }

    /// The public halves of all keys that verify, oldest first.
    #[must_use]
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let public = |(name, held): (&KeyName, &Held)| PublicKey {
            name: *name,
            bytes: held.key.public.clone(),
        };
        keys.iter().map(public).collect()
    }

    fn look_for(&self, name: KeyName) -> Option<Key> {
        let looked_at = self.looked_at.lock();
        let mut looked_at = looked_at.unwrap_or_else(PoisonError::into_inner);
        // who waited here finds what the one before has read
        if let Some(key) = self.held(name) {
            return Some(key);
        }
        let now = self.clock.now();
        if now < *looked_at + COOL_DOWN {
            return None;
        }
        *looked_at = now;
        if let Err(error) = self.reread() {
            tracing::warn!(%error, "signing keys stay as they were");
        }
        self.held(name)
    }

    fn held(&self, name: KeyName) -> Option<Key> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(&name).map(|held| held.key.clone())
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
