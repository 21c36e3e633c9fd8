//! A refresh: attempts until one succeeds, or none can.

use super::{Pair, PairStore, SessionError, client::Inner, flight::Progress};
use contract::errors::retry_after;
use proto::auth::v1::RefreshSessionRequest;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};
use tonic::{Request, Status};

/// An attempt failed.
struct Failure {
    error: SessionError,
    /// `google.rpc.RetryInfo`.
    retry_after: Option<Duration>,
}

impl<E: Into<SessionError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            retry_after: None,
        }
    }
}

impl<S: PairStore> Inner<S> {
    /// Tries until a new pair is saved, by this client or by another one with the same store.
    pub(super) async fn refresh(
        &self,
        progress: &watch::Sender<Progress>,
    ) -> Result<Pair, SessionError> {
        let mut failures = 0;
        loop {
            // read anew for each attempt, because another client may have been faster
            let read = Instant::now();
            let held = self.load().await?;
            let now = self.clock.now();
            if now < self.schedule.due(&held) {
                return Ok(held);
            }
            let deadline = read + self.schedule.attempt();
            let failure = match self.exchange(&held, deadline).await {
                Ok(pair) => return Ok(pair),
                Err(failure) if failure.error.may_pass() => failure,
                Err(failure) => return Err(failure.error),
            };
            failures += 1;
            tracing::debug!(error = %failure.error, failures, "the session is not refreshed");
            progress.send_replace(Progress::Failing);
            let now = self.clock.now();
            let pause = self
                .schedule
                .pause(&held, failures, failure.retry_after, now);
            tokio::time::sleep(pause.ok_or(failure.error)?).await;
        }
    }

    /// Presents the refresh token. The answer is saved before anyone uses it.
    async fn exchange(&self, held: &Pair, deadline: Instant) -> Result<Pair, Failure> {
        let mut request = Request::new(RefreshSessionRequest {
            refresh_token: held.refresh_token.expose().to_owned(),
        });
        request.set_timeout(deadline.saturating_duration_since(Instant::now()));
        let mut client = self.auth.clone();
        let answer = tokio::time::timeout_at(deadline, client.refresh_session(request))
            .await
            .unwrap_or_else(|_elapsed| Err(Status::deadline_exceeded("no answer in time")))
            .map_err(|status| Failure {
                error: SessionError::of_status(&status),
                retry_after: retry_after(&status),
            })?
            .into_inner();
        let pair = Pair::from_answer(answer.tokens, answer.session.as_ref())?;
        if pair.session_id != held.session_id {
            return Err(SessionError::Answer.into());
        }
        // nobody is logged in: a log-out came first
        let kept = self.store.save(pair).await?;
        Ok(kept.ok_or(SessionError::NotLoggedIn)?)
    }
}
