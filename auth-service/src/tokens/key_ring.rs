//! Which key signs, and which verify, at any moment.

use super::keys::{InvalidKeys, Key, KeyName, read_directory};
use shared::time::{Clock, Timestamp};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

/// A key that this replica first sees after its time signs only so much later:
/// by then every other replica has seen it, too.
const LATE_KEY_WAITS: Duration = Duration::from_mins(10);
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
    /// When a key name was last looked for in vain, in microseconds.
    looked_at: AtomicI64,
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
            looked_at: AtomicI64::new(i64::MIN),
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
        let next = merge(&keys, found, now);
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
        let newest = keys.iter().rev().find(|(_, held)| held.signs_from <= now);
        newest
            .or_else(|| keys.iter().next())
            .map(|(name, held)| (*name, held.key.clone()))
    }

    /// The key of that name; looks at the directory again for a name that is
    /// not known, once a cool-down.
    pub(super) fn verifying(&self, name: KeyName) -> Option<Key> {
        self.held(name).or_else(|| {
            let now = self.clock.now();
            let last = self.looked_at.load(Ordering::Acquire);
            let due = Timestamp::from_micros(last) + COOL_DOWN <= now;
            let mine = due
                && self
                    .looked_at
                    .compare_exchange(last, now.micros(), Ordering::AcqRel, Ordering::Acquire)
                    .is_ok();
            if !mine {
                return None;
            }
            if let Err(error) = self.reread() {
                tracing::warn!(%error, "signing keys stay as they were");
            }
            self.held(name)
        })
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
