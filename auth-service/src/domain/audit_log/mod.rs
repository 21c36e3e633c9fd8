//! The way into the audit log of what changed no row: gathered, and written in
//! batches off the caller's path. It never blocks a call and never fails one; what
//! changes a row is written with the change instead.

use super::{
    AuthError,
    batches::{self, AtStop, Failure, Queue, Verdict, Work},
};
use crate::{
    model::{AuditEvent, AuditEventType, Cause, Client},
    store::{Store, StoreError},
};
use prometheus_client::metrics::counter::Counter;
use std::time::Duration;
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

/// Events in one transaction.
const BATCH: usize = 512;
/// How long events are gathered.
const GATHER: Duration = Duration::from_millis(200);
/// A write that takes longer is given up.
const MAX_TIME: Duration = Duration::from_secs(5);

/// An event, and when it happened.
type Waiting = (AuditEvent, Instant);

/// Where calls leave their events.
#[derive(Clone, Debug)]
pub struct AuditLog {
    queue: Queue<Waiting>,
}

impl AuditLog {
    /// Starts the task that writes them. At a stop it writes what it has, and
    /// ends.
    #[must_use]
    pub fn start(store: Store, stop: CancellationToken) -> (Self, JoinHandle<()>) {
        Self::start_with(stop, move |events| {
            let store = store.clone();
            async move { store.note_all(&events).await }
        })
    }

    fn start_with<F, A>(stop: CancellationToken, write: F) -> (Self, JoinHandle<()>)
    where
        F: Fn(Vec<(AuditEvent, Duration)>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let (queue, writing) = batches::start(Writes(write), stop);
        (Self { queue }, writing)
    }

    /// Leaves an event to be written.
    pub(super) fn note(&self, event: AuditEvent) {
        // one for which the queue has no capacity is counted
        let _ = self.queue.push((event, Instant::now()));
    }

    /// Passes on whether an attempt was let in, and leaves an event if it was not.
    /// Whose account it was about is not looked up for it.
    pub(super) fn throttled<T>(
        &self,
        event_type: AuditEventType,
        client: &Client,
        admitted: Result<T, AuthError>,
    ) -> Result<T, AuthError> {
        if let Err(AuthError::TooManyAttempts(_)) = admitted {
            let cause = Cause::Throttled;
            self.note(AuditEvent::refused(event_type, cause, client));
        }
        admitted
    }

    /// How many events were dropped since the start: the queue was full, or the
    /// database refused them.
    #[must_use]
    pub fn dropped(&self) -> &Counter {
        self.queue.dropped()
    }
}

/// Writes the events of a batch, each with how long ago it happened.
struct Writes<F>(F);

impl<F, A> Work for Writes<F>
where
    F: Fn(Vec<(AuditEvent, Duration)>) -> A + Send + Sync + 'static,
    A: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    type Item = Waiting;
    type Output = ();

    const ITEMS: &'static str = "audit events";
    const MAX_WAITING: usize = 4_096;
    const MAX_BATCH: usize = BATCH;
    const GATHER: Duration = GATHER;
    const MAX_TIME: Duration = MAX_TIME;
    const AT_STOP: AtStop = AtStop::Done;

    fn run(&self, batch: &[Waiting]) -> impl Future<Output = Result<(), StoreError>> + Send {
        let events = batch.iter();
        let events = events.map(|(event, since)| (event.clone(), since.elapsed()));
        (self.0)(events.collect())
    }

    fn settle(&self, _batch: &mut Vec<Waiting>, outcome: Result<(), Failure>) -> Verdict {
        match outcome {
            Ok(()) => Verdict::Done,
            // where it is unknown whether they were written: rather twice than not at all
            Err(Failure::Unavailable) => Verdict::Repeat,
            Err(Failure::Refused | Failure::Panicked) => Verdict::Drop,
        }
    }
}

#[cfg(test)]
mod tests;
