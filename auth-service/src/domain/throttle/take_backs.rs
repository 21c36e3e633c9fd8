//! Attempts that are still to be taken back. They wait in memory, grouped by key. The next call
//! that counts or settles an attempt under that key writes them, or else a task that starts at
//! once.
//!
//! Each write runs to its end, even if its caller gives up. It is repeated only if it certainly
//! changed nothing; otherwise an attempt could be taken back twice. Attempts that still wait when
//! the process ends count.

use crate::{
    model::{CountedAttempts, ThrottleKey},
    store::{Store, StoreError},
};
use contract::errors::chain;
use database::run_to_end;
use futures_util::future::BoxFuture;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Mutex as AsyncMutex, Notify},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// The largest number of keys with waiting attempts. Attempts under further keys count.
const MAX_KEYS: usize = 4_096;
/// The pause before writes are repeated.
const PAUSE: Duration = Duration::from_secs(1);

/// The attempts that are still to be taken back. All clones share them.
#[derive(Clone)]
pub struct TakeBacks {
    shared: Arc<Shared>,
}

struct Shared {
    keys: Mutex<HashMap<ThrottleKey, Entry>>,
    added: Notify,
    write: Write,
}

type Write =
    Box<dyn Fn(CountedAttempts) -> BoxFuture<'static, Result<(), StoreError>> + Send + Sync>;

/// The attempts of one key.
#[derive(Default)]
struct Entry {
    waiting: Option<CountedAttempts>,
    /// Locked while the waiting attempts are being written.
    writing: Arc<AsyncMutex<()>>,
}

impl TakeBacks {
    /// Starts the task that writes waiting attempts. At a stop, it tries once more and ends.
    #[must_use]
    pub fn start(store: Store, stop: CancellationToken) -> (Self, JoinHandle<()>) {
        let take_backs = Self::new(move |attempts| {
            let store = store.clone();
            async move { store.take_back_attempts(&attempts).await }
        });
        let working = tokio::spawn(take_backs.clone().work(stop));
        (take_backs, working)
    }

