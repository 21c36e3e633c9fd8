//! Log-outs: ends sessions on behalf of their users.

use super::{AuthError, BatchEnding, Endings, Progress, end_in_batches};
use crate::{
    model::{AuditEvent, AuditEventType, Caller, Client, EndReason, Scope},
    tokens::Tokens,
};
use contract::{bearer::BearerToken, errors::chain, ids::SessionId};
use std::sync::Arc;

/// Ends sessions for their users.
#[derive(Clone, Debug)]
pub struct Revocations {
    tokens: Arc<Tokens>,
    pub(super) endings: Endings,
}

impl Revocations {
    /// Ends sessions by tokens or by ids.
    #[must_use]
    pub fn new(tokens: Arc<Tokens>, endings: Endings) -> Self {
        Self { tokens, endings }
    }

    /// Logs out with a token of either kind, which may have expired. If the session has ended or
    /// does not exist, the caller has what they wanted.
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

    /// Ends one of a user's sessions by its id. If it has already ended, the caller has what they
    /// wanted.
    pub async fn revoke_own(&self, caller: &Caller, id: SessionId) -> Result<(), AuthError> {
        let (user, reason) = (caller.user, EndReason::RevokedByOwner);
        let event = AuditEvent::done(AuditEventType::RevokeOwnSession, &caller.client)
            .by(user)
            .of(id);
        self.endings.end_one_of(user, id, reason, &event).await
    }

    /// Logs out everywhere: ends all of the caller's sessions, or all but the current one. The
    /// current session ends last. Everything is committed when this returns. Returns how many
    /// sessions were active. If time runs out, what was ended stays ended.
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
