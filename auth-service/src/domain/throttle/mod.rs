//! Slows down who guesses passwords or floods registration. What is counted lies
//! in the database, so that all replicas count together; and it is counted before
//! a password is hashed, so that of many guesses at once no more are hashed than
//! may be. Whether an account exists makes no difference to any of it.

mod keys;
mod schedule;

use schedule::{Schedule, count, count_log_in, count_within_hour};

use super::AuthError;
use crate::{
    model::{Client, ThrottleKey, ThrottleLimits, Wait},
    passwords::PasswordError,
    store::{Store, StoreError},
};
use shared::{ids::UserId, telemetry::chain};

/// Counts attempts, and refuses those that come too early.
#[derive(Clone, Debug)]
pub struct Throttles {
    store: Store,
    limits: ThrottleLimits,
}

/// An attempt that is counted, and whose outcome is not known yet. Dropped, it
/// counts as a failure.
#[derive(Debug)]
pub(super) struct Attempt {
    keys: Vec<ThrottleKey>,
}

impl Throttles {
    /// Counts in this database.
    #[must_use]
    pub fn new(store: Store, limits: ThrottleLimits) -> Self {
        Self { store, limits }
    }

    /// A log-in: by account and network, and milder by account alone.
    pub(super) async fn log_in(&self, email: &str, client: &Client) -> Result<Attempt, AuthError> {
        let free = self.limits.log_ins;
        let keys = [keys::log_in_from(email, client), keys::log_in(email)];
        let counted = self
            .store
            .count_attempt(&keys, |counted, now| count_log_in(free, counted, now))
            .await;
        admitted(counted, keys)
    }

    /// A guess of the current password by whoever holds a session of the user.
    pub(super) async fn change_password(&self, user: UserId) -> Result<Attempt, AuthError> {
        let schedule = Schedule::strict(self.limits.log_ins);
        let keys = [keys::change_password(user)];
        let counted = self
            .store
            .count_attempt(&keys, |[counted], now| Ok([count(schedule, counted, now)?]))
            .await;
        admitted(counted, keys)
    }

    /// A registration, by network and hour.
    pub(super) async fn register(&self, client: &Client) -> Result<Attempt, AuthError> {
        let most = self.limits.registrations;
        let keys = [keys::registration_from(client)];
        let counted = self
            .store
            .count_attempt(&keys, |[counted], now| {
                Ok([count_within_hour(most, counted, now)?])
            })
            .await;
        admitted(counted, keys)
    }

    /// The guess was right: what was counted is forgotten. If that fails, the next
    /// one may have to wait, which is no reason to fail this call.
    pub(super) async fn forget(&self, attempt: &Attempt) {
        if let Err(error) = self.store.forget_attempts(&attempt.keys).await {
            tracing::warn!(cause = chain(&error), "failed attempts are not forgotten");
        }
    }

    /// The outcome of work on a password. Where none was done, since this replica
    /// has too much to do or a new password breaks a rule, the attempt was none.
    pub(super) async fn unless_not_made<T>(
        &self,
        attempt: &Attempt,
        outcome: Result<T, PasswordError>,
    ) -> Result<T, PasswordError> {
        if let Err(PasswordError::Overloaded | PasswordError::Rejected(_)) = outcome
            && let Err(error) = self.store.take_back_attempt(&attempt.keys).await
        {
            tracing::warn!(cause = chain(&error), "an attempt that was none counts");
        }
        outcome
    }
}

fn admitted<const N: usize>(
    counted: Result<Result<(), Wait>, StoreError>,
    keys: [ThrottleKey; N],
) -> Result<Attempt, AuthError> {
    match counted? {
        Ok(()) => Ok(Attempt { keys: keys.into() }),
        Err(Wait(wait)) => {
            tracing::info!(?wait, "too many attempts");
            Err(AuthError::TooManyAttempts(wait))
        }
    }
}