    pub(super) fn new<A>(write: impl Fn(CountedAttempts) -> A + Send + Sync + 'static) -> Self
    where
        A: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let shared = Shared {
            keys: Mutex::default(),
            added: Notify::new(),
            write: Box::new(move |attempts| Box::pin(write(attempts))),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Queues attempts to be taken back.
    pub(super) fn add(&self, attempts: CountedAttempts) {
        let mut keys = self.keys();
        if keys.len() >= MAX_KEYS && !keys.contains_key(&attempts.key) {
            tracing::warn!("too many attempts wait to be taken back; this one counts");
            return;
        }
        let entry = keys.entry(attempts.key.clone()).or_default();
        entry.waiting = Some(match entry.waiting.take() {
            Some(waiting) => waiting.and(attempts),
            None => attempts,
        });
        drop(keys);
        self.shared.added.notify_one();
    }

    /// Takes back all attempts that wait under a key when this is called, unless the log says
    /// otherwise.
    pub(super) async fn write(&self, key: &ThrottleKey) {
        let writing = self.keys().get(key).map(|entry| entry.writing.clone());
        let Some(writing) = writing else { return };
        let writing = writing.lock_owned().await;
        let waiting = self
            .keys()
            .get_mut(key)
            .and_then(|entry| entry.waiting.take());
        let Some(attempts) = waiting else { return };
        let take_backs = self.clone();
        let write = async move {
            let written = (take_backs.shared.write)(attempts.clone()).await;
            if written.as_ref().is_err_and(StoreError::had_no_effect) {
                take_backs.add(attempts);
            }
            drop(writing);
            written
        };
        match run_to_end(write).await {
            Ok(()) => {}
            Err(error) if error.had_no_effect() => {
                let cause = chain(&error);
                tracing::warn!(
                    cause,
                    "counted attempts could not be taken back; trying again"
                );
            }
            Err(error) => {
                let cause = chain(&error);
                tracing::warn!(
                    cause,
                    "it is not known whether attempts were taken back; they may still count"
                );
            }
        }
    }

    async fn work(self, stop: CancellationToken) {
        loop {
            for key in self.keys_in_use() {
                self.write(&key).await;
            }
            if stop.is_cancelled() {
                return;
            }
            let next = async {
                if self.is_empty() {
                    self.shared.added.notified().await;
                } else {
                    tokio::time::sleep(PAUSE).await;
                }
            };
            stop.run_until_cancelled(next).await;
        }
    }

    /// The keys with attempts that wait or are being written. Other keys are forgotten.
    fn keys_in_use(&self) -> Vec<ThrottleKey> {
        let mut keys = self.keys();
        keys.retain(|_, entry| entry.waiting.is_some() || Arc::strong_count(&entry.writing) > 1);
        keys.keys().cloned().collect()
    }

    fn is_empty(&self) -> bool {
        self.keys().values().all(|entry| entry.waiting.is_none())
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<ThrottleKey, Entry>> {
        let keys = self.shared.keys.lock();
        keys.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TakeBacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TakeBacks").finish_non_exhaustive()
    }
}

#[cfg(test)]
impl TakeBacks {
    /// Nothing is written, so that what was added can be counted.
    pub(super) fn unwritten() -> Self {
        Self::new(|_| std::future::pending())
    }

    /// How many attempts wait.
    pub(super) fn waiting(&self) -> u32 {
        let keys = self.keys();
        let waiting = keys.values().filter_map(|entry| entry.waiting.as_ref());
        waiting.map(|waiting| waiting.attempts).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Throttle;
    use contract::time::Timestamp;
    use std::collections::HashSet;
    use tokio::sync::{Semaphore, mpsc};

    fn key(name: &str) -> ThrottleKey {
        ThrottleKey::new(name, &[])
    }

    fn attempt(name: &str, at: i64) -> CountedAttempts {
        CountedAttempts {
            key: key(name),
            attempts: 1,
            last_attempt_at: Timestamp::from_seconds(at),
            before: Throttle::none(Timestamp::from_seconds(at - 1)),
        }
    }

    /// Take-backs that tell how many attempts are being written, and wait for a permit to
    /// answer. Those of the key "lost" get no answer, and those of "refused" are refused.
    fn held() -> (TakeBacks, mpsc::UnboundedReceiver<u32>, Arc<Semaphore>) {
        let permits = Arc::new(Semaphore::new(0));
        let (started, starts) = mpsc::unbounded_channel();
        let answers = Arc::clone(&permits);
        let take_backs = TakeBacks::new(move |attempts| {
            started.send(attempts.attempts).unwrap();
            let answers = Arc::clone(&answers);
            async move {
                answers.acquire().await.unwrap().forget();
                if attempts.key == key("lost") {
                    Err(StoreError::connection_lost())
                } else if attempts.key == key("refused") {
                    Err(StoreError::away())
                } else {
                    Ok(())
                }
            }
        });
        (take_backs, starts, permits)
    }

    #[tokio::test]
    async fn attempts_under_one_key_are_written_together_and_once() {
        let (take_backs, mut starts, permits) = held();
        permits.add_permits(9);
        for at in 1..=3 {
            take_backs.add(attempt("a", at));
        }
        take_backs.add(attempt("b", 1));
        for _ in 0..2 {
            take_backs.write(&key("a")).await;
        }
        assert_eq!(starts.recv().await, Some(3));
        assert!(starts.try_recv().is_err(), "it was written");
        assert_eq!(take_backs.waiting(), 1);
    }

    #[tokio::test]
    async fn a_write_whose_caller_gives_up_goes_on_and_whoever_asks_next_waits_for_it() {
        let (take_backs, mut starts, permits) = held();
        take_backs.add(attempt("a", 1));
        let writing = take_backs.clone();
        let gives_up = tokio::spawn(async move { writing.write(&key("a")).await });
        assert_eq!(starts.recv().await, Some(1));
        gives_up.abort();
        assert!(gives_up.await.unwrap_err().is_cancelled());
        let requesting = take_backs.clone();
        let requested = tokio::spawn(async move { requesting.write(&key("a")).await });
        tokio::task::yield_now().await;
        assert!(!requested.is_finished());
        take_backs.write(&key("b")).await;
        permits.add_permits(1);
        requested.await.unwrap();
        assert!(starts.try_recv().is_err(), "it was written once");
    }

    #[tokio::test]
    async fn a_refused_write_is_repeated_and_one_without_an_answer_is_not() {
        let (take_backs, _starts, permits) = held();
        permits.add_permits(9);
        for (name, left) in [("written", 0), ("lost", 0), ("refused", 1)] {
            take_backs.add(attempt(name, 1));
            take_backs.write(&key(name)).await;
            assert_eq!(take_backs.waiting(), left, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_task_repeats_what_was_refused_and_writes_the_others() {
        let (take_backs, mut starts, permits) = held();
        permits.add_permits(99);
        let stop = CancellationToken::new();
        let working = tokio::spawn(take_backs.clone().work(stop.clone()));
        take_backs.add(attempt("refused", 1));
        for _ in 0..3 {
            assert_eq!(starts.recv().await, Some(1));
        }
        take_backs.add(attempt("a", 1));
        take_backs.add(attempt("a", 2));
        while starts.recv().await != Some(2) {}
        stop.cancel();
        working.await.unwrap();
        assert_eq!(take_backs.waiting(), 1, "what is refused");
    }

    #[tokio::test]
    async fn a_stop_writes_the_last_and_keys_without_attempts_are_forgotten() {
        let (take_backs, _starts, permits) = held();
        permits.add_permits(1);
        let stop = CancellationToken::new();
        stop.cancel();
        take_backs.add(attempt("a", 1));
        take_backs.clone().work(stop).await;
        assert!(take_backs.is_empty());
        assert_eq!(take_backs.keys_in_use(), []);
    }

    #[test]
    fn the_number_of_waiting_keys_is_limited() {
        let take_backs = TakeBacks::unwritten();
        let names: HashSet<_> = (0..=MAX_KEYS).map(|name| name.to_string()).collect();
        for name in &names {
            take_backs.add(attempt(name, 1));
        }
        let waiting = take_backs.keys_in_use().len();
        assert_eq!((waiting, names.len()), (MAX_KEYS, MAX_KEYS + 1));
        for key in take_backs.keys_in_use() {
            take_backs.add(CountedAttempts {
                key,
                ..attempt("", 2)
            });
        }
        assert_eq!(take_backs.waiting() as usize, 2 * MAX_KEYS);
    }
}
