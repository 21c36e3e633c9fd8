//! The client: log-in, access tokens, log-out.

use super::{
    Pair, PairStore, SessionError,
    flight::{Flight, Progress},
    schedule::Schedule,
};
use contract::{
    bearer::BearerToken,
    deadline,
    errors::retry_after,
    time::{Clock, Timestamp},
};
use proto::auth::v1::{
    CreateSessionRequest, RevokeSessionRequest, auth_service_client::AuthServiceClient,
};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tonic::{Response, Status, transport::Channel};

/// Timers do not run while a machine is suspended, so the clock is read this often.
const LOOKS_PER_OVERLAP: u32 = 4;
const SHORTEST_SLEEP: Duration = Duration::from_secs(1);

/// The settings of a client.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `AUTH_REFRESH_OVERLAP_SECONDS` of auth-service, which no answer contains.
    pub overlap: Duration,
    /// How long a caller waits for a newer access token while its current one is valid.
    pub patience: Duration,
    /// This machine's clock, which may differ from auth-service's by a few seconds only.
    pub clock: Clock,
    /// Determines the jitter. Random by default, so that clients differ.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            overlap: Duration::from_mins(1),
            patience: Duration::from_secs(1),
            clock: Clock::system(),
            seed: fastrand::u64(..),
        }
    }
}

/// Keeps one session alive, and returns its access tokens. Clones are the same client.
pub struct SessionClient<S> {
    inner: Arc<Inner<S>>,
}

pub(super) struct Inner<S> {
    pub(super) auth: AuthServiceClient<Channel>,
    pub(super) store: S,
    pub(super) clock: Clock,
    pub(super) schedule: Schedule,
    patience: Duration,
    /// The refresh in progress, or the last one.
    flight: Mutex<Option<Flight>>,
}

impl<S: PairStore> Inner<S> {
    pub(super) async fn load(&self) -> Result<Pair, SessionError> {
        self.store.load().await?.ok_or(SessionError::NotLoggedIn)
    }
}

impl<S: PairStore> SessionClient<S> {
    /// A client of auth-service's public listener. The channel should have keep-alive and a limit
    /// on the time to connect.
    #[must_use]
    pub fn new(auth: Channel, store: S) -> Self {
        Self::with(auth, store, Settings::default())
    }

