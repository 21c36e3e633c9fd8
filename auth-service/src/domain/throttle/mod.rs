//! Throttles those who guess passwords or flood registration. Attempts are counted in the database,
//! so that all replicas count together. They are counted before a password is hashed, so that many
//! concurrent guesses do not get more hashes than the limit allows. Throttling does not reveal
//! whether an account exists.
//!
//! An attempt is taken back if the password was right, or if the service failed: the database, an
//! overload, our own time limit. If the caller gave up, by cancelling or by a deadline of its own,
//! the attempt is taken back only if no password was hashed for it yet.

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
use contract::{deadline::Deadline, errors::chain, ids::UserId, time::Timestamp};
use database::run_to_end;

/// Counts attempts, and refuses those that come too early.
#[derive(Clone, Debug)]
pub struct Throttles {
    store: Store,
    limits: ThrottleLimits,
    take_backs: TakeBacks,
}

impl Throttles {
    /// Counts attempts in this database.
    #[must_use]
    pub fn new(store: Store, limits: ThrottleLimits, take_backs: TakeBacks) -> Self {
        Self {
            store,
            limits,
            take_backs,
        }
    }

    /// Counts a log-in by account and network, and by account alone with a milder limit.
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

    /// Counts a guess of the current password, which comes with a session of the user.
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

    /// Counts a registration by network and hour.
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
        for key in keys {
            self.take_backs.write(key).await;
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

    /// Records the outcome of an attempt before its call is answered. If the password was right,
    /// the counts under the attempt's keys are deleted. If no password was hashed, or the service
    /// failed, the attempt is taken back. If the database fails here, the call still succeeds.
    pub(super) async fn settle<T>(&self, mut attempt: Attempt, outcome: &Result<T, AuthError>) {
        let is_ours = outcome.as_ref().is_err_and(AuthError::is_ours);
        if attempt.stage == Stage::Right {
            return self.forget(attempt).await;
        }
        if attempt.stage == Stage::Hashed {
            attempt.stage = if is_ours {
                Stage::Unhashed
            } else {
                Stage::Settled
            };
        }
        let keys = attempt.keys();
        // dropping it takes it back, unless it is settled
        drop(attempt);
        for key in &keys {
            self.take_backs.write(key).await;
        }
    }

    /// Deletes the counts under the attempt's keys, even if the caller gives up.
    async fn forget(&self, mut attempt: Attempt) {
        let store = self.store.clone();
        let forgotten = run_to_end(async move {
            let forgotten = store.forget_attempts(&attempt.keys()).await;
            // otherwise nothing was deleted, and the attempt is taken back
            if !forgotten.as_ref().is_err_and(StoreError::had_no_effect) {
                attempt.set_stage(Stage::Settled);
            }
            forgotten
        });
        if let Err(error) = forgotten.await {
            let cause = chain(&error);
            tracing::warn!(
                cause,
                "failed attempts before a right password may still count"
            );
        }
    }
}
