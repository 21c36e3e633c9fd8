//! The hash in `users.password`: replaced by a stronger one at a log-in, or unusable.

use super::AuthError;
use crate::{
    model::{Password, PasswordHash},
    passwords::{Algorithm, Passwords, Scheme},
    store::Store,
};
use contract::ids::UserId;

/// Decides which hash is written, and which is replaced.
#[derive(Clone, Debug)]
pub struct StoredHashes {
    store: Store,
    passwords: Passwords,
    scheme: Scheme,
}

impl StoredHashes {
    /// Hashes of this database, written as configured.
    #[must_use]
    pub fn new(store: Store, passwords: Passwords, scheme: Scheme) -> Self {
        Self {
            store,
            passwords,
            scheme,
        }
    }

    /// Computes and verifies the hashes.
    pub(super) fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// The kind of hash that is written now.
    pub(super) async fn algorithm(&self) -> Result<Algorithm, AuthError> {
        Ok(match self.scheme {
            Scheme::Fixed(algorithm) => algorithm,
            Scheme::Auto if self.store.is_adopted().await? => Algorithm::Bcrypt,
            Scheme::Auto => Algorithm::Argon2id,
        })
    }

    /// A stronger hash to replace one that was verified, if it is weaker than what is written now.
    /// On a database of the old application, nothing is replaced unless the operator configured a
    /// hash, because the old log-in reads the same column.
    pub(super) async fn stronger(
        &self,
        password: &Password,
        verified: &PasswordHash,
    ) -> Result<Option<PasswordHash>, AuthError> {
        let written = match self.scheme {
            Scheme::Fixed(algorithm) => algorithm,
            Scheme::Auto => Algorithm::Argon2id,
        };
        // the database is read only for hashes that would change
        if !self.passwords.is_weak(written, password, verified)
            || self.scheme == Scheme::Auto && self.store.is_adopted().await?
        {
            return Ok(None);
        }
        Ok(self.passwords.stronger(written, password).await)
    }

    /// Warns the operator of a user whose password can never match.
    pub(super) fn warn_if_unverifiable(&self, user: UserId, hash: &PasswordHash) {
        if !self.passwords.can_verify(hash) {
            tracing::warn!(%user, "the stored hash is of no known form, or costs too much to verify");
        }
    }
}
