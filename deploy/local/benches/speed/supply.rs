//! Tokens to call with.

use auth_service::{
    model::Generation,
    tokens::{KeyRing, TokenKind, Tokens},
};
use contract::{
    ids::{SessionId, UserId},
    time::Clock,
};
use secrecy::ExposeSecret as _;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Longer than a size is measured.
const LIFE: Duration = Duration::from_hours(6);

/// A live session of the first generation, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    /// The id of its row.
    pub(crate) row: i32,
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
}

/// A token, and what its answer must say.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) text: String,
    pub(crate) session_id: String,
    pub(crate) user_id: i32,
}

/// Signs with auth-service's own key.
pub(crate) struct Signer {
    tokens: Tokens,
    clock: Clock,
}

impl Signer {
    /// With the keys of a folder.
    pub(crate) fn new(keys: &Path) -> Self {
        let clock = Clock::system();
        let keys = KeyRing::open(keys.to_owned(), clock.clone()).expect("keys");
        let [issuer, audience] = ["ticketing-auth", "ticketing"].map(str::to_owned);
        Self {
            tokens: Tokens::new(Arc::new(keys), issuer, audience),
            clock,
        }
    }

    /// Signs `count` tokens that all differ, for one of these sessions after the other.
    pub(crate) fn sign(&self, kind: TokenKind, sessions: &[Session], count: usize) -> Vec<Signed> {
        let now = self.clock.now();
        let sign = |session: &Session| {
            let Session { id, user, .. } = *session;
            let token = self
                .tokens
                .issue(kind, user, id, Generation::FIRST, now, now + LIFE);
            Signed {
                text: token.expect("a token").text.expose_secret().to_owned(),
                session_id: id.to_string(),
                user_id: user.0,
            }
        };
        sessions.iter().cycle().take(count).map(sign).collect()
    }
}

/// Tokens that callers take in turn.
#[derive(Debug)]
pub(crate) struct Supply {
    tokens: Vec<Signed>,
    next: AtomicUsize,
    again: bool,
}

impl Supply {
    /// Each is taken once.
    pub(crate) fn once(tokens: Vec<Signed>) -> Arc<Self> {
        Self::new(tokens, false)
    }

    /// After the last comes the first.
    pub(crate) fn endless(tokens: Vec<Signed>) -> Arc<Self> {
        Self::new(tokens, true)
    }

    fn new(tokens: Vec<Signed>, again: bool) -> Arc<Self> {
        Arc::new(Self {
            tokens,
            next: AtomicUsize::new(0),
            again,
        })
    }

    pub(crate) fn next(&self) -> Option<&Signed> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        if self.again {
            self.tokens.get(next % self.tokens.len())
        } else {
            self.tokens.get(next)
        }
    }
}
