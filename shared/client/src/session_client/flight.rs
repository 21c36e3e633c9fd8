//! One refresh, for all callers that want one at the time.

use super::{Pair, SessionError};
use contract::time::Timestamp;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// After its end, an outcome stands so long before it is asked for again.
const REST: Duration = Duration::from_secs(1);

type Outcome = Result<Pair, SessionError>;

/// How far a refresh is.
#[derive(Debug)]
pub(super) enum Progress {
    /// In its first attempt.
    Trying,
    /// An attempt failed; others follow.
    Failing,
    /// It is over, since a time by the client's clock.
    Done(Outcome, Timestamp),
}

/// A refresh under way, or the last one.
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

    /// Whether a caller that holds this pair takes part in it, rather than begin
    /// another.
    pub(super) fn is_current(&self, held: &Pair, now: Timestamp) -> bool {
        match &*self.progress.borrow() {
            Progress::Done(outcome, since) => {
                let rests = now >= *since && now.since(*since) < REST;
                rests && (outcome.is_err() || held.is_good(now))
            }
            // without a sender, it died
            Progress::Trying | Progress::Failing => self.progress.has_changed().is_ok(),
        }
    }

    /// What comes of it.
    pub(super) async fn outcome(mut self) -> Outcome {
        let done = |progress: &Progress| matches!(progress, Progress::Done(..));
        let progress = self.progress.wait_for(done).await;
        match progress.as_deref() {
            Ok(Progress::Done(outcome, _)) => outcome.clone(),
            _ => Err(died()),
        }
    }

    /// What comes of its first attempt, if that comes soon after its beginning: for a
    /// caller that can do without.
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
