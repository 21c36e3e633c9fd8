//! Coalesced look-ups: many validations share one statement.
//!
//! A look-up joins only a statement that has not started. So it sees every revocation that was
//! acknowledged before the look-up arrived. One task runs the statements one after the other;
//! look-ups that arrive meanwhile wait for the next statement.

use super::{
    AuthError,
    batches::{self, AtStop, Failure, NotQueued, Queue, Verdict, Work},
};
use crate::{
    metrics::LookupMetrics,
    model::LookedUp,
    store::{Found, SessionReader, StoreError},
};
use contract::{deadline, ids::SessionId};
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

/// The largest number of sessions in one statement.
pub const MAX_BATCH: usize = 256;
/// The largest number of waiting look-ups.
pub const MAX_QUEUE: usize = 4_096;
/// The largest number of other calls that a statement's span names.
const MAX_LINKS: usize = 16;

struct Lookup {
    id: SessionId,
    answer: oneshot::Sender<Outcome>,
    since: Instant,
    /// The span of the call.
    span: Span,
}

type Outcome = Result<Option<Arc<LookedUp>>, Failure>;

/// The queue into which validations put look-ups.
#[derive(Clone, Debug)]
pub struct Lookups {
    queue: Queue<Lookup>,
    metrics: LookupMetrics,
}

impl Lookups {
    /// Starts the task that looks up.
    #[must_use]
    pub fn start(reader: SessionReader, stop: CancellationToken) -> Self {
        let reader = Arc::new(reader);
        Self::start_with(stop, move |ids| {
            let reader = Arc::clone(&reader);
            async move { reader.look_up(&ids).await }
        })
    }

    fn start_with<F, A>(stop: CancellationToken, load: F) -> Self
    where
        F: Fn(Vec<SessionId>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Found, StoreError>> + Send + 'static,
    {
        let metrics = LookupMetrics::default();
        let loads = Loads {
            load,
            metrics: metrics.clone(),
        };
        let (queue, _ends_by_itself) = batches::start(loads, stop);
        Self { queue, metrics }
    }

    /// The metrics of look-ups.
    #[must_use]
    pub fn metrics(&self) -> &LookupMetrics {
        &self.metrics
    }

    /// Looks up a session, as it is after this call began.
    pub(super) async fn look_up(&self, id: SessionId) -> Result<Option<Arc<LookedUp>>, AuthError> {
        let (answer, outcome) = oneshot::channel();
        let lookup = Lookup {
            id,
            answer,
            since: Instant::now(),
            span: Span::current(),
        };
        self.queue.push(lookup).map_err(|error| match error {
            NotQueued::Full => AuthError::Overloaded,
            NotQueued::Stopped => AuthError::Unavailable(None),
        })?;
        match outcome.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(Failure::Refused)) => Err(AuthError::Internal("the look-up failed".into())),
            // the sender is dropped only when the service stops
            Ok(Err(Failure::Unavailable | Failure::Panicked)) | Err(_) => {
                Err(AuthError::Unavailable(None))
            }
        }
    }
}

/// Loads the sessions of a batch with one statement.
struct Loads<F> {
    load: F,
    metrics: LookupMetrics,
}

