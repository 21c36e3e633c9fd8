//! Ends one session, counts it, and logs it.

use super::AuthError;
use crate::{
    metrics::Metrics,
    model::{AuditEvent, EndReason},
    store::{Ended, Store},
};
use contract::ids::{SessionId, UserId};

/// Ends sessions, and counts them by their reason.
#[derive(Clone, Debug)]
pub struct Endings {
    store: Store,
    metrics: Metrics,
}

impl Endings {
    /// Ends sessions of this database.
    #[must_use]
    pub fn new(store: Store, metrics: Metrics) -> Self {
        Self { store, metrics }
    }

    /// The store with the sessions.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Ends a session's row, and writes the event in the same transaction, which is committed when
    /// this returns. Returns whether the session was active; otherwise nothing is written.
    pub(super) async fn end(
        &self,
        id: SessionId,
        reason: EndReason,
        event: &AuditEvent,
    ) -> Result<bool, AuthError> {
        let ended = self.store.end(id, reason, event).await?;
        if ended {
            tracing::info!(session = %id, %reason, "session ended");
            self.metrics.sessions_ended(reason, 1);
        }
        Ok(ended)
    }

    /// The same for a session of this user. A session that has already ended is no error; one that
    /// does not exist is.
    pub(super) async fn end_one_of(
        &self,
        user: UserId,
        id: SessionId,
        reason: EndReason,
        event: &AuditEvent,
    ) -> Result<(), AuthError> {
        let ended = self.store.end_one_of(user, id, reason, event).await?;
        let ended = ended.ok_or(AuthError::OwnSessionNotFound)?;
        self.metrics.sessions_ended(reason, ended);
        if ended > 0 {
            tracing::info!(session = %id, %user, %reason, "session ended");
        }
        Ok(())
    }

    /// Counts the sessions that a batch ended.
    pub(super) fn count(&self, reason: EndReason, ended: Ended) {
        self.metrics.sessions_ended(reason, ended.live);
        self.metrics
            .sessions_ended(EndReason::PasswordChanged, ended.refused);
    }
}
