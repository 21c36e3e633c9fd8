//! Slows down who guesses passwords or floods registration. What is counted lies
//! in the database, so that all replicas count together; and it is counted before
//! a password is hashed, so that of many guesses at once no more are hashed than
//! may be. Whether an account exists makes no difference to any of it.
//!
//! An attempt is taken back where it was none: the password was right, or we failed (the
//! database, too much to do, our own limit of time). Where the caller gave up, by
//! cancelling or by a deadline of its own, it is taken back only if no password was hashed
//! for it yet.

mod attempt;
mod keys;
mod schedule;
mod take_backs;

pub(super) use attempt::Attempt;
pub use take_backs::TakeBacks;

use attempt::Stage;
use schedule::{Schedule, count, count_log_in, count_within_hour};

use super::AuthError;
use crate::{
    model::{Client, Throttle, ThrottleKey, ThrottleLimits, Wait},
    store::{Store, StoreError},
};
use shared::{ids::UserId, session_layer::Deadline, telemetry::chain, time::Timestamp};

/// Counts attempts, and refuses those that come too early.
#[derive(Clone, Debug)]
pub struct Throttles {
    store: Store,
    limits: ThrottleLimits,
    take_backs: TakeBacks,
}

impl Throttles {
    /// Counts in this database.
    #[must_use]
    pub fn new(store: Store, limits: ThrottleLimits, take_backs: TakeBacks) -> Self {
        Self {
            store,
            limits,
            take_backs,
        }
    }

    /// A log-in: by account and network, and milder by account alone.
    pub(super) async fn log_in(
        &self,
        email: &str,
        client: &Client,
        deadline: Deadline,
    ) -> Result<Attempt, AuthError> {
        let free = self.limits.log_ins;
        let keys = [keys::log_in_from(email, client), keys::log_in(email)];
        self.count(&keys, deadline, |counted, now| {
            count_log_in(free, counted, now)
        })
        .await
    }

    /// A guess of the current password by whoever holds a session of the user.
    pub(super) async fn change_password(
        &self,
        user: UserId,
        deadline: Deadline,
    ) -> Result<Attempt, AuthError> {
        let schedule = Schedule::strict(self.limits.log_ins);
        let keys = [keys::change_password(user)];
        self.count(&keys, deadline, |[counted], now| {
            Ok([count(schedule, counted, now)?])
        })
        .await
    }

    /// A registration, by network and hour.
    pub(super) async fn register(
        &self,
        client: &Client,
        deadline: Deadline,
    ) -> Result<Attempt, AuthError> {
        let most = self.limits.registrations;
        let keys = [keys::registration_from(client)];
        self.count(&keys, deadline, |[counted], now| {
            Ok([count_within_hour(most, counted, now)?])
        })
        .await
    }

    async fn count<const N: usize>(
        &self,
        keys: &[ThrottleKey; N],
        deadline: Deadline,
        count: impl Fn([Throttle; N], Timestamp) -> Result<[Throttle; N], Wait>,
    ) -> Result<Attempt, AuthError> {
        let take_back = |attempt| async move { self.store.take_back_attempt(&attempt).await };
        let written = self.take_backs.write(|key| keys.contains(key), take_back);
        if let Err((_, error)) = written.await {
            tracing::warn!(cause = chain(&error), "an attempt of no fault still counts");
        }
        let take_backs = self.take_backs.clone();
        let attempt = move |counted| Attempt::new(counted, take_backs.clone(), deadline);
        match self.store.count_attempt(keys, count, attempt).await? {
            Ok(attempt) => Ok(attempt),
            Err(Wait(wait)) => {
                tracing::info!(?wait, "too many attempts");
                Err(AuthError::TooManyAttempts(wait))
            }
        }
    }

    /// Records the outcome of an attempt before its call is answered. A right password
    /// deletes what was counted under the attempt's keys. An attempt for which nothing was
    /// hashed, or that we failed, is taken back. If the database fails here the call does
    /// not: the attempt is taken back later.
    pub(super) async fn settle<T>(&self, mut attempt: Attempt, outcome: &Result<T, AuthError>) {
        let is_ours = outcome.as_ref().is_err_and(AuthError::is_ours);
        let settled = match attempt.stage {
            Stage::Right => self.store.forget_attempts(&attempt.keys()).await,
            Stage::Unhashed => self.take_back(&mut attempt).await,
            Stage::Hashed if is_ours => {
                attempt.stage = Stage::Unhashed;
                self.take_back(&mut attempt).await
            }
            Stage::Hashed | Stage::Settled => Ok(()),
        };
        match settled {
            Ok(()) => attempt.stage = Stage::Settled,
            Err(error) => {
                tracing::warn!(cause = chain(&error), "an attempt of no fault still counts");
            }
        }
    }

    async fn take_back(&self, attempt: &mut Attempt) -> Result<(), StoreError> {
        while let Some(counted) = attempt.counted.last() {
            self.store.take_back_attempt(counted).await?;
            attempt.counted.pop();
        }
        Ok(())
    }
}
