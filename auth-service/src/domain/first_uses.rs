//! Writes the first use of each generation into its row: in batches, within a second, and off the
//! caller's path. If a first use is written late, never or twice, this only delays the detection of
//! reuse.

use super::batches::{self, AtStop, Failure, Queue, Verdict, Work};
use crate::{
    model::Generation,
    store::{Store, StoreError},
};
use contract::ids::SessionId;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A generation of a session that was used.
type FirstUse = (SessionId, Generation);

/// The queue into which validations put first uses. If one is dropped, the next validation notes it
/// again.
#[derive(Clone, Debug)]
pub struct FirstUses {
    queue: Queue<FirstUse>,
}

impl FirstUses {
    /// Starts the task that writes them. At a stop, the task writes the remaining ones and ends.
    #[must_use]
    pub fn start(store: Store, stop: CancellationToken) -> (Self, JoinHandle<()>) {
        Self::start_with(stop, move |first_uses| {
            let store = store.clone();
            async move { store.note_first_uses(&first_uses).await }
        })
    }

    fn start_with<F, A>(stop: CancellationToken, write: F) -> (Self, JoinHandle<()>)
    where
        F: Fn(Vec<FirstUse>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let (queue, writing) = batches::start(Writes(write), stop);
        (Self { queue }, writing)
    }

    /// Notes that a generation was used.
    pub(super) fn note(&self, id: SessionId, generation: Generation) {
        if self.queue.push((id, generation)).is_err() {
            tracing::debug!(session = %id, "the first use of a generation was dropped");
        }
    }
}

/// Writes the first uses of a batch, each once.
struct Writes<F>(F);

impl<F, A> Work for Writes<F>
where
    F: Fn(Vec<FirstUse>) -> A + Send + Sync + 'static,
    A: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    type Item = FirstUse;
    type Output = ();

    const ITEMS: &'static str = "first uses";
    const MAX_WAITING: usize = 4_096;
    const MAX_BATCH: usize = 4_096;
    const GATHER: Duration = Duration::from_millis(200);
    /// So that a database that does not answer does not block the task for ever.
    const MAX_TIME: Duration = Duration::from_secs(5);
    const AT_STOP: AtStop = AtStop::Done;

    fn prepare(&self, batch: &mut Vec<FirstUse>) {
        batch.sort_unstable();
        batch.dedup();
    }

    fn run(&self, batch: &[FirstUse]) -> impl Future<Output = Result<(), StoreError>> + Send {
        (self.0)(batch.to_vec())
    }

    fn settle(&self, _batch: &mut Vec<FirstUse>, outcome: Result<(), Failure>) -> Verdict {
        match outcome {
            Ok(()) => Verdict::Done,
            Err(_) => Verdict::Drop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::mpsc;

    #[tokio::test(start_paused = true)]
    async fn marks_are_gathered_each_once_and_a_stop_writes_the_last() {
        let (written, mut seen) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let (first_uses, writing) = FirstUses::start_with(stop.clone(), move |first_uses| {
            written.send(first_uses).unwrap();
            async { Ok(()) }
        });
        let (id, first) = (SessionId::random(), Generation::FIRST);
        for _ in 0..3 {
            first_uses.note(id, first);
        }
        assert_eq!(seen.recv().await, Some(vec![(id, first)]));
        first_uses.note(id, first.next());
        stop.cancel();
        writing.await.unwrap();
        assert_eq!(seen.recv().await, Some(vec![(id, first.next())]));
        assert_eq!(seen.recv().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_hangs_is_given_up_and_the_next_is_written() {
        let (written, mut seen) = mpsc::unbounded_channel();
        let hung = AtomicBool::new(false);
        let (first_uses, _writing) =
            FirstUses::start_with(CancellationToken::new(), move |first_uses| {
                let hangs = !hung.swap(true, Ordering::SeqCst);
                written.send(first_uses).unwrap();
                async move {
                    if hangs {
                        std::future::pending::<()>().await;
                    }
                    Ok(())
                }
            });
        for id in [SessionId::random(), SessionId::random()] {
            first_uses.note(id, Generation::FIRST);
            assert_eq!(seen.recv().await, Some(vec![(id, Generation::FIRST)]));
        }
    }
}
