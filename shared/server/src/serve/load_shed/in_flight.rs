//! The calls in flight: their callers, and the size of their metadata.

use contract::ids::UserId;
use prometheus_client::metrics::counter::Counter;
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

/// Bytes of metadata that a call has for free: twice the longest token.
const UNCOUNTED: usize = 8 * 1_024;
/// The limit on the metadata of all calls together, in bytes beyond [`UNCOUNTED`]. Without it,
/// callers could fill the memory of the process.
const METADATA: usize = 8 * 1_024 * 1_024;

/// Which calls are still served when there is not enough capacity for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Validations. If they fail, no other service can serve anybody.
    First,
    /// Refreshes and revocations. If they fail, users are logged out, or stay logged in.
    Second,
    /// Calls that can be repeated later.
    Last,
}

impl Priority {
    /// A call of this priority begins only if at most this many calls are then in flight.
    const fn limit(self, capacity: usize) -> usize {
        match self {
            Self::First => capacity,
            Self::Second => capacity - capacity / 8,
            Self::Last => capacity - capacity / 4,
        }
    }
}

/// The calls that are in flight.
#[derive(Debug)]
pub(super) struct InFlight {
    capacity: usize,
    /// Counts each call for which there was no capacity.
    pub(super) shed: Counter,
    pub(super) all: usize,
    /// Bytes of metadata beyond [`UNCOUNTED`], of all calls.
    pub(super) metadata: usize,
    /// Calls by address; `None` for peers without an address.
    pub(super) by_address: Shares<Option<IpAddr>>,
    /// Calls by user, if the user is known.
    pub(super) by_user: Shares<UserId>,
}

impl InFlight {
    pub(super) fn new(capacity: usize, shed: Counter) -> Self {
        Self {
            capacity,
            shed,
            all: 0,
            metadata: 0,
            by_address: Shares::default(),
            by_user: Shares::default(),
        }
    }

    /// Admits a call, or refuses it.
    pub(super) fn enter(
        &mut self,
        address: Option<IpAddr>,
        priority: Priority,
        metadata: usize,
    ) -> bool {
        let limit = priority.limit(self.capacity);
        let taken_in = self.all < limit
            && self.by_address.has_capacity_for(address, self.all, limit)
            && (metadata == 0 || self.metadata + metadata <= METADATA);
        if taken_in {
            self.all += 1;
            self.metadata += metadata;
            self.by_address.add(address);
        }
        self.counted(taken_in)
    }

    fn counted(&self, has_capacity: bool) -> bool {
        if !has_capacity {
            self.shed.inc();
        }
        has_capacity
    }

    pub(super) fn leave(&mut self, address: Option<IpAddr>, metadata: usize) {
        self.all = self.all.saturating_sub(1);
        self.metadata = self.metadata.saturating_sub(metadata);
        self.by_address.remove(address);
    }
}

/// The number of calls of each caller. The size is limited by the capacity, because callers without
/// calls are removed.
#[derive(Debug)]
pub(super) struct Shares<K>(pub(super) HashMap<K, usize>);

impl<K: Copy + Eq + Hash> Shares<K> {
    /// While less than half of the capacity is in use, each caller may use it. Beyond that, no
    /// caller gets more than an equal share. So a caller that floods the service is refused, and
    /// the others are not.
    fn has_capacity_for(&self, caller: K, all: usize, limit: usize) -> bool {
        let own = self.0.get(&caller).copied().unwrap_or(0);
        let callers = self.0.len() + usize::from(own == 0);
        all < limit / 2 || own < (limit / callers).max(1)
    }

    fn add(&mut self, caller: K) {
        *self.0.entry(caller).or_default() += 1;
    }

    fn remove(&mut self, caller: K) {
        if let Some(own) = self.0.get_mut(&caller) {
            *own -= 1;
            if *own == 0 {
                self.0.remove(&caller);
            }
        }
    }
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

/// A call's permit to be in flight. It is released when the call ends, however that happens.
#[derive(Debug)]
pub(crate) struct Permit {
    in_flight: Arc<Mutex<InFlight>>,
    priority: Priority,
    address: Option<IpAddr>,
    user: OnceLock<UserId>,
    /// Bytes of metadata beyond [`UNCOUNTED`].
    metadata: usize,
}

impl Permit {
    /// Admits a call with this many bytes of metadata, or refuses it.
    pub(super) fn enter(
        in_flight: &Arc<Mutex<InFlight>>,
        address: Option<IpAddr>,
        priority: Priority,
        metadata: usize,
    ) -> Option<Self> {
        let metadata = metadata.saturating_sub(UNCOUNTED);
        let has_capacity = lock(in_flight).enter(address, priority, metadata);
        has_capacity.then(|| Self {
            in_flight: Arc::clone(in_flight),
            priority,
            address,
            user: OnceLock::new(),
            metadata,
        })
    }

    /// Whether there is capacity for the call, once its user is known. Behind a proxy that is not
    /// configured, many users share one address.
    pub(crate) fn has_capacity_for(&self, user: UserId) -> bool {
        let mut all = lock(&self.in_flight);
        let (others, limit) = (all.all - 1, self.priority.limit(all.capacity));
        let has_capacity = all.by_user.has_capacity_for(user, others, limit);
        if has_capacity && self.user.set(user).is_ok() {
            all.by_user.add(user);
        }
        all.counted(has_capacity)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut all = lock(&self.in_flight);
        if let Some(user) = self.user.get() {
            all.by_user.remove(*user);
        }
        all.leave(self.address, self.metadata);
    }
}

fn lock(in_flight: &Mutex<InFlight>) -> MutexGuard<'_, InFlight> {
    in_flight.lock().unwrap_or_else(PoisonError::into_inner)
}
