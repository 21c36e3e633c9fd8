//! The costs of one Argon2id hash.

use clap::Args;
use contract::config::within;

/// Settings of equal strength according to the OWASP Password Storage Cheat Sheet: KiB of memory,
/// passes.
const OWASP: [(u32, u32); 5] = [
    (47_104, 1),
    (19_456, 2),
    (12_288, 3),
    (9_216, 4),
    (7_168, 5),
];

/// The parameters of Argon2id (RFC 9106, section 3.1).
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Costs {
    /// Memory of one argon2id hash, in KiB; at most 1 GiB. Memory and passes must be at least one
    /// of OWASP's settings: 47104 and 1, 19456 and 2, 12288 and 3, 9216 and 4, 7168 and 5. A stored
    /// hash is refused if it needs more than 64 MiB and more than four times this memory.
    #[arg(
        long = "argon2-memory-kib",
        env = "AUTH_ARGON2_MEMORY_KIB",
        default_value = "19456",
        value_parser = within::<u32>(1..=1_048_576)
    )]
    pub memory_kib: u32,
    /// Number of passes of one argon2id hash over its memory; at most 64.
    #[arg(
        long = "argon2-passes",
        env = "AUTH_ARGON2_PASSES",
        default_value = "2",
        value_parser = within::<u32>(1..=64)
    )]
    pub passes: u32,
    /// Number of lanes of one argon2id hash; at most 16. They are computed one after the other.
    #[arg(
        long = "argon2-lanes",
        env = "AUTH_ARGON2_LANES",
        default_value = "1",
        value_parser = within::<u32>(1..=16)
    )]
    pub lanes: u32,
}

impl Default for Argon2Costs {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl Argon2Costs {
    /// Whether they are at least one of OWASP's settings.
    #[must_use]
    pub fn meets_owasp(self) -> bool {
        let reaches = |&(memory, passes)| self.memory_kib >= memory && self.passes >= passes;
        OWASP.iter().any(reaches)
    }

    /// The KiB that are written in all passes.
    pub(crate) fn work(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    /// A strict order, so that two replicas with different settings do not replace each other's
    /// hashes for ever.
    pub(super) fn is_weaker_than(self, other: Self) -> bool {
        (self.meets_owasp(), self.work()) < (other.meets_owasp(), other.work())
    }
}
