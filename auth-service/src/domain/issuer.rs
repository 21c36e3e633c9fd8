//! Issues pairs of tokens: the access token and the refresh token of a session's current
//! generation.

use super::{AuthError, access_expiry};
use crate::{
    model::{Generation, Lifetimes, Session, SessionRecord, User},
    tokens::{IssuedToken, TokenKind, Tokens},
};
use std::sync::Arc;

/// A pair of tokens, with the session and the user that it was issued for.
#[derive(Clone, Debug)]
pub struct IssuedPair {
    /// Authorizes calls.
    pub access_token: IssuedToken,
    /// Authorizes the next refresh. It expires with the session.
    pub refresh_token: IssuedToken,
    /// The generation of both tokens.
    pub generation: Generation,
    /// The session.
    pub session: Session,
    /// The user of the session.
    pub user: User,
}

/// Issues pairs of tokens.
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

    /// Issues the current pair of a session.
    pub(super) fn issue(
        &self,
        record: &SessionRecord,
        user: User,
    ) -> Result<IssuedPair, AuthError> {
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
        Ok(IssuedPair {
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
