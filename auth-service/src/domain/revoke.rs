//! The end of a session.

use super::{AuthError, Sessions};
use crate::model::{AuditEvent, AuditEventType, Caller, Client, EndReason};
use shared::{ids::SessionId, session_layer::BearerToken};

impl Sessions {
    /// Logs out by a token of either kind, expired or not. A session that is
    /// over, or unknown by now, is what the caller wanted.
    pub async fn revoke(&self, token: &BearerToken, client: &Client) -> Result<(), AuthError> {
        let claims = self.tokens.verify_for_revocation(token)?;
        let event = AuditEvent::done(AuditEventType::RevokeSession, client)
            .by(claims.user_id)
            .of(claims.session_id);
        self.end(claims.session_id, EndReason::LoggedOut, &event)
            .await
            .map(drop)
    }

    /// Ends one of a user's sessions by its id. One that is over already is what
    /// the caller wanted.
    pub async fn revoke_own(&self, caller: &Caller, id: SessionId) -> Result<(), AuthError> {
        let (user, reason) = (caller.user, EndReason::RevokedByOwner);
        let event = AuditEvent::done(AuditEventType::RevokeOwnSession, &caller.client)
            .by(user)
            .of(id);
        if !self.store.end_one_of(user, id, reason, &event).await? {
            return Err(AuthError::OwnSessionNotFound);
        }
        tracing::info!(session = %id, %user, %reason, "session ended");
        Ok(())
    }

    /// Logs out everywhere: ends all of the caller's sessions, or all but this one.
    /// Committed when this returns; how many were live until then.
    pub async fn revoke_all(&self, caller: &Caller, keep_current: bool) -> Result<u32, AuthError> {
        let (user, reason) = (caller.user, EndReason::RevokedByOwner);
        let keep = keep_current.then_some(caller.session);
        let event = AuditEvent::done(AuditEventType::RevokeAllSessions, &caller.client)
            .by(user)
            .of(caller.session);
        let ended = self.store.end_all_of(user, keep, reason, &event).await?;
        tracing::info!(%user, ended, kept = keep_current, %reason, "sessions ended");
        Ok(ended)
    }

    /// Ends a session's row, and writes the event with it; committed when this
    /// returns. Whether it was active until now: otherwise nothing is written.
    pub(super) async fn end(
        &self,
        id: SessionId,
        reason: EndReason,
        event: &AuditEvent,
    ) -> Result<bool, AuthError> {
        let ended = self.store.end(id, reason, event).await?;
        if ended {
            tracing::info!(session = %id, %reason, "session ended");
        }
        Ok(ended)
    }
}
