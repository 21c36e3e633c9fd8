//! Who is in flight, and with how much metadata.

use contract::ids::UserId;
use prometheus_client::metrics::counter::Counter;
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

/// Bytes of metadata that a call may hold without being counted: twice the longest token.
const UNCOUNTED: usize = 8 * 1_024;
/// Bytes of metadata that all calls together may hold beyond that, so that a stranger's
/// do not fill the process.
const METADATA: usize = 8 * 1_024 * 1_024;

/// Who comes first where there is not room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Without it nobody is served: a validation.
    First,
    /// Without it somebody is logged out, or stays logged in: refresh, revocation.
    Second,
    /// What can be asked again.
    Last,
}

impl Priority {
    /// So many calls may be in flight once one of this priority is taken in.
    const fn room(self, capacity: usize) -> usize {
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
    /// Counts each call for which there was no room.
    pub(super) shed: Counter,
    pub(super) all: usize,
    /// Bytes of their metadata, as far as they count.
    pub(super) metadata: usize,
    /// By address, or by none.
    pub(super) by_address: Shares<Option<IpAddr>>,
    /// By user, as far as they are known.
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

    /// Takes a call in, or refuses it.
    pub(super) fn enter(
        &mut self,
        address: Option<IpAddr>,
        priority: Priority,
        metadata: usize,
    ) -> bool {
        let room = priority.room(self.capacity);
        let taken_in = self.all < room
            && self.by_address.is_room_for(address, self.all, room)
            && (metadata == 0 || self.metadata + metadata <= METADATA);
        if taken_in {
            self.all += 1;
            self.metadata += metadata;
            self.by_address.add(address);
        }
        self.counted(taken_in)
    }

    fn counted(&self, is_room: bool) -> bool {
        if !is_room {
            self.shed.inc();
        }
        is_room
    }

    pub(super) fn leave(&mut self, address: Option<IpAddr>, metadata: usize) {
        self.all = self.all.saturating_sub(1);
        self.metadata = self.metadata.saturating_sub(metadata);
        self.by_address.remove(address);
    }
}

/// Calls by their callers. Bounded by the capacity, since a caller without a call is
/// forgotten.
#[derive(Debug)]
pub(super) struct Shares<K>(pub(super) HashMap<K, usize>);

impl<K: Copy + Eq + Hash> Shares<K> {
    /// While less than half of the room is taken, anybody may have it; from then on no
    /// caller gets more than an equal share, so that one who floods us is the one who
    /// is refused.
    fn is_room_for(&self, caller: K, all: usize, room: usize) -> bool {
        let own = self.0.get(&caller).copied().unwrap_or(0);
        let callers = self.0.len() + usize::from(own == 0);
        all < room / 2 || own < (room / callers).max(1)
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

/// A place among the calls in flight. It is given back when the call has ended, however.
#[derive(Debug)]
pub(crate) struct Place {
    in_flight: Arc<Mutex<InFlight>>,
    priority: Priority,
    address: Option<IpAddr>,
    user: OnceLock<UserId>,
    /// Bytes of the call's metadata, as far as they count.
    metadata: usize,
}

impl Place {
    /// Takes a call in, with so many bytes of metadata, or refuses it.
    pub(super) fn enter(
        in_flight: &Arc<Mutex<InFlight>>,
        address: Option<IpAddr>,
        priority: Priority,
        metadata: usize,
    ) -> Option<Self> {
        let metadata = metadata.saturating_sub(UNCOUNTED);
        let is_room = lock(in_flight).enter(address, priority, metadata);
        is_room.then(|| Self {
            in_flight: Arc::clone(in_flight),
            priority,
            address,
            user: OnceLock::new(),
            metadata,
        })
    }

    /// Whether there is room for the call, now that its user is known: many users have
    /// one address, where a proxy stands before them that is not counted.
    pub(crate) fn is_room_for(&self, user: UserId) -> bool {
        let mut all = lock(&self.in_flight);
        let (others, room) = (all.all - 1, self.priority.room(all.capacity));
        let is_room = all.by_user.is_room_for(user, others, room);
        if is_room && self.user.set(user).is_ok() {
            all.by_user.add(user);
        }
        all.counted(is_room)
    }
}

impl Drop for Place {
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