    /// The same, with settings.
    #[must_use]
    pub fn with(auth: Channel, store: S, settings: Settings) -> Self {
        let schedule = Schedule {
            overlap: settings.overlap,
            seed: settings.seed,
        };
        let inner = Inner {
            auth: AuthServiceClient::new(auth),
            store,
            clock: settings.clock,
            schedule,
            patience: settings.patience,
            flight: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Logs in, and saves the pair over any other.
    ///
    /// The client does not repeat a log-in by itself. If the answer is lost, the session may have
    /// begun, and a repetition would begin another one. The lost session expires after one lifetime
    /// of a refresh token; until then, ListSessions shows it.
    pub async fn log_in(&self, request: CreateSessionRequest) -> Result<(), SessionError> {
        let mut auth = self.inner.auth.clone();
        let answer = in_time(auth.create_session(request))
            .await
            .map_err(|status| SessionError::of_status(&status))?;
        self.begin(Pair::from_answer(answer.tokens, answer.session.as_ref())?)
            .await
    }

    /// Saves the pair of a log-in that was made elsewhere, for example by Register.
    pub async fn begin(&self, pair: Pair) -> Result<(), SessionError> {
        self.inner.store.begin(pair).await?;
        *self.slot() = None;
        Ok(())
    }

    /// A valid access token, which is refreshed before it expires.
    ///
    /// Concurrent callers share one refresh, which continues if they give up. While the current
    /// token is valid, callers do not wait for a refresh that fails or takes long.
    pub async fn access_token(&self) -> Result<BearerToken, SessionError> {
        let held = self.inner.load().await?;
        let now = self.inner.clock.now();
        if now < self.inner.schedule.due(&held) {
            return Ok(held.access_token);
        }
        let flight = self.flight(&held, now);
        let outcome = if held.is_good(now) {
            flight.first_outcome(self.inner.patience).await
        } else {
            Some(flight.outcome().await)
        };
        match outcome {
            Some(Ok(pair)) => Ok(pair.access_token),
            Some(Err(error @ (SessionError::Over(_) | SessionError::NotLoggedIn))) => Err(error),
            Some(Err(error)) if !held.is_good(now) => Err(error),
            Some(Err(_)) | None => Ok(held.access_token),
        }
    }

    /// Refreshes if a refresh is due, waits for the result, and returns when the next refresh is
    /// due.
    pub async fn refresh_if_due(&self) -> Result<Timestamp, SessionError> {
        let held = self.inner.load().await?;
        let now = self.inner.clock.now();
        let due = self.inner.schedule.due(&held);
        if now < due {
            return Ok(due);
        }
        let pair = self.flight(&held, now).outcome().await?;
        Ok(self.inner.schedule.due(&pair))
    }

    /// Refreshes on time, even while nobody requests a token. Returns the reason when only a log-in
    /// helps. Spawn it for callers that cannot wait for a refresh.
    pub async fn keep_fresh(&self) -> SessionError {
        let look = self.inner.schedule.overlap / LOOKS_PER_OVERLAP;
        loop {
            let sleep = match self.refresh_if_due().await {
                Ok(due) => due.since(self.inner.clock.now()).min(look),
                Err(error) if error.requires_log_in() => return error,
                Err(_) => SHORTEST_SLEEP,
            };
            tokio::time::sleep(sleep.max(SHORTEST_SLEEP.min(look))).await;
        }
    }

    /// Ends the session, and removes its pair. Repeats the call while there is no answer. After an
    /// error, the session and its pair may still exist.
    ///
    /// If auth-service refuses the token, no session ends, and the pair is removed, too.
    pub async fn log_out(&self) -> Result<(), SessionError> {
        let Some(held) = self.inner.store.load().await? else {
            return Ok(());
        };
        let mut failures = 0;
        loop {
            let Err(status) = self.revoke(&held).await else {
                break;
            };
            let error = SessionError::of_status(&status);
            if matches!(error, SessionError::Over(_)) {
                break;
            }
            failures += 1;
            let pause = self
                .inner
                .schedule
                .pause_of_call(failures, retry_after(&status))
                .filter(|_| error.may_pass());
            tokio::time::sleep(pause.ok_or(error)?).await;
        }
        Ok(self.inner.store.forget(held.session_id).await?)
    }

    async fn revoke(&self, held: &Pair) -> Result<(), Status> {
        let request = RevokeSessionRequest {
            token: held.refresh_token.expose().to_owned(),
        };
        let mut auth = self.inner.auth.clone();
        in_time(auth.revoke_session(request)).await?;
        Ok(())
    }

    /// Joins the refresh in progress, or begins one.
    fn flight(&self, held: &Pair, now: Timestamp) -> Flight {
        let mut slot = self.slot();
        if let Some(flight) = slot.as_ref().filter(|last| last.is_current(held, now)) {
            return flight.clone();
        }
        let (flight, progress) = Flight::begin();
        *slot = Some(flight.clone());
        let inner = Arc::clone(&self.inner);
        // in a task of its own, which continues when its callers give up
        tokio::spawn(async move {
            let outcome = inner.refresh(&progress).await;
            progress.send_replace(Progress::Done(outcome, inner.clock.now()));
        });
        flight
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Flight>> {
        self.inner
            .flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Includes the time to connect, which a call's own timeout does not.
async fn in_time<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Status> {
    let answer = tokio::time::timeout(deadline::CALL, call).await;
    let answer = answer.unwrap_or_else(|_elapsed| Err(Status::deadline_exceeded("no answer")));
    Ok(answer?.into_inner())
}

impl<S> Clone for SessionClient<S> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<S> fmt::Debug for SessionClient<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionClient").finish_non_exhaustive()
    }
}
