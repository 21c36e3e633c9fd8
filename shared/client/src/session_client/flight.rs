//! One refresh for all callers that want one at the same time.

use super::{Pair, SessionError};
use contract::time::Timestamp;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// How long an outcome is reused after the refresh has ended.
const REST: Duration = Duration::from_secs(1);

type Outcome = Result<Pair, SessionError>;

/// The state of a refresh.
#[derive(Debug)]
pub(super) enum Progress {
    /// The first attempt is in progress.
    Trying,
    /// An attempt has failed, and others follow.
    Failing,
    /// It ended at this time by the client's clock.
    Done(Outcome, Timestamp),
}

/// A refresh in progress, or the last one.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    begun: Instant,
    progress: watch::Receiver<Progress>,
}

impl Flight {
    pub(super) fn begin() -> (Self, watch::Sender<Progress>) {
        let (sender, progress) = watch::channel(Progress::Trying);
        let begun = Instant::now();
        (Self { begun, progress }, sender)
    }

    /// Whether a caller that has this pair joins the refresh instead of beginning another one.
    pub(super) fn is_current(&self, held: &Pair, now: Timestamp) -> bool {
        match &*self.progress.borrow() {
            Progress::Done(outcome, since) => {
                let rests = now >= *since && now.since(*since) < REST;
                rests && (outcome.is_err() || held.is_good(now))
            }
            // without a sender, the task has died
            Progress::Trying | Progress::Failing => self.progress.has_changed().is_ok(),
        }
    }

    /// The outcome of the refresh.
    pub(super) async fn outcome(mut self) -> Outcome {
        let done = |progress: &Progress| matches!(progress, Progress::Done(..));
        let progress = self.progress.wait_for(done).await;
        match progress.as_deref() {
            Ok(Progress::Done(outcome, _)) => outcome.clone(),
            _ => Err(died()),
        }
    }

    /// The outcome of the first attempt, if it comes soon after the beginning. For callers that can
    /// continue without it.
    pub(super) async fn first_outcome(mut self, patience: Duration) -> Option<Outcome> {
        let told = |progress: &Progress| !matches!(progress, Progress::Trying);
        let until = self.begun + patience;
        let progress = tokio::time::timeout_at(until, self.progress.wait_for(told)).await;
        match progress.ok()?.as_deref() {
            Ok(Progress::Done(outcome, _)) => Some(outcome.clone()),
            _ => None,
        }
    }
}

fn died() -> SessionError {
    SessionError::Unavailable(tonic::Code::Cancelled)
}
