//! The used mark's way into the row: gathered, and written within a second, off
//! the caller's path. Late, lost or repeated, it can only delay the detection of
//! reuse.

use crate::{
    model::Generation,
    store::{Store, StoreError},
};
use contract::{errors::chain, ids::SessionId};
use std::{collections::HashSet, time::Duration};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Marks that may wait; more are dropped, since the next validation notes them
/// again.
const MAX_WAITING: usize = 4_096;
/// How long marks are gathered.
const GATHER: Duration = Duration::from_millis(200);
/// A write that takes longer is given up: a database that went silent must not
/// keep the task for good.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// A generation of a session that was used.
type Mark = (SessionId, Generation);

/// Where validations leave their marks.
#[derive(Clone, Debug)]
pub struct UsedMarks {
    queue: mpsc::Sender<Mark>,
}

impl UsedMarks {
    /// Starts the task that writes them. At a stop it writes what it has, and
    /// ends.
    #[must_use]
    pub fn start(store: Store, stop: CancellationToken) -> (Self, JoinHandle<()>) {
        Self::start_with(stop, move |marks| {
            let store = store.clone();
            async move { store.mark_used(&marks).await }
        })
    }

    fn start_with<F, A>(stop: CancellationToken, mark: F) -> (Self, JoinHandle<()>)
    where
        F: Fn(Vec<Mark>) -> A + Send + 'static,
        A: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        let writing = tokio::spawn(work(waiting, stop, mark));
        (Self { queue }, writing)
    }

    /// Notes that a generation was used.
    pub(super) fn note(&self, id: SessionId, generation: Generation) {
        if self.queue.try_send((id, generation)).is_err() {
            tracing::debug!(session = %id, "a used mark was dropped");
        }
    }
}

async fn work<F, A>(mut waiting: mpsc::Receiver<Mark>, stop: CancellationToken, mark: F)
where
    F: Fn(Vec<Mark>) -> A,
    A: Future<Output = Result<(), StoreError>>,
{
    let mut marks = Vec::new();
    loop {
        let stopping = tokio::select! {
            received = waiting.recv_many(&mut marks, MAX_WAITING) => received == 0,
            () = stop.cancelled() => true,
        };
        if !stopping {
            tokio::select! {
                () = tokio::time::sleep(GATHER) => {}
                () = stop.cancelled() => {}
            }
        }
        while let Ok(mark) = waiting.try_recv() {
            marks.push(mark);
        }
        let distinct: HashSet<_> = marks.drain(..).collect();
        let mut distinct: Vec<_> = distinct.into_iter().collect();
        distinct.sort_unstable();
        if !distinct.is_empty() {
            match tokio::time::timeout(MAX_WAIT, mark(distinct)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(cause = chain(&error), "used marks not written"),
                Err(_elapsed) => tracing::warn!("used marks not written in time"),
            }
        }
        if stopping {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test(start_paused = true)]
    async fn marks_are_gathered_each_once_and_a_stop_writes_the_last() {
        let (written, mut seen) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let (marks, writing) = UsedMarks::start_with(stop.clone(), move |marks| {
            written.send(marks).unwrap();
            async { Ok(()) }
        });
        let (id, first) = (SessionId::random(), Generation::FIRST);
        for _ in 0..3 {
            marks.note(id, first);
        }
        assert_eq!(seen.recv().await, Some(vec![(id, first)]));
        marks.note(id, first.next());
        stop.cancel();
        writing.await.unwrap();
        assert_eq!(seen.recv().await, Some(vec![(id, first.next())]));
        assert_eq!(seen.recv().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_hangs_is_given_up_and_the_next_is_written() {
        let (written, mut seen) = mpsc::unbounded_channel();
        let hung = AtomicBool::new(false);
        let (marks, _writing) = UsedMarks::start_with(CancellationToken::new(), move |marks| {
            let hangs = !hung.swap(true, Ordering::SeqCst);
            written.send(marks).unwrap();
            async move {
                if hangs {
                    std::future::pending::<()>().await;
                }
                Ok(())
            }
        });
        for id in [SessionId::random(), SessionId::random()] {
            marks.note(id, Generation::FIRST);
            assert_eq!(seen.recv().await, Some(vec![(id, Generation::FIRST)]));
        }
    }
}
