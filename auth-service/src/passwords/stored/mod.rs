//! What a text in `users.password` asks for: whether we pay it, and whether it is
//! as strong as what is written now.

use super::{Algorithm, Argon2Costs, BCRYPT_BYTES, Passwords, work::BCRYPT_COST};
use crate::model::{Password, PasswordHash};
use argon2::{Params, Version, password_hash::phc};
use unicode_normalization::UnicodeNormalization as _;

/// The larger of the settings that RFC 9106 recommends where memory is short
/// (section 4): hashes up to it are verified whatever is written now.
const RFC_9106: Argon2Costs = Argon2Costs {
    memory_kib: 65_536,
    passes: 3,
    lanes: 4,
};
/// A hash may cost so many times what one costs that is written now.
const TIMES: u32 = 4;
/// The same for bcrypt, whose cost is a power of two.
const MAX_BCRYPT_COST: u32 = BCRYPT_COST + TIMES.ilog2();

/// A hash of known form.
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
    /// Whether a text is a hash that we know, and of no absurd cost: whoever can
    /// write a row must not be able to stop the service by it.
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

    /// Whether a hash that has just been verified is to give way to a stronger one
    /// of the same password: not where that could shut out the owner.
    ///
    /// bcrypt reads 72 bytes, the last of them a zero where there is room: of a
    /// password with fewer bytes it has read all. A longer one may be only the
    /// beginning of the owner's, or go on differently, so it stays as it is.
    /// Lengths and other rules for new passwords are not asked.
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
            // bcrypt is over the bytes as sent, and which form was verified is not
            // known: only where there is one form
            (Some(Stored::Bcrypt { cost }), Algorithm::Bcrypt) => {
                cost < BCRYPT_COST && read_whole && normalized == sent
            }
            (Some(Stored::Argon2 { .. }), Algorithm::Bcrypt) | (None, _) => false,
        }
    }

    /// The hash that a weak one gives way to. `None` where hashing would have to wait:
    /// the log-in goes on without.
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
