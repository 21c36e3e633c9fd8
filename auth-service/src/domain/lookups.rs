//! Coalesced look-ups: many validations, one statement.
//!
//! A look-up joins only a statement that has not started, so it sees every
//! revocation that was acknowledged before it arrived. One task owns the queue
//! and runs one statement after the other; what queues meanwhile is the next
//! one's.

use super::AuthError;
use crate::{
    metrics::LookupMetrics,
    model::SessionRecord,
    store::{Loaded, Store, StoreError},
};
use contract::{deadline, errors::chain, ids::SessionId};
use futures_util::FutureExt as _;
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

/// Sessions in one statement.
pub const MAX_BATCH: usize = 256;
/// Look-ups that may wait.
pub const MAX_QUEUE: usize = 4_096;
/// Other calls that a statement's span names.
const MAX_LINKS: usize = 16;

struct Lookup {
    id: SessionId,
    answer: oneshot::Sender<Outcome>,
    since: Instant,
    /// The call's.
    span: Span,
}

type Outcome = Result<Option<SessionRecord>, Failure>;

/// Why a batch gave no answer; told to each of its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Unavailable,
    Internal,
}

/// The queue's entrance.
#[derive(Clone, Debug)]
pub struct Lookups {
    queue: mpsc::Sender<Lookup>,
    metrics: LookupMetrics,
}

impl Lookups {
    /// Starts the task that owns the queue. The store's pool is its own, and never inside a
    /// transaction.
    #[must_use]
    pub fn start(store: Store, stop: CancellationToken) -> Self {
        let store = Arc::new(store);
        Self::start_with(stop, move |ids| {
            let store = Arc::clone(&store);
            async move { store.load(&ids).await }
        })
    }

    fn start_with<F, A>(stop: CancellationToken, load: F) -> Self
    where
        F: Fn(Vec<SessionId>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Loaded, StoreError>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(MAX_QUEUE);
        let metrics = LookupMetrics::default();
        tokio::spawn(stop.run_until_cancelled_owned(work(waiting, load, metrics.clone())));
        Self { queue, metrics }
    }

    /// What it counts.
    #[must_use]
    pub fn metrics(&self) -> &LookupMetrics {
        &self.metrics
    }

    /// Looks a session up, as it stands after this call began.
    pub(super) async fn look_up(&self, id: SessionId) -> Result<Option<SessionRecord>, AuthError> {
        let (answer, outcome) = oneshot::channel();
        self.queue
            .try_send(Lookup {
                id,
                answer,
                since: Instant::now(),
                span: Span::current(),
            })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => AuthError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => AuthError::Unavailable(None),
            })?;
        match outcome.await {
            Ok(Ok(record)) => Ok(record),
            Ok(Err(Failure::Internal)) => Err(AuthError::Internal("the look-up failed".into())),
            // a dropped sender: the service stops
            Ok(Err(Failure::Unavailable)) | Err(_) => Err(AuthError::Unavailable(None)),
        }
    }
}

async fn work<F, A>(mut waiting: mpsc::Receiver<Lookup>, load: F, metrics: LookupMetrics)
where
    F: Fn(Vec<SessionId>) -> A,
    A: Future<Output = Result<Loaded, StoreError>>,
{
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while waiting.recv_many(&mut batch, MAX_BATCH).await > 0 {
        // a caller that went away asks nothing
        batch.retain(|lookup: &Lookup| !lookup.answer.is_closed());
        let mut ids: Vec<SessionId> = batch.iter().map(|lookup| lookup.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            continue;
        }
        metrics.starts(ids.len(), batch.iter().map(|lookup| lookup.since.elapsed()));
        let loading = load(ids).instrument(span_of(&batch));
        let loading =
            AssertUnwindSafe(tokio::time::timeout(deadline::LOOK_UP, loading)).catch_unwind();
        let loaded = match loading.await {
            Ok(Ok(Ok(loaded))) => Ok(loaded),
            Ok(Ok(Err(error @ (StoreError::Unavailable(_) | StoreError::Conflict(_))))) => {
                tracing::warn!(cause = chain(&error), "sessions not loaded");
                Err(Failure::Unavailable)
            }
            Ok(Ok(Err(error))) => {
                tracing::error!(cause = chain(&error), "sessions not loaded");
                Err(Failure::Internal)
            }
            Ok(Err(_elapsed)) => {
                tracing::warn!("sessions not loaded in time");
                Err(Failure::Unavailable)
            }
            Err(_panic) => {
                tracing::error!("loading sessions panicked");
                Err(Failure::Unavailable)
            }
        };
        answer(&mut batch, loaded.as_ref());
    }
}

