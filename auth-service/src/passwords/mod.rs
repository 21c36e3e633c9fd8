//! Password hashing. New hashes are Argon2id or bcrypt, and both are verified. Hashing runs off the
//! async threads, with a limit.

mod argon2_costs;
mod rules;
mod stored;
mod work;

pub use argon2_costs::Argon2Costs;
pub use rules::Owner;
pub use work::{Cost, PasswordWork};

use crate::{
    metrics::HashingMetrics,
    model::{Password, PasswordHash},
};
use argon2::{Argon2, Params, Version, password_hash::PasswordHasher as _};
use std::{str::FromStr, sync::Arc};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use unicode_normalization::UnicodeNormalization as _;
use work::BCRYPT_COST;

/// bcrypt reads this many bytes only.
const BCRYPT_BYTES: usize = 72;
/// How many calls may wait for each hash that runs.
const WAITING_PER_RUNNING: usize = 32;

/// The kind of hash for new passwords. Both kinds are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Argon2id with the configured costs, over NFC.
    Argon2id,
    /// bcrypt `$2b$` with cost 12, over the bytes as sent, which the old application can verify.
    Bcrypt,
}

/// The configured kind of hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// bcrypt on a database of the old application, which reads the same column; otherwise
    /// Argon2id.
    Auto,
    /// This kind on every database.
    Fixed(Algorithm),
}

impl FromStr for Scheme {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "argon2id" => Ok(Self::Fixed(Algorithm::Argon2id)),
            "bcrypt" => Ok(Self::Fixed(Algorithm::Bcrypt)),
            _ => Err("must be auto, argon2id or bcrypt"),
        }
    }
}

/// Why a password was not hashed or verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// A new password breaks a rule.
    #[error("{0}")]
    Rejected(&'static str),
    /// Too many calls are waiting.
    #[error("too many passwords are being checked")]
    Overloaded,
    /// The library failed.
    #[error("password hashing failed")]
    Failed,
}

/// Hashes and verifies passwords.
#[derive(Clone, Debug)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    costs: Argon2Costs,
    work: PasswordWork,
    metrics: HashingMetrics,
}

impl Passwords {
    /// Computes at most `concurrency` hashes at the same time, each with its memory. `costs` are
    /// those of new Argon2id hashes.
    #[must_use]
    pub fn new(concurrency: usize, costs: Argon2Costs) -> Self {
        Self {
            running: Arc::new(Semaphore::new(concurrency)),
            waiting: Arc::new(Semaphore::new(concurrency * WAITING_PER_RUNNING)),
            costs,
            work: PasswordWork::new(costs),
            metrics: HashingMetrics::default(),
        }
    }

    /// What all verifications have cost.
    #[must_use]
    pub fn work(&self) -> &PasswordWork {
        &self.work
    }

    /// The metrics of hashing.
    #[must_use]
    pub fn metrics(&self) -> &HashingMetrics {
        &self.metrics
    }

    /// Hashes a new password of this owner, if it follows the rules. `begins` is called when the
    /// work begins.
    pub async fn hash(
        &self,
        algorithm: Algorithm,
        password: &Password,
        owner: Owner<'_>,
        begins: impl FnOnce(),
    ) -> Result<PasswordHash, PasswordError> {
        rules::check(algorithm, password.expose(), owner)?;
        let (text, costs) = (password.expose().to_owned(), self.costs);
        self.run(begins, move || hash(algorithm, costs, &text))
            .await?
    }

    /// Verifies a password against a hash. Returns false without a hash, and for a hash that
    /// [cannot](Self::can_verify) be verified. False costs the same in all cases. The rules for new
    /// passwords do not apply. `begins` is called when the work begins.
    pub async fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
        begins: impl FnOnce(),
    ) -> Result<bool, PasswordError> {
        let hash = hash.filter(|hash| self.can_verify(hash)).cloned();
        let (password, work) = (password.clone(), self.work.clone());
        self.run(begins, move || {
            work.verify(password.expose(), hash.as_ref().map(PasswordHash::expose))
        })
        .await
    }

    /// Runs off the async threads. The permits move along, so that a cancelled call counts until
    /// its hash is done.
    async fn run<T: Send + 'static>(
        &self,
        begins: impl FnOnce(),
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let waiting: OwnedSemaphorePermit =
            Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| {
                self.metrics.shed();
                PasswordError::Overloaded
            })?;
        let since = Instant::now();
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Failed)?;
        self.metrics.starts(since.elapsed());
        begins();
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((running, waiting));
            done
        });
        done.await.map_err(|_| PasswordError::Failed)
    }
}

