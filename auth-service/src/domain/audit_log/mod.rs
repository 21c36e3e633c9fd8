//! Writes audit events that belong to no change of a row: gathered, in batches, and off the
//! caller's path. This never blocks a call and never fails one. An event about a change of a row is
//! written with the change instead.

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

/// The largest number of events in one transaction.
const BATCH: usize = 512;
/// How long events are gathered.
const GATHER: Duration = Duration::from_millis(200);
/// A write that takes longer is given up.
const MAX_TIME: Duration = Duration::from_secs(5);

/// An event, and when it happened.
type Waiting = (AuditEvent, Instant);

/// The queue into which calls put their events.
#[derive(Clone, Debug)]
pub struct AuditLog {
    queue: Queue<Waiting>,
}

impl AuditLog {
    /// Starts the task that writes them. At a stop, the task writes the remaining events and ends.
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

    /// Queues an event to be written.
    pub(super) fn note(&self, event: AuditEvent) {
        // an event that does not fit into the queue is counted
        let _ = self.queue.push((event, Instant::now()));
    }

    /// Returns the result of throttling, and queues an event if the attempt was refused. The event
    /// has no subject, because the account is not looked up.
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

    /// How many events were dropped since the start, because the queue was full or the database
    /// refused them.
    #[must_use]
    pub fn dropped(&self) -> &Counter {
        self.queue.dropped()
    }
}

/// Writes the events of a batch, each with its age.
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
            // if it is not known whether they were written, they are written again: twice is better
            // than never
            Err(Failure::Unavailable) => Verdict::Repeat,
            Err(Failure::Refused | Failure::Panicked) => Verdict::Drop,
        }
    }
}

#[cfg(test)]
mod tests;
