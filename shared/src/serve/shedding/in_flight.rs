//! Who is in flight, and with how much.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What a call may send without being counted: twice the longest token.
const UNCOUNTED: usize = 8 * 1_024;
/// What all calls together may have sent beyond that: a stranger's large messages fill
/// this, and not the process. Each takes up to three times as much while it is read.
const BYTES: usize = 8 * 1_024 * 1_024;

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

/// The calls that are in flight, by caller: an address, or none. Bounded by the
/// capacity, since a caller without a call is forgotten.
#[derive(Debug)]
pub(super) struct InFlight {
    capacity: usize,
    pub(super) all: usize,
    /// What they sent, as far as it counts.
    pub(super) bytes: usize,
    pub(super) by_caller: HashMap<Option<IpAddr>, usize>,
}

impl InFlight {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            all: 0,
            bytes: 0,
            by_caller: HashMap::new(),
        }
    }

    /// Takes a call in, or refuses it.
    ///
    /// While less than half of the room is taken, anybody may have it; from then on no
    /// caller gets more than an equal share, so that one who floods us is the one who
    /// is refused.
    pub(super) fn enter(&mut self, caller: Option<IpAddr>, priority: Priority) -> bool {
        let room = priority.room(self.capacity);
        let own = self.by_caller.get(&caller).copied().unwrap_or(0);
        let callers = self.by_caller.len() + usize::from(own == 0);
        let share = (room / callers).max(1);
        let taken_in = self.all < room && (self.all < room / 2 || own < share);
        if taken_in {
            self.all += 1;
            *self.by_caller.entry(caller).or_default() += 1;
        }
        taken_in
    }

    pub(super) fn leave(&mut self, caller: Option<IpAddr>) {
        self.all = self.all.saturating_sub(1);
        if let Some(own) = self.by_caller.get_mut(&caller) {
            *own -= 1;
            if *own == 0 {
                self.by_caller.remove(&caller);
            }
        }
    }
}

/// A place among the calls in flight. It is given back, with all that the call sent,
/// when the call has ended, however.
#[derive(Debug)]
pub(super) struct Place {
    in_flight: Arc<Mutex<InFlight>>,
    caller: Option<IpAddr>,
    /// What the call sent; written under the lock alone.
    sent: AtomicUsize,
}

impl Place {
    /// Takes a call in, or refuses it.
    pub(super) fn enter(
        in_flight: &Arc<Mutex<InFlight>>,
        caller: Option<IpAddr>,
        priority: Priority,
    ) -> Option<Self> {
        let mut all = in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        all.enter(caller, priority).then(|| Self {
            in_flight: Arc::clone(in_flight),
            caller,
            sent: AtomicUsize::new(0),
        })
    }

    /// Whether there is room for so many bytes more of the call.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let mut all = self.lock();
        let before = self.sent.load(Ordering::Relaxed);
        let now = before.saturating_add(bytes);
        let sum = all.bytes + (counted(now) - counted(before));
        let is_room = sum <= BYTES;
        if is_room {
            all.bytes = sum;
            self.sent.store(now, Ordering::Relaxed);
        }
        is_room
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, InFlight> {
        self.in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn counted(sent: usize) -> usize {
    sent.saturating_sub(UNCOUNTED)
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.lock();
        all.bytes -= counted(self.sent.load(Ordering::Relaxed));
        all.leave(self.caller);
    }
}
