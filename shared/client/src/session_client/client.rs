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

/// A suspended machine does not count down: the clock is looked at this often.
const LOOKS_PER_OVERLAP: u32 = 4;
const SHORTEST_SLEEP: Duration = Duration::from_secs(1);

/// What a client is told of its surroundings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `AUTH_REFRESH_OVERLAP_SECONDS` of auth-service, which no answer tells.
    pub overlap: Duration,
    /// While its access token is good, a caller waits so long for a newer one.
    pub patience: Duration,
    /// This machine's time; it must agree with auth-service's to within seconds.
    pub clock: Clock,
    /// Decides the jitter. Random by default, so that clients differ.
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

/// Keeps one session alive, and gives its access tokens. Clones are the same
/// client.
pub struct SessionClient<S> {
    inner: Arc<Inner<S>>,
}

pub(super) struct Inner<S> {
    pub(super) auth: AuthServiceClient<Channel>,
    pub(super) store: S,
    pub(super) clock: Clock,
    pub(super) schedule: Schedule,
    patience: Duration,
    /// The refresh under way, or the last.
    flight: Mutex<Option<Flight>>,
}

impl<S: PairStore> Inner<S> {
    pub(super) async fn load(&self) -> Result<Pair, SessionError> {
        self.store.load().await?.ok_or(SessionError::NotLoggedIn)
    }
}

impl<S: PairStore> SessionClient<S> {
    /// A client of auth-service's public listener, by a channel with a limit on
    /// connecting and with keep-alive.
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

    /// Logs in, and keeps the pair in place of any other.
    ///
    /// Never repeated by itself: where the answer is lost, the session may have
    /// begun, and a repetition would begin another. Such a session is nobody's and
    /// ends by itself one lifetime of a refresh token later; ListSessions shows it.
    pub async fn log_in(&self, request: CreateSessionRequest) -> Result<(), SessionError> {
        let mut auth = self.inner.auth.clone();
        let answer = in_time(auth.create_session(request))
            .await
            .map_err(|status| SessionError::of_status(&status))?;
        self.begin(Pair::from_answer(answer.tokens, answer.session.as_ref())?)
            .await
    }

    /// Keeps the pair of a log-in made elsewhere (Register, for one).
    pub async fn begin(&self, pair: Pair) -> Result<(), SessionError> {
        self.inner.store.begin(pair).await?;
        *self.slot() = None;
        Ok(())
    }

    /// An access token that is good now, refreshed ahead of its end.
    ///
    /// Callers at once share one refresh, which goes on if they go away. While the
    /// token in hand is good, a refresh that fails or takes long is not waited for.
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

    /// Refreshes if it is time, waits for what comes of it, and says when it will be
    /// time again.
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

    /// Refreshes on time, also while nobody asks for a token, until only a log-in
    /// helps, and returns why. To be spawned, for callers that cannot wait for a refresh.
    pub async fn keep_fresh(&self) -> SessionError {
        let look = self.inner.schedule.overlap / LOOKS_PER_OVERLAP;
        loop {
            let sleep = match self.refresh_if_due().await {
                Ok(due) => due.since(self.inner.clock.now()).min(look),
                Err(error) if error.asks_for_log_in() => return error,
                Err(_) => SHORTEST_SLEEP,
            };
            tokio::time::sleep(sleep.max(SHORTEST_SLEEP.min(look))).await;
        }
    }

    /// Ends the session, and keeps its pair no more. Repeated while there is no
    /// answer; after an error, the session and its pair may be there still.
    ///
    /// A token that auth-service does not take ends nothing, and is not kept either.
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

    /// Joins the refresh under way, or begins one.
    fn flight(&self, held: &Pair, now: Timestamp) -> Flight {
        let mut slot = self.slot();
        if let Some(flight) = slot.as_ref().filter(|last| last.is_current(held, now)) {
            return flight.clone();
        }
        let (flight, progress) = Flight::begin();
        *slot = Some(flight.clone());
        let inner = Arc::clone(&self.inner);
        // a task of its own, which no caller's end cancels
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

/// Connecting counts, which a call's own timeout leaves out.
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
