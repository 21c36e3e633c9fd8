//! Attempts that are still to be taken back: the call that made one was dropped, or the
//! database failed. They are kept in memory, and written by a task of their own; or by the
//! next attempt under the same key, before it is counted. What still waits when the process
//! ends counts: whoever is in doubt is slowed down.

use crate::{
    model::{CountedAttempt, ThrottleKey},
    store::{Store, StoreError},
};
use shared::telemetry::chain;
use std::{
    collections::VecDeque,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Attempts that may wait; more of them count.
const MAX_WAITING: usize = 4_096;
/// A write that takes longer is given up, and tried again.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// Keys whose writes may fail before a pause.
const MAX_FAILED: usize = 4;
/// The pause after writes that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// What is still to be taken back. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct TakeBacks {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The newest at the back. It is written first: what it changed of a row is undone
    /// before what was changed earlier.
    waiting: VecDeque<CountedAttempt>,
    /// The keys that are being written.
    writing: Vec<ThrottleKey>,
}

impl TakeBacks {
    /// Starts the task that writes them. At a stop it tries once more, and ends.
    #[must_use]
    pub fn start(store: Store, stop: CancellationToken) -> (Self, JoinHandle<()>) {
        Self::start_with(stop, move |attempt| {
            let store = store.clone();
            async move { store.take_back_attempt(&attempt).await }
        })
    }

    fn start_with<F, A>(stop: CancellationToken, write: F) -> (Self, JoinHandle<()>)
    where
        F: Fn(CountedAttempt) -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let take_backs = Self::default();
        let working = tokio::spawn(take_backs.clone().work(stop, write));
        (take_backs, working)
    }

    /// Leaves attempts to be taken back. Where too many wait already, they count.
    pub(super) fn add(&self, attempts: Vec<CountedAttempt>) {
        let mut state = self.shared.state();
        let room = MAX_WAITING.saturating_sub(state.waiting.len() + state.writing.len());
        if attempts.len() > room {
            tracing::warn!("too many attempts wait to be taken back; this one counts");
        }
        state.waiting.extend(attempts.into_iter().take(room));
        drop(state);
        self.shared.changed.notify_waiters();
    }

    /// Takes back the waiting attempts whose keys `is_chosen` accepts, the newest first. It
    /// stops at the first write that fails, and returns the key and the error of that one.
    pub(super) async fn write<F, A>(
        &self,
        is_chosen: impl Fn(&ThrottleKey) -> bool,
        write: F,
    ) -> Result<(), (ThrottleKey, StoreError)>
    where
        F: Fn(CountedAttempt) -> A,
        A: Future<Output = Result<(), StoreError>>,
    {
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            match self.next(&is_chosen) {
                Next::Write(mut writing) => {
                    let written = write(writing.attempt.clone()).await;
                    writing.is_done = written.is_ok();
                    written.map_err(|error| (writing.attempt.key.clone(), error))?;
                }
                Next::Wait => changed.await,
                Next::Nothing => return Ok(()),
            }
        }
    }

    fn next(&self, is_chosen: impl Fn(&ThrottleKey) -> bool) -> Next {
        let mut state = self.shared.state();
        let is_free = |attempt: &CountedAttempt| {
            is_chosen(&attempt.key) && !state.writing.contains(&attempt.key)
        };
        let newest = state.waiting.iter().rposition(is_free);
        match newest.and_then(|index| state.waiting.remove(index)) {
            Some(attempt) => {
                state.writing.push(attempt.key.clone());
                Next::Write(Writing {
                    shared: Arc::clone(&self.shared),
                    attempt,
                    is_done: false,
                })
            }
            None if state.writing.iter().any(is_chosen) => Next::Wait,
            None => Next::Nothing,
        }
    }

    async fn work<F, A>(self, stop: CancellationToken, write: F)
    where
        F: Fn(CountedAttempt) -> A,
        A: Future<Output = Result<(), StoreError>>,
    {
        let in_time = |attempt| async {
            let written = tokio::time::timeout(MAX_WAIT, write(attempt)).await;
            written.unwrap_or_else(|_elapsed| Err(StoreError::late()))
        };
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            let mut failed = Vec::new();
            while failed.len() < MAX_FAILED
                && let Err((key, error)) = self.write(|key| !failed.contains(key), in_time).await
            {
                tracing::warn!(cause = chain(&error), "an attempt of no fault still counts");
                failed.push(key);
            }
            if stop.is_cancelled() {
                return;
            }
            let next = async {
                if failed.is_empty() {
                    changed.await;
                } else {
                    tokio::time::sleep(PAUSE).await;
                }
            };
            stop.run_until_cancelled(next).await;
        }
    }
}

