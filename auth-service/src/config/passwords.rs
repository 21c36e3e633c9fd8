//! How new passwords are hashed: the hash, its cost, and how many at the same time.

use crate::passwords::{Argon2Costs, Scheme};
use clap::Args;
use contract::config::{Part, Problems, within};

/// The most memory of all concurrent hashes, in KiB: 8 GiB.
const MAX_TOGETHER: u64 = 8 * 1_048_576;

const MEMORY: &str = "AUTH_ARGON2_MEMORY_KIB";
const CONCURRENCY: &str = "AUTH_HASHING_CONCURRENCY";

/// How passwords are hashed.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordSettings {
    /// Hash of new passwords: `argon2id`, `bcrypt` or `auto`. `auto` means bcrypt on a database
    /// that was taken over, because the old application reads the same column, and argon2id on any
    /// other. On a database that was taken over, `argon2id` cannot be undone, and `auto` replaces
    /// no hash. Otherwise a weaker hash is replaced at the user's next log-in, if the user has at
    /// most 500 active sessions.
    #[arg(
        long = "password-hash",
        env = "AUTH_PASSWORD_HASH",
        default_value = "auto"
    )]
    pub scheme: Scheme,
    #[allow(missing_docs, reason = "the type says it")]
    #[command(flatten)]
    pub costs: Argon2Costs,
    /// Number of passwords that are hashed at the same time. argon2id needs
    /// `AUTH_ARGON2_MEMORY_KIB` for each; all together may need at most 8 GiB.
    #[arg(
        long = "hashing-concurrency",
        env = CONCURRENCY,
        default_value = "2",
        value_parser = within::<usize>(1..=256)
    )]
    pub concurrency: usize,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self {
            scheme: Scheme::Auto,
            costs: Argon2Costs::default(),
            concurrency: 2,
        }
    }
}

impl Part for PasswordSettings {
    fn check(&self, problems: &mut Problems) {
        if !self.costs.meets_owasp() {
            problems.note(
                MEMORY,
                "with AUTH_ARGON2_PASSES, must be at least 47104 and 1, 19456 and 2, 12288 and 3, \
                 9216 and 4, or 7168 and 5 (OWASP)",
            );
        }
        let together = u64::from(self.costs.memory_kib).saturating_mul(self.concurrency as u64);
        if together > MAX_TOGETHER {
            let problem =
                format_args!("times {MEMORY} must be at most {MAX_TOGETHER}, which are 8 GiB");
            problems.note(CONCURRENCY, problem);
        }
    }
}
