//! A bounded queue, and one task that processes it in batches. An item that does not fit into the
//! queue, or whose batch fails, is counted as dropped. Callers do not wait for the queue.

use crate::store::StoreError;
use contract::errors::chain;
use futures_util::FutureExt as _;
use prometheus_client::metrics::counter::Counter;
use std::{fmt, panic::AssertUnwindSafe, time::Duration};
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

/// How long to wait after the database did not answer.
pub(super) const PAUSE: Duration = Duration::from_secs(1);
/// The shortest time between two warnings about dropped items.
const WARN_EVERY: Duration = Duration::from_mins(1);

/// How the items of a queue are processed.
pub(super) trait Work: Send + Sync + 'static {
    /// The type of an item.
    type Item: Send + Sync + 'static;
    /// The result of a batch.
    type Output: Send;

    /// The name of the items in the log.
    const ITEMS: &'static str;
    /// The largest number of items in the queue.
    const MAX_WAITING: usize;
    /// The largest number of items in one batch.
    const MAX_BATCH: usize;
    /// How long a batch that is not full waits for more items.
    const GATHER: Duration;
    /// A batch that takes longer is given up.
    const MAX_TIME: Duration;
    /// What happens to the items in the queue when the service stops.
    const AT_STOP: AtStop;

    /// Removes items from a batch that need no processing.
    fn prepare(&self, _batch: &mut Vec<Self::Item>) {}

    /// Processes a batch that is not empty.
    fn run(
        &self,
        batch: &[Self::Item],
    ) -> impl Future<Output = Result<Self::Output, StoreError>> + Send;

    /// Tells the items the result of their batch, and decides how to continue.
    fn settle(
        &self,
        batch: &mut Vec<Self::Item>,
        outcome: Result<Self::Output, Failure>,
    ) -> Verdict;
}

/// What happens to the items in the queue when the service stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtStop {
    /// They are given up, together with the current batch.
    GivenUp,
    /// They are processed, with one attempt for each batch.
    Done,
}

/// Why a batch has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The database did not answer in time. The batch may have been processed.
    Unavailable,
    /// The database refused the batch, and would refuse it again.
    Refused,
    /// The batch panicked.
    Panicked,
}

/// How to continue after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The batch is done.
    Done,
    /// Count its items as dropped.
    Drop,
    /// Run the batch again after a pause.
    Repeat,
}

/// The sending side of a queue.
pub(super) struct Queue<T> {
    items: mpsc::Sender<T>,
    dropped: Counter,
}

/// Why an item was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotQueued {
    /// The queue is full.
    Full,
    /// The service is stopping.
    Stopped,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self {
            items: self.items.clone(),
            dropped: self.dropped.clone(),
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl<T> Queue<T> {
    /// Queues an item, or counts it as dropped.
    pub(super) fn push(&self, item: T) -> Result<(), NotQueued> {
        self.items.try_send(item).map_err(|error| {
            self.dropped.inc();
            match error {
                mpsc::error::TrySendError::Full(_) => NotQueued::Full,
                mpsc::error::TrySendError::Closed(_) => NotQueued::Stopped,
            }
        })
    }

    /// How many items were dropped since the start.
    pub(super) fn dropped(&self) -> &Counter {
        &self.dropped
    }

    /// How many items are in the queue.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.items.max_capacity() - self.items.capacity()
    }
}

/// Starts the task. It ends after `stop`.
pub(super) fn start<W: Work>(work: W, stop: CancellationToken) -> (Queue<W::Item>, JoinHandle<()>) {
    let (queue, worker) = queue_and_worker(work, stop);
    (queue, tokio::spawn(worker.run()))
}

/// The receiving side of a queue, with its processing.
pub(super) fn queue_and_worker<W: Work>(
    work: W,
    stop: CancellationToken,
) -> (Queue<W::Item>, Worker<W>) {
    let (items, waiting) = mpsc::channel(W::MAX_WAITING);
    let dropped = Counter::default();
    let worker = Worker {
        work,
        waiting,
        stop,
        dropped: dropped.clone(),
        told: 0,
        told_at: None,
    };
    (Queue { items, dropped }, worker)
}

