//! The content of tokens.

use crate::model::{Generation, Refusal};
use contract::{
    ids::{SessionId, UserId},
    time::{LEEWAY, Timestamp},
};
use serde::{Deserialize, Serialize};

/// The two kinds of tokens. One is never accepted in place of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// For calls (RFC 9068 names the type `at+jwt`).
    Access,
    /// For RefreshSession.
    Refresh,
}

impl TokenKind {
    /// The `typ` header (RFC 8725, 3.11).
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Refresh => "rt+jwt",
        }
    }

    pub(super) fn from_typ(typ: &str) -> Option<Self> {
        [Self::Access, Self::Refresh]
            .into_iter()
            .find(|kind| kind.typ() == typ)
    }
}

/// The claims of a token whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The kind of the token.
    pub kind: TokenKind,
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// The generation within the session.
    pub generation: Generation,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When the token expires.
    pub expires_at: Timestamp,
}

/// The claims as JSON (RFC 7519, section 4.1; `sid` as in OpenID Connect).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireClaims {
    pub(super) sub: String,
    pub(super) sid: String,
    #[serde(rename = "gen")]
    pub(super) generation: i32,
    pub(super) iat: i64,
    pub(super) exp: i64,
    // optional here, because the verification refuses each missing claim with its own reason
    #[serde(default)]
    pub(super) iss: String,
    #[serde(default)]
    pub(super) aud: String,
    pub(super) jti: String,
}

impl Claims {
    /// Refuses an expired token. `now` is the database's time, because the clocks of the replicas
    /// may differ.
    pub fn check_expiry(&self, now: Timestamp) -> Result<(), Refusal> {
        if now < self.expires_at + LEEWAY {
            Ok(())
        } else {
            Err(Refusal::TokenExpired)
        }
    }

    pub(super) fn read(kind: TokenKind, wire: &WireClaims) -> Option<Self> {
        Some(Self {
            kind,
            user_id: UserId(wire.sub.parse().ok()?),
            session_id: SessionId::parse(&wire.sid)?,
            generation: Generation(wire.generation),
            issued_at: Timestamp::from_seconds(wire.iat),
            expires_at: Timestamp::from_seconds(wire.exp),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_expires_five_seconds_after_its_end() {
        let end = Timestamp::from_seconds(1_764_000_000);
        let claims = Claims {
            kind: TokenKind::Access,
            user_id: UserId(1),
            session_id: SessionId::random(),
            generation: Generation::FIRST,
            issued_at: end,
            expires_at: end,
        };
        let after = |micros| claims.check_expiry(Timestamp::from_micros(end.micros() + micros));
        assert_eq!(after(-3_600_000_000), Ok(()));
        assert_eq!(after(4_999_999), Ok(()));
        assert_eq!(after(5_000_000), Err(Refusal::TokenExpired));
    }
}
