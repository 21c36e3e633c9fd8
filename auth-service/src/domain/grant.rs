//! What a log-in or a refresh gives: the two tokens of the generation in force.

use super::{AuthError, Sessions, access_expiry};
use crate::{
    model::{Generation, Session, SessionRecord, User},
    tokens::{IssuedToken, TokenKind},
};

/// The pair in force, and what it is for.
#[derive(Clone, Debug)]
pub struct Grant {
    /// For calls.
    pub access_token: IssuedToken,
    /// For the next refresh; it ends with the session.
    pub refresh_token: IssuedToken,
    /// Which pair.
    pub generation: Generation,
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub user: User,
}

impl Sessions {
    /// Signs the pair in force of a session as the record has it.
    pub(super) fn grant(&self, record: &SessionRecord, user: User) -> Result<Grant, AuthError> {
        let session = record.session.clone();
        let issue = |kind, expires_at| {
            self.tokens.issue(
                kind,
                session.user_id,
                session.id,
                session.generation,
                record.now,
                expires_at,
            )
        };
        Ok(Grant {
            access_token: issue(
                TokenKind::Access,
                access_expiry(&session, record.now, self.lives),
            )?,
            refresh_token: issue(TokenKind::Refresh, session.expires_at)?,
            generation: session.generation,
            session,
            user,
        })
    }
}
