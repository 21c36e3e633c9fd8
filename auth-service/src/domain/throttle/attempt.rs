//! One attempt, from its count to what becomes of it.

use super::TakeBacks;
use crate::{
    model::{CountedAttempt, Password, PasswordHash, ThrottleKey},
    passwords::{Algorithm, Owner, PasswordError, Passwords},
};
use shared::session_layer::Deadline;
use std::mem;

/// An attempt that is counted, and whose outcome is not known yet.
///
/// Dropped, it is taken back where no password was hashed for it, where the password was
/// right, or where our own limit ended the call. Otherwise it counts: its caller has gone,
/// and what was hashed would be free.
#[derive(Debug)]
pub(in crate::domain) struct Attempt {
    pub(super) counted: Vec<CountedAttempt>,
    pub(super) stage: Stage,
    take_backs: TakeBacks,
    deadline: Deadline,
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No password was hashed for it.
    Unhashed,
    /// The hashing of a password has begun.
    Hashed,
    /// The password was right.
    Right,
    /// There is no more to do about it.
    Settled,
}

impl Attempt {
    pub(super) fn new(
        counted: Vec<CountedAttempt>,
        take_backs: TakeBacks,
        deadline: Deadline,
    ) -> Self {
        Self {
            counted,
            stage: Stage::Unhashed,
            take_backs,
            deadline,
        }
    }

    /// What it is counted under.
    pub(super) fn keys(&self) -> Vec<ThrottleKey> {
        let key = |counted: &CountedAttempt| counted.key.clone();
        self.counted.iter().map(key).collect()
    }

    /// Whether the password belongs to the hash ([`Passwords::verify`]).
    pub(in crate::domain) async fn verify(
        &mut self,
        passwords: &Passwords,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, PasswordError> {
        let begins = || self.stage = Stage::Hashed;
        let is_right = passwords.verify(password, hash, begins).await?;
        if is_right {
            self.stage = Stage::Right;
        }
        Ok(is_right)
    }

    /// Hashes a new password ([`Passwords::hash`]).
    pub(in crate::domain) async fn hash(
        &mut self,
        passwords: &Passwords,
        algorithm: Algorithm,
        password: &Password,
        owner: Owner<'_>,
    ) -> Result<PasswordHash, PasswordError> {
        let begins = || self.stage = Stage::Hashed;
        passwords.hash(algorithm, password, owner, begins).await
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let is_taken_back = match self.stage {
            Stage::Unhashed | Stage::Right => true,
            Stage::Hashed => self.deadline.is_our_limit_reached(),
            Stage::Settled => false,
        };
        if is_taken_back {
            self.take_backs.add(mem::take(&mut self.counted));
        }
    }
}
