//! The used mark's way into the row: gathered, and written within a second, off
//! the caller's path. Late, lost or repeated, it can only delay the detection of
//! reuse.

use crate::{model::Generation, store::Store};
use shared::ids::SessionId;
use std::{collections::HashSet, time::Duration};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Marks that may wait; more are dropped, since the next validation notes them
/// again.
const MAX_WAITING: usize = 4_096;
/// How long marks are gathered.
const GATHER: Duration = Duration::from_millis(200);

/// Where validations leave their marks.
#[derive(Clone, Debug)]
pub struct UsedMarks {
    queue: mpsc::Sender<(SessionId, Generation)>,
}

impl UsedMarks {
    /// Starts the task that writes them. At a stop it writes what it has, and
    /// ends.
    #[must_use]
    pub fn start(store: Store, stop: CancellationToken) -> (Self, JoinHandle<()>) {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        let writing = tokio::spawn(write(store, waiting, stop));
        (Self { queue }, writing)
    }

    /// Notes that a generation was used.
    pub(super) fn note(&self, id: SessionId, generation: Generation) {
        if self.queue.try_send((id, generation)).is_err() {
            tracing::debug!(session = %id, "a used mark was dropped");
        }
    }
}

async fn write(
    store: Store,
    mut waiting: mpsc::Receiver<(SessionId, Generation)>,
    stop: CancellationToken,
) {
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
        if !distinct.is_empty()
            && let Err(error) = store.mark_used(&distinct).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "used marks not written"
            );
        }
        if stopping {
            return;
        }
    }
}