fn hash(
    algorithm: Algorithm,
    costs: Argon2Costs,
    text: &str,
) -> Result<PasswordHash, PasswordError> {
    let hash = match algorithm {
        Algorithm::Argon2id => {
            let normalized: String = text.nfc().collect();
            let params = Params::new(costs.memory_kib, costs.passes, costs.lanes, None)
                .map_err(|_| PasswordError::Failed)?;
            Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params)
                .hash_password(normalized.as_bytes())
                .map_err(|_| PasswordError::Failed)?
                .to_string()
        }
        Algorithm::Bcrypt => bcrypt::hash(text, BCRYPT_COST).map_err(|_| PasswordError::Failed)?,
    };
    Ok(PasswordHash::new(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn verifies(hash: &str, password: &str) -> bool {
        let passwords = Passwords::new(1, Argon2Costs::default());
        let hash = PasswordHash::new(hash.to_owned());
        passwords
            .verify(&Password::new(password.to_owned()), Some(&hash), || ())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn both_algorithms_are_read_whichever_is_written() {
        for algorithm in [Algorithm::Argon2id, Algorithm::Bcrypt] {
            let hash = hash(algorithm, Argon2Costs::default(), "correct horse").unwrap();
            assert!(verifies(hash.expose(), "correct horse").await);
            assert!(!verifies(hash.expose(), "correct horsf").await);
        }
    }

    #[test]
    fn the_costs_that_are_configured_are_written() {
        let costs = Argon2Costs {
            memory_kib: 16,
            passes: 3,
            lanes: 2,
        };
        for (costs, expected) in [
            (Argon2Costs::default(), "$argon2id$v=19$m=19456,t=2,p=1$"),
            (costs, "$argon2id$v=19$m=16,t=3,p=2$"),
        ] {
            let hash = hash(Algorithm::Argon2id, costs, "correct horse").unwrap();
            assert!(hash.expose().starts_with(expected));
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
        let old = hash(Algorithm::Bcrypt, Argon2Costs::default(), decomposed).unwrap();
        assert!(verifies(old.expose(), decomposed).await);
        assert!(!verifies(old.expose(), composed).await);
        let new = hash(Algorithm::Argon2id, Argon2Costs::default(), decomposed).unwrap();
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
    async fn an_unknown_account_matches_no_password() {
        let passwords = Passwords::new(1, Argon2Costs::default());
        assert_eq!(
            passwords
                .verify(&Password::new(String::new()), None, || ())
                .await,
            Ok(false)
        );
    }

    #[tokio::test]
    async fn new_passwords_have_a_length() {
        let passwords = Passwords::new(1, Argon2Costs::default());
        let rejected = async |algorithm, text: &str, count: usize| {
            let password = Password::new(text.repeat(count));
            let hashed = passwords
                .hash(algorithm, &password, Owner::default(), || ())
                .await;
            matches!(hashed, Err(PasswordError::Rejected(_)))
        };
        assert!(rejected(Algorithm::Argon2id, "x", 7).await);
        assert!(!rejected(Algorithm::Argon2id, "ع", 128).await);
        assert!(rejected(Algorithm::Argon2id, "x", 129).await);
        assert!(!rejected(Algorithm::Bcrypt, "x", 72).await);
        assert!(rejected(Algorithm::Bcrypt, "ع", 37).await);
    }

    #[tokio::test]
    async fn callers_beyond_the_queue_are_shed() {
        let passwords = Passwords::new(1, Argon2Costs::default());
        let waiting = passwords.waiting.available_permits();
        let _all = Arc::clone(&passwords.waiting)
            .try_acquire_many_owned(u32::try_from(waiting).unwrap())
            .unwrap();
        let shed = passwords
            .verify(&Password::new("x".to_owned()), None, || ())
            .await;
        assert_eq!(shed, Err(PasswordError::Overloaded));
    }
}
