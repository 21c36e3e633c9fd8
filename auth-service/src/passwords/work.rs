//! Makes a wrong password cost the same work, whatever hash the user has, and even if there is no
//! user (OWASP ASVS 5.0, 6.3.8).
//!
//! Rows contain hashes of two algorithms with several costs. So each failed attempt costs one
//! bcrypt with the current cost, and one Argon2id with the current parameters. If the row's own
//! hash costs less, further hashes are computed and ignored. A row's hash that costs more than the
//! current settings still costs more.

use super::argon2_costs::Argon2Costs;
use argon2::{
    Argon2, Params,
    password_hash::{Error, PasswordVerifier as _, phc},
};
use std::{
    hint::black_box,
    str::FromStr as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use unicode_normalization::UnicodeNormalization as _;

/// bcrypt's cost for new hashes (`$2b$`).
pub(super) const BCRYPT_COST: u32 = 12;
/// The cheapest cost of bcrypt.
const MIN_BCRYPT_COST: u32 = 4;

/// Verifies passwords, and counts their costs.
#[derive(Clone, Debug, Default)]
pub struct PasswordWork {
    bcrypt: Arc<AtomicU64>,
    argon2: Arc<AtomicU64>,
    written: Argon2Costs,
}

/// The cost of verifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// The sum of bcrypt's rounds: 2 to the power of the cost.
    pub bcrypt_rounds: u64,
    /// The sum of Argon2id's KiB times passes.
    pub argon2_kib: u64,
}

impl PasswordWork {
    /// No work yet. `written` are the costs of new Argon2id hashes.
    #[must_use]
    pub fn new(written: Argon2Costs) -> Self {
        Self {
            written,
            ..Self::default()
        }
    }

    /// The work so far.
    #[must_use]
    pub fn done(&self) -> Cost {
        Cost {
            bcrypt_rounds: self.bcrypt.load(Ordering::Relaxed),
            argon2_kib: self.argon2.load(Ordering::Relaxed),
        }
    }

    /// Verifies a password against a hash of either algorithm: first its bytes as sent, then their
    /// NFC. False without a hash, or with one of unknown form.
    pub(crate) fn verify(&self, text: &str, hash: Option<&str>) -> bool {
        if self.try_one(text, hash) {
            return true;
        }
        let normalized: String = text.nfc().collect();
        normalized != text && self.try_one(&normalized, hash)
    }

    fn try_one(&self, text: &str, hash: Option<&str>) -> bool {
        let password = text.as_bytes();
        let (matches, cost) = match hash {
            Some(hash) if hash.starts_with("$2") => verify_bcrypt(password, hash),
            Some(hash) => verify_argon2(password, hash),
            None => None,
        }
        .unwrap_or_default();
        self.add(cost);
        if !matches {
            self.add(make_up_for_bcrypt(password, cost.bcrypt_rounds));
            self.add(make_up_for_argon2(password, self.written, cost.argon2_kib));
        }
        matches
    }

    fn add(&self, cost: Cost) {
        self.bcrypt.fetch_add(cost.bcrypt_rounds, Ordering::Relaxed);
        self.argon2.fetch_add(cost.argon2_kib, Ordering::Relaxed);
    }
}

/// Hashes the first 72 bytes, as the old application does. `None` if no hash was computed.
fn verify_bcrypt(password: &[u8], hash: &str) -> Option<(bool, Cost)> {
    let matches = bcrypt::verify(password, hash).ok()?;
    let cost = bcrypt::HashParts::from_str(hash).ok()?.get_cost();
    Some((matches, bcrypt_of(cost)))
}

/// `None` if no hash was computed.
fn verify_argon2(password: &[u8], hash: &str) -> Option<(bool, Cost)> {
    let parsed = phc::PasswordHash::new(hash).ok()?;
    let params = Params::try_from(&parsed).ok()?;
    let matches = match Argon2::default().verify_password(password, &parsed) {
        Ok(()) => true,
        Err(Error::PasswordInvalid) => false,
        Err(_) => return None,
    };
    Some((matches, argon2_of(&params)))
}

