//! What stands in `users.password`: made stronger at a log-in, or of no use.

use super::AuthError;
use crate::{
    model::{Password, PasswordHash},
    passwords::{Algorithm, Passwords, Scheme},
    store::Store,
};
use contract::ids::UserId;

/// Which hash is written, and which is made stronger.
#[derive(Clone, Debug)]
pub struct StoredHashes {
    store: Store,
    passwords: Passwords,
    scheme: Scheme,
}

impl StoredHashes {
    /// Hashes of this database, written as the operator chose.
    #[must_use]
    pub fn new(store: Store, passwords: Passwords, scheme: Scheme) -> Self {
        Self {
            store,
            passwords,
            scheme,
        }
    }

    /// What makes and verifies them.
    pub(super) fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// The hash that is written now.
    pub(super) async fn algorithm(&self) -> Result<Algorithm, AuthError> {
        Ok(match self.scheme {
            Scheme::Fixed(algorithm) => algorithm,
            Scheme::Auto if self.store.is_adopted().await? => Algorithm::Bcrypt,
            Scheme::Auto => Algorithm::Argon2id,
        })
    }

    /// What is to stand there instead of a hash that was verified, if it is weaker
    /// than what is written now. On a database that was the old application's,
    /// nothing, unless the operator chose the hash: the old log-in reads the same
    /// column.
    pub(super) async fn stronger(
        &self,
        password: &Password,
        verified: &PasswordHash,
    ) -> Result<Option<PasswordHash>, AuthError> {
        let written = match self.scheme {
            Scheme::Fixed(algorithm) => algorithm,
            Scheme::Auto => Algorithm::Argon2id,
        };
        // the database is asked for those alone that would change
        if !self.passwords.is_weak(written, password, verified)
            || self.scheme == Scheme::Auto && self.store.is_adopted().await?
        {
            return Ok(None);
        }
        Ok(self.passwords.stronger(written, password).await)
    }

    /// Tells the operator whose password can never be right.
    pub(super) fn warn_if_unverifiable(&self, user: UserId, hash: &PasswordHash) {
        if !self.passwords.can_verify(hash) {
            tracing::warn!(%user, "the stored hash is of no known form, or costs too much to verify");
        }
    }
}
