//! Password hashing: Argon2id or bcrypt to write, both to read; off the async
//! threads, and bounded.

use crate::model::{Password, PasswordHash};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc},
};
use std::{str::FromStr, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization as _;

/// bcrypt's cost for new hashes (`$2b$`).
const BCRYPT_COST: u32 = 12;
/// bcrypt reads so many bytes and no more.
const BCRYPT_BYTES: usize = 72;
/// Fewest characters of a new password.
const MIN_CHARACTERS: usize = 8;
/// Most characters of a new password, for Argon2id.
const MAX_CHARACTERS: usize = 128;
/// Calls that may wait for each running hash.
const WAITING_PER_RUNNING: usize = 32;

/// Which hash is written for new passwords. Both are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Argon2id by the OWASP parameters (19 MiB, 2 passes, 1 lane), over NFC.
    Argon2id,
    /// bcrypt `$2b$` of cost 12, over the bytes as sent: what the old
    /// application can read.
    Bcrypt,
}

impl FromStr for Algorithm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "argon2id" => Ok(Self::Argon2id),
            "bcrypt" => Ok(Self::Bcrypt),
            _ => Err("must be argon2id or bcrypt"),
        }
    }
}

/// Why no hash was made or compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// A new password breaks a rule.
    #[error("{0}")]
    Rejected(&'static str),
    /// As many calls wait already as may.
    #[error("too many passwords are being checked")]
    Overloaded,
    /// The library failed.
    #[error("password hashing failed")]
    Failed,
}

/// Hashes and verifies passwords.
#[derive(Clone, Debug)]
pub struct Passwords {
    algorithm: Algorithm,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// What an unknown e-mail is compared with, so that it takes as long as a
    /// wrong password.
    nobody: PasswordHash,
}

impl Passwords {
    /// At most `concurrency` hashes at once, each with its memory (19 MiB for
    /// Argon2id).
    pub fn new(algorithm: Algorithm, concurrency: usize) -> Result<Self, PasswordError> {
        Ok(Self {
            algorithm,
            running: Arc::new(Semaphore::new(concurrency)),
            waiting: Arc::new(Semaphore::new(concurrency * WAITING_PER_RUNNING)),
            nobody: hash(algorithm, &uuid::Uuid::new_v4().to_string())?,
        })
    }

    /// Hashes a new password that keeps the rules.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        let algorithm = self.algorithm;
        let text = password.expose().to_owned();
        let characters = match algorithm {
            Algorithm::Argon2id => text.nfc().count(),
            Algorithm::Bcrypt => text.chars().count(),
        };
        if characters < MIN_CHARACTERS {
            return Err(PasswordError::Rejected("must have at least 8 characters"));
        }
        match algorithm {
            Algorithm::Argon2id if characters > MAX_CHARACTERS => {
                return Err(PasswordError::Rejected("must have at most 128 characters"));
            }
            Algorithm::Bcrypt if text.len() > BCRYPT_BYTES => {
                return Err(PasswordError::Rejected("must have at most 72 bytes"));
            }
            Algorithm::Argon2id | Algorithm::Bcrypt => {}
        }
        self.run(move || hash(algorithm, &text)).await?
    }

    /// Whether a password belongs to a hash; without a hash, the same work and
    /// no. Rules for new passwords are not applied.
    pub async fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, PasswordError> {
        let text = password.expose().to_owned();
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).clone();
        let nobody = self.nobody.clone();
        let matches = self
            .run(move || {
                verify(&text, hash.expose()).unwrap_or_else(|| {
                    // a hash of no known form must not be told apart either
                    let _ = verify(&text, nobody.expose());
                    false
                })
            })
            .await?;
        Ok(known && matches)
    }

    /// Runs off the async threads. The permits go along, so that a cancelled
    /// call still counts until its hash is done.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let waiting: OwnedSemaphorePermit = Arc::clone(&self.waiting)
            .try_acquire_owned()
            .map_err(|_| PasswordError::Overloaded)?;
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Failed)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((running, waiting));
            done
        });
        done.await.map_err(|_| PasswordError::Failed)
    }
}

fn hash(algorithm: Algorithm, text: &str) -> Result<PasswordHash, PasswordError> {
    let hash = match algorithm {
        Algorithm::Argon2id => {
            let normalized: String = text.nfc().collect();
            Argon2::default()
                .hash_password(normalized.as_bytes())
                .map_err(|_| PasswordError::Failed)?
                .to_string()
        }
        Algorithm::Bcrypt => bcrypt::hash(text, BCRYPT_COST).map_err(|_| PasswordError::Failed)?,
    };
    Ok(PasswordHash::new(hash))
}