/// The missing work up to the current cost, as powers of two: after a hash of cost 10, one of cost
/// 10 and one of cost 11 make up one of cost 12.
fn make_up_for_bcrypt(password: &[u8], done: u64) -> Cost {
    let rest = bcrypt_of(BCRYPT_COST).bcrypt_rounds.saturating_sub(done);
    let mut made = Cost::default();
    for cost in MIN_BCRYPT_COST..=BCRYPT_COST {
        if rest & (1 << cost) != 0
            && black_box(bcrypt::hash_with_salt(password, cost, [0; 16])).is_ok()
        {
            made.bcrypt_rounds += bcrypt_of(cost).bcrypt_rounds;
        }
    }
    made
}

/// The missing work up to the current parameters, with as many passes over less memory.
fn make_up_for_argon2(password: &[u8], written: Argon2Costs, done: u64) -> Cost {
    let rest = written.work().saturating_sub(done);
    let memory = rest.checked_div(written.passes.into()).unwrap_or_default();
    let memory = u32::try_from(memory).unwrap_or(u32::MAX);
    let Ok(params) = Params::new(memory, written.passes, written.lanes, None) else {
        // less than the minimum of Argon2id
        return Cost::default();
    };
    let made = argon2_of(&params);
    let hash = Argon2::from(params).hash_password_into(password, &[0; 16], &mut [0; 32]);
    black_box(hash).map_or(Cost::default(), |()| made)
}

fn bcrypt_of(cost: u32) -> Cost {
    Cost {
        bcrypt_rounds: 1_u64.checked_shl(cost).unwrap_or(u64::MAX),
        argon2_kib: 0,
    }
}

fn argon2_of(params: &Params) -> Cost {
    Cost {
        bcrypt_rounds: 0,
        argon2_kib: u64::from(params.m_cost()) * u64::from(params.t_cost()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{Algorithm, Version, password_hash::PasswordHasher as _};

    const FULL: Cost = Cost {
        bcrypt_rounds: 1 << 12,
        argon2_kib: 2 * 19 * 1_024,
    };

    fn argon2id(memory: u32, passes: u32) -> String {
        let params = Params::new(memory, passes, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password(b"right").unwrap().to_string()
    }

    /// What stands in rows, or none.
    fn rows() -> Vec<Option<String>> {
        let bcrypt = |cost| Some(bcrypt::hash("right", cost).unwrap());
        let mut rows = vec![None, bcrypt(4), bcrypt(10), bcrypt(11), bcrypt(12)];
        rows.extend(
            [(8, 1), (4_096, 3), (19_456, 1), (19_456, 2)].map(|(m, t)| Some(argon2id(m, t))),
        );
        for broken in [
            "",
            "plain",
            "$2b$10$short",
            "$argon2id$v=19$m=8,t=1,p=1$",
            "$1$abc$def",
        ] {
            rows.push(Some(broken.to_owned()));
        }
        rows
    }

    #[test]
    fn a_wrong_password_costs_the_same_whatever_the_row() {
        for row in rows() {
            let work = PasswordWork::default();
            assert!(!work.verify("wrong", row.as_deref()));
            assert_eq!(work.done(), FULL, "{row:?}");
        }
    }

    #[test]
    fn a_wrong_password_with_another_normal_form_costs_twice_that_whatever_the_row() {
        for row in rows() {
            let work = PasswordWork::default();
            assert!(!work.verify("cafe\u{301}", row.as_deref()));
            let Cost {
                bcrypt_rounds,
                argon2_kib,
            } = work.done();
            assert_eq!(
                (bcrypt_rounds, argon2_kib),
                (2 * FULL.bcrypt_rounds, 2 * FULL.argon2_kib),
                "{row:?}"
            );
        }
    }

    #[test]
    fn a_right_password_costs_its_own_hash() {
        let work = PasswordWork::default();
        assert!(work.verify("right", Some(&bcrypt::hash("right", 10).unwrap())));
        assert!(work.verify("right", Some(&argon2id(4_096, 3))));
        let expected = Cost {
            bcrypt_rounds: 1 << 10,
            argon2_kib: 3 * 4_096,
        };
        assert_eq!(work.done(), expected);
    }
}
