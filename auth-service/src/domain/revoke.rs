//! The end of a session.

use super::{AuthError, BatchEnding, Endings, Progress, end_in_batches};
use crate::{
    model::{AuditEvent, AuditEventType, Caller, Client, EndReason, Scope},
    tokens::Tokens,
};
use contract::{bearer::BearerToken, errors::chain, ids::SessionId};
use std::sync::Arc;

/// Ends sessions for those who ask for it.
#[derive(Clone, Debug)]
pub struct Revocations {
    tokens: Arc<Tokens>,
    pub(super) endings: Endings,
}

impl Revocations {
    /// Ends sessions by these tokens or by their ids.
    #[must_use]
    pub fn new(tokens: Arc<Tokens>, endings: Endings) -> Self {
        Self { tokens, endings }
    }

    /// Logs out by a token of either kind, expired or not. A session that is
    /// over, or unknown by now, is what the caller wanted.
    pub async fn revoke(&self, token: &BearerToken, client: &Client) -> Result<(), AuthError> {
        let claims = self.tokens.verify_for_revocation(token).await?;
        let event = AuditEvent::done(AuditEventType::RevokeSession, client)
            .by(claims.user_id)
            .of(claims.session_id);
        self.endings
            .end(claims.session_id, EndReason::LoggedOut, &event)
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
        self.endings.end_one_of(user, id, reason, &event).await
    }

    /// Logs out everywhere: ends all of the caller's sessions, or all but this one, which
    /// ends last. Committed when this returns; how many were live until then. Where time
    /// runs out, what is ended stays ended.
    pub async fn revoke_all(
        &self,
        caller: &Caller,
        keep_current: bool,
        in_time: impl Fn() -> bool,
    ) -> Result<u32, AuthError> {
        let (user, reason) = (caller.user, EndReason::RevokedByOwner);
        let event = AuditEvent::done(AuditEventType::RevokeAllSessions, &caller.client)
            .by(user)
            .of(caller.session);
        let but = Some(caller.session);
        let ending = BatchEnding {
            scope: &Scope::Of { user, but },
            last: but.filter(|_| !keep_current),
            reason,
            event: Some(&event),
        };
        let counted = |ended| self.endings.count(reason, ended);
        let done = end_in_batches(self.endings.store(), ending, in_time, counted).await;
        let done = done.inspect_err(|error| {
            let cause = chain(error);
            tracing::info!(%user, cause, %reason, "ending the sessions failed halfway; some are ended");
        })?;
        let Progress { ended, more } = done;
        tracing::info!(%user, ended, more, kept = keep_current, %reason, "sessions ended");
        if more {
            return Err(AuthError::SessionsLeft);
        }
        Ok(done.ended)
    }
}