/// Tries the bytes as sent, then their NFC. `None` for a hash of no known form.
fn verify(text: &str, hash: &str) -> Option<bool> {
    if verify_bytes(text.as_bytes(), hash)? {
        return Some(true);
    }
    let normalized: String = text.nfc().collect();
    if normalized == text {
        Some(false)
    } else {
        verify_bytes(normalized.as_bytes(), hash)
    }
}

fn verify_bytes(password: &[u8], hash: &str) -> Option<bool> {
    if hash.starts_with("$2") {
        // over the first 72 bytes, as the old application does
        bcrypt::verify(password, hash).ok()
    } else {
        let parsed = phc::PasswordHash::new(hash).ok()?;
        Some(Argon2::default().verify_password(password, &parsed).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn verifies(hash: &str, password: &str) -> bool {
        let passwords = Passwords::new(Algorithm::Argon2id, 1).unwrap();
        let hash = PasswordHash::new(hash.to_owned());
        passwords
            .verify(&Password::new(password.to_owned()), Some(&hash))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn both_algorithms_are_read_whichever_is_written() {
        for algorithm in [Algorithm::Argon2id, Algorithm::Bcrypt] {
            let hash = hash(algorithm, "correct horse").unwrap();
            assert!(verifies(hash.expose(), "correct horse").await);
            assert!(!verifies(hash.expose(), "correct horsf").await);
        }
    }

    #[tokio::test]
    async fn bcrypt_reads_72_bytes_of_either_prefix_and_cost() {
        let long = "p".repeat(80);
        for (cost, prefix) in [(10, "$2a$"), (10, "$2b$"), (12, "$2a$"), (12, "$2b$")] {
            let hash = bcrypt::hash(&long, cost)
                .unwrap()
                .replacen("$2b$", prefix, 1);
            assert!(verifies(&hash, &long).await, "{prefix} {cost}");
            assert!(verifies(&hash, &long[..72]).await, "{prefix} {cost}");
            assert!(!verifies(&hash, &long[..71]).await, "{prefix} {cost}");
        }
    }

    #[tokio::test]
    async fn the_bytes_as_sent_come_first_then_their_normal_form() {
        let (decomposed, composed) = ("cafe\u{301} au lait", "caf\u{e9} au lait");
        let old = hash(Algorithm::Bcrypt, decomposed).unwrap();
        assert!(verifies(old.expose(), decomposed).await);
        assert!(!verifies(old.expose(), composed).await);
        let new = hash(Algorithm::Argon2id, decomposed).unwrap();
        assert!(verifies(new.expose(), decomposed).await);
        assert!(verifies(new.expose(), composed).await);
    }

    #[tokio::test]
    async fn a_hash_of_no_known_form_matches_nothing() {
        for hash in ["", "plain", "$2b$", "$argon2id$", "$1$abc$def"] {
            assert!(!verifies(hash, "plain").await);
        }
    }

    #[tokio::test]
    async fn nobody_matches_nothing() {
        let passwords = Passwords::new(Algorithm::Argon2id, 1).unwrap();
        assert_eq!(
            passwords.verify(&Password::new(String::new()), None).await,
            Ok(false)
        );
    }

    #[tokio::test]
    async fn new_passwords_have_a_length() {
        let rejected = |result: Result<PasswordHash, PasswordError>| {
            matches!(result, Err(PasswordError::Rejected(_)))
        };
        let argon2id = Passwords::new(Algorithm::Argon2id, 1).unwrap();
        let bcrypt = Passwords::new(Algorithm::Bcrypt, 1).unwrap();
        let password = |text: &str, count: usize| Password::new(text.repeat(count));
        assert!(rejected(argon2id.hash(&password("x", 7)).await));
        assert!(!rejected(argon2id.hash(&password("ع", 128)).await));
        assert!(rejected(argon2id.hash(&password("x", 129)).await));
        assert!(!rejected(bcrypt.hash(&password("x", 72)).await));
        assert!(rejected(bcrypt.hash(&password("ع", 37)).await));
    }

    #[tokio::test]
    async fn callers_beyond_the_queue_are_shed() {
        let passwords = Passwords::new(Algorithm::Argon2id, 1).unwrap();
        let waiting = passwords.waiting.available_permits();
        let _all = Arc::clone(&passwords.waiting)
            .try_acquire_many_owned(u32::try_from(waiting).unwrap())
            .unwrap();
        let shed = passwords.verify(&Password::new("x".to_owned()), None).await;
        assert_eq!(shed, Err(PasswordError::Overloaded));
    }
}
