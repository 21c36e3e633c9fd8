//! How new passwords are hashed: which hash, at what cost, how many at once.

use crate::passwords::{Argon2Costs, Scheme};
use clap::Args;
use contract::config::Problems;

/// Most memory of one hash, in KiB: 1 GiB.
const MAX_MEMORY: u32 = 1_048_576;
/// Most passes over it.
const MAX_PASSES: u32 = 64;
/// Most lanes.
const MAX_LANES: u32 = 16;
/// Most memory of all hashes at once, in KiB: 8 GiB.
const MAX_TOGETHER: u64 = 8 * 1_048_576;

const MEMORY: &str = "AUTH_ARGON2_MEMORY_KIB";
const CONCURRENCY: &str = "AUTH_HASHING_CONCURRENCY";

/// The flags of password hashing.
#[derive(Clone, Debug, Args)]
pub struct PasswordArguments {
    /// Hash of new passwords: argon2id, bcrypt, or auto: bcrypt on a database
    /// taken over from the old application, which reads the same column, else
    /// argon2id. To choose argon2id there cannot be undone. A weaker hash is
    /// replaced at its user's next log-in, with auto not on such a database.
    #[arg(long, env = "AUTH_PASSWORD_HASH", default_value = "auto")]
    pub password_hash: String,
    /// Memory of one argon2id hash, in KiB. Memory and passes must be at least
    /// one of OWASP's settings: 47104 and 1, 19456 and 2, 12288 and 3, 9216 and
    /// 4, 7168 and 5.
    #[arg(long, env = "AUTH_ARGON2_MEMORY_KIB", default_value = "19456")]
    pub argon2_memory_kib: String,
    /// Passes of one argon2id hash over its memory, 64 at most.
    #[arg(long, env = "AUTH_ARGON2_PASSES", default_value = "2")]
    pub argon2_passes: String,
    /// Lanes of one argon2id hash, 16 at most.
    #[arg(long, env = "AUTH_ARGON2_LANES", default_value = "1")]
    pub argon2_lanes: String,
    /// Passwords hashed at once; argon2id takes `AUTH_ARGON2_MEMORY_KIB` for each,
    /// all together 8 GiB at most.
    #[arg(long, env = "AUTH_HASHING_CONCURRENCY", default_value = "2")]
    pub hashing_concurrency: String,
}

/// How passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordSettings {
    /// Hash of new passwords.
    pub scheme: Scheme,
    /// Costs of new Argon2id hashes.
    pub costs: Argon2Costs,
    /// Passwords hashed at once.
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

impl PasswordSettings {
    pub(super) fn read(problems: &mut Problems, arguments: &PasswordArguments) -> Option<Self> {
        let scheme = problems.parse("AUTH_PASSWORD_HASH", &arguments.password_hash);
        let memory = problems.within(MEMORY, &arguments.argon2_memory_kib, 1, MAX_MEMORY);
        let passes = problems.within(
            "AUTH_ARGON2_PASSES",
            &arguments.argon2_passes,
            1,
            MAX_PASSES,
        );
        let lanes = problems.within("AUTH_ARGON2_LANES", &arguments.argon2_lanes, 1, MAX_LANES);
        let concurrency = problems.within(CONCURRENCY, &arguments.hashing_concurrency, 1, 256);
        let costs = Argon2Costs {
            memory_kib: memory?,
            passes: passes?,
            lanes: lanes?,
        };
        let concurrency: u32 = concurrency?;
        let mut fits = true;
        if !costs.meets_owasp() {
            problems.note(
                MEMORY,
                "with AUTH_ARGON2_PASSES, must be at least 47104 and 1, 19456 and 2, 12288 and 3, \
                 9216 and 4, or 7168 and 5 (OWASP)",
            );
            fits = false;
        }
        if u64::from(costs.memory_kib) * u64::from(concurrency) > MAX_TOGETHER {
            let problem =
                format_args!("times {MEMORY} must be at most {MAX_TOGETHER}, which are 8 GiB");
            problems.note(CONCURRENCY, problem);
            fits = false;
        }
        let scheme = scheme?;
        fits.then_some(Self {
            scheme,
            costs,
            concurrency: usize::try_from(concurrency).unwrap_or(1),
        })
    }
}
