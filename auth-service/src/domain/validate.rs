//! Validation. The signature may come from a cache, but the session and its user are read from the
//! database each time.

use super::{AuthError, Endings, FirstUses, Lookups, SessionStatus};
use crate::{
    model::{AuditEvent, AuditEventType, Client, Holder, LookedUp, Refusal},
    tokens::{Claims, TokenKind, Tokens},
};
use contract::{bearer::BearerToken, time::Timestamp};
use std::sync::Arc;

/// A session that is valid now.
#[derive(Clone, Debug)]
pub struct Validated {
    /// The user of the session.
    pub holder: Holder,
    /// The session and its user.
    pub claims: Claims,
    /// When the session expires if it is not refreshed.
    pub session_expires_at: Timestamp,
}

/// Validates access tokens.
#[derive(Clone, Debug)]
pub struct Validations {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) lookups: Lookups,
    pub(crate) first_uses: FirstUses,
    pub(crate) endings: Endings,
}

impl Validations {
    /// Validates an access token.
    pub async fn validate(&self, token: &BearerToken) -> Result<Validated, AuthError> {
        let claims = self.tokens.verify(TokenKind::Access, token).await?;
        let found = self.lookups.look_up(claims.session_id).await?;
        let found = found.filter(|found| found.user_id == claims.user_id);
        let found = found.ok_or(Refusal::SessionNotFound)?;
        // before the session is looked at: an expired token changes nothing
        claims.check_expiry(found.now)?;
        if let Err(refusal) = SessionStatus::from(&*found).check() {
            // the session must be ended before it is refused; otherwise it would be valid again
            // when the user is enabled
            self.end_if_due(&claims, refusal).await?;
            return Err(refusal.into());
        }
        self.check_generation(&claims, &found)?;
        let LookedUp {
            holder, expires_at, ..
        } = Arc::unwrap_or_clone(found);
        Ok(Validated {
            holder: holder.ok_or(Refusal::UserInvalid)?,
            claims,
            session_expires_at: expires_at,
        })
    }

    /// Ends a session that is refused and has not ended by itself. The call comes from a service,
    /// so neither its user nor its client is known.
    async fn end_if_due(&self, claims: &Claims, refusal: Refusal) -> Result<(), AuthError> {
        let Some(reason) = refusal.end_reason() else {
            return Ok(());
        };
        let (id, cause) = (claims.session_id, refusal.cause());
        let event = AuditEvent {
            subject: Some(claims.user_id),
            ..AuditEvent::refused(AuditEventType::ValidateSession, cause, &Client::default()).of(id)
        };
        self.endings.end(id, reason, &event).await.map(drop)
    }

    fn check_generation(&self, claims: &Claims, found: &LookedUp) -> Result<(), Refusal> {
        if claims.generation > found.generation {
            // The session is refused, but only a refresh ends it: a replica of the database that
            // lags behind must not end a good session.
            return Err(Refusal::SessionOlderThanToken);
        }
        if claims.generation == found.generation && !found.is_used {
            self.first_uses.note(claims.session_id, found.generation);
        }
        Ok(())
    }
}
