//! Validation: the signature from memory, the session and its user from the
//! database, each time.

use super::{AuthError, Endings, Lookups, UsedMarks, active_user};
use crate::{
    model::{AuditEvent, AuditEventType, Client, Refusal, SessionRecord, User},
    tokens::{Claims, TokenKind, Tokens},
};
use contract::{bearer::BearerToken, time::Timestamp};
use std::sync::Arc;

/// A session that is valid now.
#[derive(Clone, Debug)]
pub struct Validated {
    /// Whose call it is.
    pub user: User,
    /// By which session.
    pub claims: Claims,
    /// When the session ends unless it is refreshed.
    pub session_expires_at: Timestamp,
}

/// Validates access tokens.
#[derive(Clone, Debug)]
pub struct Validations {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) lookups: Lookups,
    pub(crate) used_marks: UsedMarks,
    pub(crate) endings: Endings,
}

impl Validations {
    /// Validates an access token.
    pub async fn validate(&self, token: &BearerToken) -> Result<Validated, AuthError> {
        let claims = self.tokens.verify(TokenKind::Access, token).await?;
        let record = self.lookups.look_up(claims.session_id).await?;
        let record = record.filter(|record| record.session.user_id == claims.user_id);
        let record = record.ok_or(Refusal::SessionNotFound)?;
        // before the session is looked at: an expired token ends and marks nothing
        claims.check_expiry(record.now)?;
        let user = match active_user(&record) {
            Ok(user) => user.clone(),
            Err(refusal) => {
                // only what is ended may be told: enabling the user would revive it
                self.end_if_due(&record, refusal).await?;
                return Err(refusal.into());
            }
        };
        self.check_generation(&claims, &record)?;
        Ok(Validated {
            user,
            claims,
            session_expires_at: record.session.expires_at,
        })
    }

    /// Ends a session that is refused and not over by itself. The call comes from a
    /// service, so that neither its user nor its client is known.
    async fn end_if_due(&self, record: &SessionRecord, refusal: Refusal) -> Result<(), AuthError> {
        let Some(reason) = refusal.end_reason() else {
            return Ok(());
        };
        let (id, cause) = (record.session.id, refusal.cause());
        let event = AuditEvent {
            subject: Some(record.session.user_id),
            ..AuditEvent::refused(AuditEventType::ValidateSession, cause, &Client::default()).of(id)
        };
        self.endings.end(id, reason, &event).await.map(drop)
    }

    fn check_generation(&self, claims: &Claims, record: &SessionRecord) -> Result<(), Refusal> {
        let session = &record.session;
        if claims.generation > session.generation {
            // refused, and ended by no one but a refresh: a replica that lags
            // behind must not end a good session
            return Err(Refusal::RowBehind);
        }
        if claims.generation == session.generation && session.used_at.is_none() {
            self.used_marks.note(session.id, session.generation);
        }
        Ok(())
    }
}
