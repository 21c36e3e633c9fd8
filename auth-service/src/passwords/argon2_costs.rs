//! What one Argon2id hash costs.

/// Settings that the OWASP Password Storage Cheat Sheet holds to be of equal
/// strength: KiB of memory, passes.
const OWASP: [(u32, u32); 5] = [
    (47_104, 1),
    (19_456, 2),
    (12_288, 3),
    (9_216, 4),
    (7_168, 5),
];

/// The parameters of Argon2id (RFC 9106, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Costs {
    /// Memory for one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes. They are computed one after the other.
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

    /// KiB written in all passes.
    pub(crate) fn work(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    /// A strict order, so that two replicas with different settings never hash the
    /// same password to and fro.
    pub(super) fn is_weaker_than(self, other: Self) -> bool {
        (self.meets_owasp(), self.work()) < (other.meets_owasp(), other.work())
    }
}