/// The task that processes a queue.
pub(super) struct Worker<W: Work> {
    work: W,
    waiting: mpsc::Receiver<W::Item>,
    stop: CancellationToken,
    dropped: Counter,
    /// How many dropped items have been logged, and when.
    told: u64,
    told_at: Option<Instant>,
}

impl<W: Work> Worker<W> {
    /// Processes batches until the service stops.
    pub(super) async fn run(mut self) {
        match W::AT_STOP {
            AtStop::GivenUp => {
                let stop = self.stop.clone();
                stop.run_until_cancelled(self.work_off()).await;
            }
            AtStop::Done => self.work_off().await,
        }
    }

    async fn work_off(&mut self) {
        let mut batch = Vec::new();
        loop {
            let mut stopping = tokio::select! {
                received = self.waiting.recv_many(&mut batch, W::MAX_BATCH) => received == 0,
                () = self.stop.cancelled() => true,
            };
            if batch.len() < W::MAX_BATCH && !W::GATHER.is_zero() {
                stopping |= self.pause(W::GATHER).await;
            }
            while batch.len() < W::MAX_BATCH
                && let Ok(item) = self.waiting.try_recv()
            {
                batch.push(item);
            }
            let is_last = stopping && batch.len() < W::MAX_BATCH;
            self.work.prepare(&mut batch);
            // a batch that is to be repeated is kept, while new items fill the queue
            while !batch.is_empty() {
                let items = batch.len();
                let outcome = self.attempt(&batch).await;
                match self.work.settle(&mut batch, outcome) {
                    Verdict::Repeat if !stopping => stopping = self.pause(PAUSE).await,
                    Verdict::Done => batch.clear(),
                    Verdict::Drop | Verdict::Repeat => {
                        self.dropped.inc_by(items.try_into().unwrap_or(u64::MAX));
                        batch.clear();
                    }
                }
            }
            self.tell_dropped(is_last);
            if is_last {
                return;
            }
        }
    }

    /// Waits for this time. Returns whether the service is stopping.
    async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => true,
            () = tokio::time::sleep(time) => false,
        }
    }

    async fn attempt(&self, batch: &[W::Item]) -> Result<W::Output, Failure> {
        let (items, length) = (W::ITEMS, batch.len());
        let running = async { tokio::time::timeout(W::MAX_TIME, self.work.run(batch)).await };
        match AssertUnwindSafe(running).catch_unwind().await {
            Ok(Ok(Ok(output))) => Ok(output),
            Ok(Ok(Err(error @ (StoreError::Unavailable(_) | StoreError::Conflict(_))))) => {
                let cause = chain(&error);
                tracing::warn!(items, length, cause, "the database did not take a batch");
                Err(Failure::Unavailable)
            }
            Ok(Ok(Err(error))) => {
                let cause = chain(&error);
                tracing::error!(items, length, cause, "the database refused a batch");
                Err(Failure::Refused)
            }
            Ok(Err(_elapsed)) => {
                tracing::warn!(items, length, "the database did not take a batch in time");
                Err(Failure::Unavailable)
            }
            Err(_panic) => {
                tracing::error!(items, length, "a batch panicked");
                Err(Failure::Panicked)
            }
        }
    }

    /// Logs dropped items, at most once a minute and at the end.
    fn tell_dropped(&mut self, is_last: bool) {
        let dropped = self.dropped.get();
        if dropped == self.told {
            return;
        }
        if is_last || self.told_at.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            let items = W::ITEMS;
            tracing::warn!(items, dropped = dropped - self.told, "items were dropped");
            self.told = dropped;
            self.told_at = Some(Instant::now());
        }
    }
}
