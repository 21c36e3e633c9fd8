//! The way into the audit log of what changed no row: gathered, and written in
//! batches off the caller's path. It never blocks a call and never fails one; what
//! changes a row is written with the change instead.

use super::AuthError;
use crate::{
    model::{AuditEvent, AuditEventType, Cause, Client},
    store::{Store, StoreError},
};
use contract::errors::chain;
use prometheus_client::metrics::counter::Counter;
use std::time::Duration;
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

/// Events that may wait; more are dropped, and counted.
const MAX_WAITING: usize = 4_096;
/// Events in one transaction.
const BATCH: usize = 512;
/// How long events are gathered.
const GATHER: Duration = Duration::from_millis(200);
/// A write that takes longer is given up.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// How long after a database that did not answer it is asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two warnings that events were dropped.
const WARN_EVERY: Duration = Duration::from_mins(1);

/// An event, and when it happened.
type Waiting = (AuditEvent, Instant);

/// Where calls leave their events.
#[derive(Clone, Debug)]
pub struct AuditLog {
    queue: mpsc::Sender<Waiting>,
    dropped: Counter,
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
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        let dropped = Counter::default();
        let writer = Writer {
            waiting,
            stop,
            write,
            dropped: dropped.clone(),
            warned: None,
            told: 0,
        };
        (Self { queue, dropped }, tokio::spawn(writer.work()))
    }

    /// Leaves an event to be written.
    pub(super) fn note(&self, event: AuditEvent) {
        if self.queue.try_send((event, Instant::now())).is_err() {
            self.dropped.inc();
        }
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
        &self.dropped
    }
}

/// What became of a batch.
enum Written {
    /// There is no more to do about it.
    Over,
    /// The database did not answer: it may, later.
    Later,
}

struct Writer<F> {
    waiting: mpsc::Receiver<Waiting>,
    stop: CancellationToken,
    write: F,
    dropped: Counter,
    /// When it was last said that events were dropped, and how many by then.
    warned: Option<Instant>,
    told: u64,
}

impl<F, A> Writer<F>
where
    F: Fn(Vec<(AuditEvent, Duration)>) -> A,
    A: Future<Output = Result<(), StoreError>>,
{
    async fn work(mut self) {
        let mut batch = Vec::new();
        loop {
            let mut stopping = tokio::select! {
                received = self.waiting.recv_many(&mut batch, BATCH) => received == 0,
                () = self.stop.cancelled() => true,
            };
            stopping |= self
                .pause(if batch.len() < BATCH {
                    GATHER
                } else {
                    Duration::ZERO
                })
                .await;
            while batch.len() < BATCH
                && let Ok(waiting) = self.waiting.try_recv()
            {
                batch.push(waiting);
            }
            let is_last = stopping && batch.len() < BATCH;
            // a batch that could not be written is kept, while the queue fills behind it
            while let Written::Later = self.write_batch(&batch).await {
                if stopping {
                    self.drop_batch(batch.len());
                    break;
                }
                stopping = self.pause(PAUSE).await;
            }
            batch.clear();
            self.warn(is_last);
            if is_last {
                return;
            }
        }
    }

    /// Waits, unless it is to stop: whether it is.
    async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => true,
            () = tokio::time::sleep(time) => false,
        }
    }

    async fn write_batch(&self, batch: &[Waiting]) -> Written {
        if batch.is_empty() {
            return Written::Over;
        }
        let events = batch.iter();
        let events = events.map(|(event, since)| (event.clone(), since.elapsed()));
        match tokio::time::timeout(MAX_WAIT, (self.write)(events.collect())).await {
            Ok(Ok(())) => Written::Over,
            Ok(Err(error @ (StoreError::Unavailable(_) | StoreError::Conflict(_)))) => {
                tracing::warn!(cause = chain(&error), "audit events wait to be written");
                Written::Later
            }
            Ok(Err(error)) => {
                tracing::error!(cause = chain(&error), "audit events cannot be written");
                self.drop_batch(batch.len());
                Written::Over
            }
            // whether it was written is unknown: rather twice than not at all
            Err(_elapsed) => Written::Later,
        }
    }

    fn drop_batch(&self, events: usize) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.dropped.inc_by(events);
    }

    /// Says that events were dropped, at most once a minute and at the end.
    fn warn(&mut self, is_last: bool) {
        let dropped = self.dropped.get();
        let is_due = is_last || self.warned.is_none_or(|at| at.elapsed() >= WARN_EVERY);
        if dropped > self.told && is_due {
            tracing::warn!(events = dropped - self.told, "audit events were dropped");
            self.told = dropped;
            self.warned = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests;