/// One statement for many calls stands in the trace of the first, and says which others
/// it served.
fn span_of(batch: &[Lookup]) -> Span {
    let first = batch.first().map(|lookup| lookup.span.clone());
    let span = first
        .unwrap_or_else(Span::none)
        .in_scope(|| tracing::info_span!("look_up", sessions = batch.len()));
    for lookup in batch.iter().skip(1).take(MAX_LINKS) {
        span.follows_from(&lookup.span);
    }
    span
}

fn answer(batch: &mut Vec<Lookup>, loaded: Result<&Loaded, &Failure>) {
    for lookup in batch.drain(..) {
        let outcome = match loaded.map(|loaded| loaded.get(&lookup.id)) {
            Ok(Some(Ok(record))) => Ok(Some(record.clone())),
            Ok(Some(Err(problem))) => {
                tracing::error!(session = %lookup.id, %problem, "inconsistent row");
                Err(Failure::Internal)
            }
            Ok(None) => Ok(None),
            Err(failure) => Err(*failure),
        };
        // the caller may have gone meanwhile
        let _ = lookup.answer.send(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn a_look_up_never_joins_a_statement_that_has_started() {
        let (started, mut starts) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let open = Arc::clone(&gate);
        let lookups = Lookups::start_with(CancellationToken::new(), move |ids| {
            let (started, gate) = (started.clone(), Arc::clone(&gate));
            async move {
                started.send(ids).unwrap();
                gate.acquire().await.unwrap().forget();
                Ok(Loaded::new())
            }
        });
        let [first, second, third] = [
            SessionId::random(),
            SessionId::random(),
            SessionId::random(),
        ];
        let ask = |id| {
            let lookups = lookups.clone();
            tokio::spawn(async move { lookups.look_up(id).await })
        };
        let asked = ask(first);
        assert_eq!(starts.recv().await, Some(vec![first]));
        let later = [ask(second), ask(third), ask(second)];
        while lookups.queue.capacity() > MAX_QUEUE - 3 {
            tokio::task::yield_now().await;
        }
        open.add_permits(2);
        assert!(asked.await.unwrap().unwrap().is_none());
        let mut together = vec![second, third];
        together.sort_unstable();
        assert_eq!(
            starts.recv().await,
            Some(together),
            "one statement, each session once"
        );
        for lookup in later {
            assert!(lookup.await.unwrap().unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_failing_or_panicking_batch_fails_its_own_callers_only() {
        let calls = AtomicUsize::new(0);
        let lookups = Lookups::start_with(CancellationToken::new(), move |_| {
            let call = calls.fetch_add(1, Ordering::SeqCst);
            async move {
                match call {
                    0 => panic!("a driver that panics"),
                    1 => Err(StoreError::Inconsistent(
                        "a statement that fails".to_owned(),
                    )),
                    _ => Ok(Loaded::new()),
                }
            }
        });
        let id = SessionId::random();
        assert!(matches!(
            lookups.look_up(id).await,
            Err(AuthError::Unavailable(_))
        ));
        assert!(matches!(
            lookups.look_up(id).await,
            Err(AuthError::Internal(_))
        ));
        assert!(lookups.look_up(id).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_full_queue_sheds() {
        let (queue, _waiting) = mpsc::channel(1);
        let lookups = Lookups {
            queue,
            metrics: LookupMetrics::default(),
        };
        let _first = lookups.look_up(SessionId::random()).now_or_never();
        let shed = lookups.look_up(SessionId::random()).await;
        assert!(matches!(shed, Err(AuthError::Overloaded)));
    }

    #[tokio::test]
    async fn a_caller_that_went_away_is_not_asked_for() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let (queue, waiting) = mpsc::channel(MAX_QUEUE);
        let lookups = Lookups {
            queue,
            metrics: LookupMetrics::default(),
        };
        let [gone, stays] = [SessionId::random(), SessionId::random()];
        assert!(lookups.look_up(gone).now_or_never().is_none());
        let staying = tokio::spawn(async move { lookups.look_up(stays).await });
        tokio::task::yield_now().await;
        let load = move |ids| {
            seen.lock().unwrap().extend(ids);
            async { Ok(Loaded::new()) }
        };
        tokio::spawn(work(waiting, load, LookupMetrics::default()));
        assert!(staying.await.unwrap().unwrap().is_none());
        assert_eq!(*asked.lock().unwrap(), [stays]);
    }
}