impl<F, A> Work for Loads<F>
where
    F: Fn(Vec<SessionId>) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Found, StoreError>> + Send + 'static,
{
    type Item = Lookup;
    type Output = Found;

    const ITEMS: &'static str = "look-ups of sessions";
    const MAX_WAITING: usize = MAX_QUEUE;
    const MAX_BATCH: usize = MAX_BATCH;
    /// Waiting for a fuller batch would make every call slower.
    const GATHER: Duration = Duration::ZERO;
    const MAX_TIME: Duration = deadline::LOOK_UP;
    const AT_STOP: AtStop = AtStop::GivenUp;

    /// Look-ups whose callers gave up are removed.
    fn prepare(&self, batch: &mut Vec<Lookup>) {
        batch.retain(|lookup| !lookup.answer.is_closed());
    }

    fn run(&self, batch: &[Lookup]) -> impl Future<Output = Result<Found, StoreError>> + Send {
        let mut ids: Vec<SessionId> = batch.iter().map(|lookup| lookup.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let waits = batch.iter().map(|lookup| lookup.since.elapsed());
        self.metrics.starts(ids.len(), waits);
        (self.load)(ids).instrument(span_of(batch))
    }

    fn settle(&self, batch: &mut Vec<Lookup>, outcome: Result<Found, Failure>) -> Verdict {
        for lookup in batch.drain(..) {
            let outcome = match outcome.as_ref().map(|found| found.get(&lookup.id)) {
                Ok(Some(Ok(found))) => Ok(Some(Arc::clone(found))),
                Ok(Some(Err(problem))) => {
                    tracing::error!(session = %lookup.id, %problem, "inconsistent row");
                    Err(Failure::Refused)
                }
                Ok(None) => Ok(None),
                Err(failure) => Err(*failure),
            };
            // the caller may have given up meanwhile
            let _ = lookup.answer.send(outcome);
        }
        Verdict::Done
    }
}

/// The span of a statement belongs to the trace of the first call, and names the other calls.
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };
    use tokio::sync::{Semaphore, mpsc};

    #[tokio::test]
    async fn a_look_up_never_joins_a_statement_that_has_started() {
        let (started, mut starts) = mpsc::unbounded_channel();
        let barrier = Arc::new(Semaphore::new(0));
        let open = Arc::clone(&barrier);
        let lookups = Lookups::start_with(CancellationToken::new(), move |ids| {
            let (started, barrier) = (started.clone(), Arc::clone(&barrier));
            async move {
                started.send(ids).unwrap();
                barrier.acquire().await.unwrap().forget();
                Ok(Found::new())
            }
        });
        let [first, second, third] = [
            SessionId::random(),
            SessionId::random(),
            SessionId::random(),
        ];
        let send = |id| {
            let lookups = lookups.clone();
            tokio::spawn(async move { lookups.look_up(id).await })
        };
        let requested = send(first);
        assert_eq!(starts.recv().await, Some(vec![first]));
        let later = [send(second), send(third), send(second)];
        while lookups.queue.waiting() < 3 {
            tokio::task::yield_now().await;
        }
        open.add_permits(2);
        assert!(requested.await.unwrap().unwrap().is_none());
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
                    _ => Ok(Found::new()),
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

    /// Look-ups that wait until the worker runs, and the sessions that it asks for.
    fn waiting() -> (
        Lookups,
        impl Future<Output = ()>,
        Arc<Mutex<Vec<SessionId>>>,
    ) {
        let requested = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requested);
        let metrics = LookupMetrics::default();
        let loads = Loads {
            load: move |ids| {
                seen.lock().unwrap().extend(ids);
                async { Ok(Found::new()) }
            },
            metrics: metrics.clone(),
        };
        let (queue, worker) = batches::queue_and_worker(loads, CancellationToken::new());
        (Lookups { queue, metrics }, worker.run(), requested)
    }

    #[tokio::test]
    async fn a_full_queue_refuses_callers() {
        let (lookups, _worker, _asked) = waiting();
        for _ in 0..MAX_QUEUE {
            let requested = lookups.look_up(SessionId::random()).now_or_never();
            assert!(requested.is_none(), "it waits");
        }
        let shed = lookups.look_up(SessionId::random()).await;
        assert!(matches!(shed, Err(AuthError::Overloaded)));
    }

    #[tokio::test]
    async fn a_look_up_whose_caller_gave_up_is_removed() {
        let (lookups, worker, requested) = waiting();
        let [gone, stays] = [SessionId::random(), SessionId::random()];
        assert!(lookups.look_up(gone).now_or_never().is_none());
        let staying = tokio::spawn(async move { lookups.look_up(stays).await });
        tokio::task::yield_now().await;
        tokio::spawn(worker);
        assert!(staying.await.unwrap().unwrap().is_none());
        assert_eq!(*requested.lock().unwrap(), [stays]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_answers_at_once_those_that_wait_and_those_that_come_later() {
        let stop = CancellationToken::new();
        let (started, mut starts) = mpsc::unbounded_channel();
        let lookups = Lookups::start_with(stop.clone(), move |ids| {
            started.send(ids).unwrap();
            std::future::pending::<Result<Found, StoreError>>()
        });
        let send = || {
            let lookups = lookups.clone();
            tokio::spawn(async move { lookups.look_up(SessionId::random()).await })
        };
        let in_hand = send();
        starts.recv().await.unwrap();
        let waits = send();
        while lookups.queue.waiting() < 1 {
            tokio::task::yield_now().await;
        }
        let stopped_at = Instant::now();
        stop.cancel();
        for requested in [in_hand, waits, send()] {
            let answer = requested.await.unwrap();
            assert!(matches!(answer, Err(AuthError::Unavailable(_))));
        }
        assert_eq!(
            stopped_at.elapsed(),
            Duration::ZERO,
            "no statement is waited for"
        );
    }
}
