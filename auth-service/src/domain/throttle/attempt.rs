//! One attempt, from its count to its outcome.

use super::TakeBacks;
use crate::{
    model::{CountedAttempts, Password, PasswordHash, ThrottleKey},
    passwords::{Algorithm, Owner, PasswordError, Passwords},
};
use contract::deadline::Deadline;
use std::{mem, thread};

/// An attempt that is counted, and whose outcome is not known yet.
///
/// When it is dropped, it is taken back if no password was hashed for it, if the password was
/// right, or if our own time limit or a panic ended the call. Otherwise it counts, because a caller
/// that gives up must not get a free hash.
#[derive(Debug)]
pub(in crate::domain) struct Attempt {
    pub(super) counted: Vec<CountedAttempts>,
    pub(super) stage: Stage,
    take_backs: TakeBacks,
    deadline: Deadline,
}

/// The state of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No password was hashed for it.
    Unhashed,
    /// The hashing of a password has begun.
    Hashed,
    /// The password was right.
    Right,
    /// Nothing is left to do.
    Settled,
}

impl Attempt {
    pub(super) fn new(
        counted: Vec<CountedAttempts>,
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

    pub(super) fn set_stage(&mut self, stage: Stage) {
        self.stage = stage;
    }

    /// The keys that the attempt is counted under.
    pub(super) fn keys(&self) -> Vec<ThrottleKey> {
        let key = |counted: &CountedAttempts| counted.key.clone();
        self.counted.iter().map(key).collect()
    }

    /// Verifies a password against a hash ([`Passwords::verify`]).
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
            // a panic is our fault, too
            Stage::Hashed => self.deadline.is_our_limit_reached() || thread::panicking(),
            Stage::Settled => false,
        };
        if is_taken_back {
            for counted in mem::take(&mut self.counted) {
                self.take_backs.add(counted);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Throttle;
    use contract::time::Timestamp;
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        time::Duration,
    };

    fn attempt(take_backs: &TakeBacks, stage: Stage) -> Attempt {
        let at = Timestamp::from_seconds(1_764_000_000);
        let counted = CountedAttempts {
            key: ThrottleKey::new("a", &[]),
            attempts: 1,
            last_attempt_at: at,
            before: Throttle::none(at),
        };
        let deadline = Deadline::within(Duration::from_secs(10));
        let mut attempt = Attempt::new(vec![counted], take_backs.clone(), deadline);
        attempt.stage = stage;
        attempt
    }

    #[tokio::test]
    async fn a_dropped_attempt_is_taken_back_unless_a_password_was_hashed() {
        for (stage, expected) in [
            (Stage::Unhashed, 1),
            (Stage::Hashed, 0),
            (Stage::Right, 1),
            (Stage::Settled, 0),
        ] {
            let take_backs = TakeBacks::unwritten();
            drop(attempt(&take_backs, stage));
            assert_eq!(take_backs.waiting(), expected, "{stage:?}");
        }
    }

    #[tokio::test]
    async fn what_a_panic_ends_is_taken_back() {
        let take_backs = TakeBacks::unwritten();
        let hashed = attempt(&take_backs, Stage::Hashed);
        let panics = AssertUnwindSafe(move || {
            let _hashed = hashed;
            panic!("a fault of ours");
        });
        catch_unwind(panics).unwrap_err();
        assert_eq!(take_backs.waiting(), 1);
    }
}
