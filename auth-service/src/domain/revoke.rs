//! The end of a session.

use super::{AuthError, Sessions};
use crate::model::EndReason;
use shared::{
    ids::{SessionId, UserId},
    session_layer::BearerToken,
};

impl Sessions {
    /// Logs out by a token of either kind, expired or not. A session that is
    /// over, or unknown by now, is what the caller wanted.
    pub async fn revoke(&self, token: &BearerToken) -> Result<(), AuthError> {
        let claims = self.tokens.verify_for_revocation(token)?;
        self.end(claims.session_id, EndReason::LoggedOut).await
    }

    /// Ends one of a user's sessions by its id. One that is over already is what
    /// the caller wanted.
    pub async fn revoke_own(&self, user: UserId, id: SessionId) -> Result<(), AuthError> {
        let reason = EndReason::RevokedByOwner;
        let ended = self.store.end_one_of(user, id, reason).await?;
        let ended = ended.ok_or(AuthError::OwnSessionNotFound)?;
        self.metrics.sessions_ended(reason, ended);
        tracing::info!(session = %id, %user, %reason, "session ended");
        Ok(())
    }

    /// Logs out everywhere: ends all sessions of a user, or all but one.
    /// Committed when this returns; how many were live until then.
    pub async fn revoke_all(
        &self,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<u32, AuthError> {
        let reason = EndReason::RevokedByOwner;
        let ended = self.store.end_all_of(user, keep, reason).await?;
        self.metrics.sessions_ended(reason, ended);
        tracing::info!(%user, ended, kept = keep.is_some(), %reason, "sessions ended");
        Ok(ended)
    }

    /// Ends a session's row; committed when this returns.
    pub(super) async fn end(&self, id: SessionId, reason: EndReason) -> Result<(), AuthError> {
        if self.store.end(id, reason).await? {
            tracing::info!(session = %id, %reason, "session ended");
            self.metrics.sessions_ended(reason, 1);
        }
        Ok(())
    }
}