enum Next {
    Write(Writing),
    /// Somebody else writes it.
    Wait,
    Nothing,
}

/// An attempt that is being written. Dropped before it is done, it waits again.
struct Writing {
    shared: Arc<Shared>,
    attempt: CountedAttempt,
    is_done: bool,
}

impl Drop for Writing {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.writing.retain(|key| *key != self.attempt.key);
        if !self.is_done {
            state.waiting.push_back(self.attempt.clone());
        }
        drop(state);
        self.shared.changed.notify_waiters();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Throttle;
    use shared::time::Timestamp;
    use tokio::sync::{Semaphore, mpsc};

    fn attempt(key: &str, at: i64) -> CountedAttempt {
        let at = Timestamp::from_seconds(at);
        CountedAttempt {
            key: ThrottleKey::new(key, &[]),
            at,
            before: Throttle::none(at),
        }
    }

    fn keys(names: &[&str]) -> Vec<ThrottleKey> {
        names
            .iter()
            .map(|name| ThrottleKey::new(name, &[]))
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_is_tried_again_and_holds_up_no_other() {
        let (tried, mut seen) = mpsc::unbounded_channel();
        let works = Arc::new(Semaphore::new(0));
        let lock = Arc::clone(&works);
        let (take_backs, _task) = TakeBacks::start_with(CancellationToken::new(), move |attempt| {
            let fails =
                attempt.key == ThrottleKey::new("stuck", &[]) && lock.available_permits() == 0;
            tried.send(attempt.key).unwrap();
            async move {
                if fails {
                    Err(StoreError::away())
                } else {
                    Ok(())
                }
            }
        });
        take_backs.add(vec![attempt("free", 1), attempt("stuck", 1)]);
        for key in keys(&["stuck", "free", "stuck", "stuck"]) {
            assert_eq!(seen.recv().await, Some(key));
        }
        works.add_permits(1);
        assert_eq!(seen.recv().await, keys(&["stuck"]).pop());
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert!(seen.try_recv().is_err(), "it was written");
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_for_a_key_waits_for_whoever_writes_it_and_finds_nothing_left() {
        let gate = Arc::new(Semaphore::new(0));
        let (started, mut starts) = mpsc::unbounded_channel();
        let held = Arc::clone(&gate);
        let (take_backs, _task) = TakeBacks::start_with(CancellationToken::new(), move |_| {
            started.send(()).unwrap();
            let held = Arc::clone(&held);
            async move {
                held.acquire().await.unwrap().forget();
                Ok(())
            }
        });
        take_backs.add(vec![attempt("a", 1)]);
        starts.recv().await.unwrap();
        let write = |_| async { panic!("it is being written") };
        let other = take_backs.write(|key| keys(&["b"]).contains(key), write);
        other.await.unwrap();
        let asking = take_backs.clone();
        let asked = tokio::spawn(async move {
            let write = |_| async { panic!("it is being written") };
            asking
                .write(|key| keys(&["a"]).contains(key), write)
                .await
                .unwrap();
        });
        tokio::task::yield_now().await;
        assert!(!asked.is_finished());
        gate.add_permits(1);
        asked.await.unwrap();
    }

    #[tokio::test]
    async fn the_newest_comes_first_and_a_write_that_is_dropped_waits_again() {
        let take_backs = TakeBacks::default();
        take_backs.add(vec![attempt("a", 1), attempt("a", 2)]);
        let dropped = take_backs.write(|_| true, |_| std::future::pending());
        tokio::select! {
            biased;
            _ = dropped => unreachable!("it hangs"),
            () = std::future::ready(()) => {}
        }
        let written = Mutex::new(Vec::new());
        let write = |attempt: CountedAttempt| {
            written.lock().unwrap().push(attempt.at.seconds());
            async { Ok(()) }
        };
        take_backs.write(|_| true, write).await.unwrap();
        assert_eq!(*written.lock().unwrap(), [2, 1]);
    }

    #[test]
    fn there_is_an_end_to_what_may_wait() {
        let take_backs = TakeBacks::default();
        for _ in 0..MAX_WAITING {
            take_backs.add(vec![attempt("a", 1), attempt("b", 1)]);
        }
        assert_eq!(take_backs.shared.state().waiting.len(), MAX_WAITING);
    }

    #[tokio::test]
    async fn a_stop_writes_the_last() {
        let (written, mut seen) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let (take_backs, task) = TakeBacks::start_with(stop.clone(), move |attempt| {
            written.send(attempt.key).unwrap();
            async { Ok(()) }
        });
        tokio::task::yield_now().await;
        take_backs.add(vec![attempt("a", 1)]);
        stop.cancel();
        task.await.unwrap();
        assert_eq!(seen.recv().await, keys(&["a"]).pop());
    }
}
