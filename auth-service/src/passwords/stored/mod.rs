//! The text in `users.password`: whether it can be verified at an acceptable cost, and whether it
//! is as strong as new hashes.

use super::{Algorithm, Argon2Costs, BCRYPT_BYTES, Passwords, work::BCRYPT_COST};
use crate::model::{Password, PasswordHash};
use argon2::{Params, Version, password_hash::phc};
use unicode_normalization::UnicodeNormalization as _;

/// The larger of the settings that RFC 9106 recommends for little memory (section 4). Hashes up to
/// it are verified, whatever the current settings are.
const RFC_9106: Argon2Costs = Argon2Costs {
    memory_kib: 65_536,
    passes: 3,
    lanes: 4,
};
/// How many times the cost of a new hash a stored hash may have.
const TIMES: u32 = 4;
/// The same for bcrypt, whose cost is an exponent of two.
const MAX_BCRYPT_COST: u32 = BCRYPT_COST + TIMES.ilog2();

/// A hash of a known form.
enum Stored {
    Argon2 {
        costs: Argon2Costs,
        /// Argon2id of version 1.3: neither another variant nor an old version.
        is_current: bool,
    },
    Bcrypt {
        cost: u32,
    },
}

impl Stored {
    fn read(hash: &PasswordHash) -> Option<Self> {
        let text = hash.expose();
        if text.starts_with("$2") {
            let parts: bcrypt::HashParts = text.parse().ok()?;
            let cost = parts.get_cost();
            return Some(Self::Bcrypt { cost });
        }
        let hash = phc::PasswordHash::new(text).ok()?;
        let algorithm = argon2::Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let params = Params::try_from(&hash).ok()?;
        Some(Self::Argon2 {
            costs: Argon2Costs {
                memory_kib: params.m_cost(),
                passes: params.t_cost(),
                lanes: params.p_cost(),
            },
            is_current: algorithm == argon2::Algorithm::Argon2id
                && hash.version == Some(Version::V0x13.into()),
        })
    }
}

impl Passwords {
    /// Whether a text is a hash of a known form with an acceptable cost. Otherwise anybody who can
    /// write a row could stop the service with an expensive hash.
    #[must_use]
    pub fn can_verify(&self, hash: &PasswordHash) -> bool {
        match Stored::read(hash) {
            Some(Stored::Argon2 { costs, .. }) => {
                let memory = self.costs.memory_kib.saturating_mul(TIMES);
                let work = self.costs.work().saturating_mul(TIMES.into());
                costs.memory_kib <= memory.max(RFC_9106.memory_kib)
                    && costs.work() <= work.max(RFC_9106.work())
            }
            Some(Stored::Bcrypt { cost }) => cost <= MAX_BCRYPT_COST,
            None => false,
        }
    }

    /// Whether a hash that was just verified is to be replaced by a stronger one of the same
    /// password. It is not, if this could lock the owner out.
    ///
    /// bcrypt reads 72 bytes, and the last of them is zero for a shorter password, which it has
    /// then read completely. A longer password may be only the beginning of the owner's, or
    /// continue differently, so its hash stays. The rules for new passwords do not apply.
    #[must_use]
    pub fn is_weak(
        &self,
        written: Algorithm,
        password: &Password,
        verified: &PasswordHash,
    ) -> bool {
        let sent = password.expose();
        let normalized: String = sent.nfc().collect();
        let read_whole = sent.len().max(normalized.len()) < BCRYPT_BYTES;
        match (Stored::read(verified), written) {
            (Some(Stored::Argon2 { costs, is_current }), Algorithm::Argon2id) => {
                !is_current || costs.is_weaker_than(self.costs)
            }
            (Some(Stored::Bcrypt { .. }), Algorithm::Argon2id) => read_whole,
            // bcrypt hashes the bytes as sent, and it is not known which form was verified, so the
            // hash is replaced only if both forms are equal
            (Some(Stored::Bcrypt { cost }), Algorithm::Bcrypt) => {
                cost < BCRYPT_COST && read_whole && normalized == sent
            }
            (Some(Stored::Argon2 { .. }), Algorithm::Bcrypt) | (None, _) => false,
        }
    }

    /// A new hash to replace a weak one. `None` if hashing would have to wait; the log-in then
    /// continues without it.
    pub async fn stronger(&self, written: Algorithm, password: &Password) -> Option<PasswordHash> {
        let (text, costs) = (password.expose().to_owned(), self.costs);
        let made = self
            .run(|| (), move || super::hash(written, costs, &text))
            .await;
        made.flatten()
            .inspect_err(|error| tracing::warn!(%error, "a weak hash stays as it is"))
            .ok()
    }
}

#[cfg(test)]
mod tests;
