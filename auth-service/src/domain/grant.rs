//! What a log-in or a refresh gives: the two tokens of the generation in force.

use super::{AuthError, access_expiry};
use crate::{
    model::{Generation, Lifetimes, Session, SessionRecord, User},
    tokens::{IssuedToken, TokenKind, Tokens},
};
use std::sync::Arc;

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

/// Signs pairs.
#[derive(Clone, Debug)]
pub struct Issuer {
    tokens: Arc<Tokens>,
    lifetimes: Lifetimes,
}

impl Issuer {
    /// Signs tokens with these lifetimes.
    #[must_use]
    pub fn new(tokens: Arc<Tokens>, lifetimes: Lifetimes) -> Self {
        Self { tokens, lifetimes }
    }

    /// Signs the pair in force of a session as the record has it.
    pub(super) fn issue(&self, record: &SessionRecord, user: User) -> Result<Grant, AuthError> {
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
                access_expiry(&session, record.now, self.lifetimes),
            )?,
            refresh_token: issue(TokenKind::Refresh, session.expires_at)?,
            generation: session.generation,
            session,
            user,
        })
    }
}
