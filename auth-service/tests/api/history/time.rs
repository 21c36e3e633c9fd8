//! Time that moves on while calls are under way, and never by so much that a
//! holder stops being honest.
//!
//! Whoever presents a token holds a [`Moving`]. A step waits for all that were
//! taken before the step before it, so that at most one step falls into each.

use contract::time::Clock;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, OwnedRwLockReadGuard, RwLock};

/// The clock, and the steps that it was moved by.
#[derive(Debug, Default)]
pub(crate) struct Time {
    pub(crate) clock: Clock,
    steps: AtomicUsize,
    /// Of those that began after an even number of steps, and after an odd one.
    under_way: [Arc<RwLock<()>>; 2],
    operations: AtomicUsize,
    more: Notify,
}

/// While it is held, time moves on by at most one step.
#[derive(Debug)]
pub(crate) struct Moving(#[expect(dead_code, reason = "held")] OwnedRwLockReadGuard<()>);

impl Time {
    pub(crate) fn by(clock: Clock) -> Self {
        Self {
            clock,
            ..Self::default()
        }
    }

    /// Begins what at most one step may fall into.
    pub(crate) async fn moving(&self) -> Moving {
        loop {
            let steps = self.steps.load(Ordering::SeqCst);
            let lock = Arc::clone(&self.under_way[steps % 2]);
            let guard = lock.read_owned().await;
            if self.steps.load(Ordering::SeqCst) == steps {
                return Moving(guard);
            }
        }
    }

    /// Moves on, when nothing is under way that saw the last step.
    async fn step(&self, by: Duration) {
        let steps = self.steps.load(Ordering::SeqCst);
        drop(self.under_way[(steps + 1) % 2].write().await);
        self.clock.advance(by);
        self.steps.store(steps + 1, Ordering::SeqCst);
    }

    /// Notes that a call was answered.
    pub(crate) fn operation(&self) {
        self.operations.fetch_add(1, Ordering::SeqCst);
        self.more.notify_waiters();
    }

    /// How many calls were answered so far.
    pub(crate) fn operations(&self) -> usize {
        self.operations.load(Ordering::SeqCst)
    }

    /// Waits until so many more calls were answered.
    pub(crate) async fn after(&self, operations: usize) {
        let until = self.operations() + operations;
        loop {
            let more = self.more.notified();
            if self.operations() >= until {
                return;
            }
            more.await;
        }
    }

    /// Moves on for good: by so many seconds, after so many calls.
    pub(crate) async fn pass(
        &self,
        mut choices: fastrand::Rng,
        seconds: std::ops::RangeInclusive<u64>,
        operations: usize,
    ) {
        loop {
            self.after(operations).await;
            self.step(Duration::from_secs(choices.u64(seconds.clone())))
                .await;
        }
    }
}
