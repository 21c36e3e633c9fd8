//! A pair of tokens, as a store saves it.

use super::SessionError;
use contract::{bearer::BearerToken, ids::SessionId, time::Timestamp};
use proto::auth::v1::{Session, TokenPair};

/// The two tokens of one generation of a session. `Debug` does not print them.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The session of the pair.
    pub session_id: SessionId,
    /// The number of the pair within the session, from 1.
    pub generation: i32,
    /// The token for calls.
    pub access_token: BearerToken,
    /// When the access token expires.
    pub access_expires_at: Timestamp,
    /// The token for RefreshSession.
    pub refresh_token: BearerToken,
}

impl Pair {
    /// Takes the tokens and the session of an answer (Register, CreateSession,
    /// RefreshSession); [`SessionError::Answer`] if it lacks a part.
    pub fn from_answer(
        tokens: Option<TokenPair>,
        session: Option<&Session>,
    ) -> Result<Self, SessionError> {
        let read = || {
            let tokens = tokens?;
            Some(Self {
                session_id: SessionId::parse(&session?.session_id)?,
                generation: tokens.generation,
                access_token: BearerToken::new(tokens.access_token).ok()?,
                access_expires_at: tokens.access_token_expire_time?.try_into().ok()?,
                refresh_token: BearerToken::new(tokens.refresh_token).ok()?,
            })
        };
        read().ok_or(SessionError::Answer)
    }

    /// Whether the access token has not expired.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        now < self.access_expires_at
    }

    /// Whether a store that has `held` replaces it by this pair, the answer to a refresh: only if
    /// this pair is of the same session and not older. A store without a pair stays empty, because
    /// a client that has logged out meanwhile stays logged out.
    #[must_use]
    pub fn succeeds(&self, held: Option<&Self>) -> bool {
        let age = |pair: &Self| (pair.generation, pair.access_expires_at);
        held.is_some_and(|held| held.session_id == self.session_id && age(held) <= age(self))
    }
}
