//! Fingerprints of lists, so that a page token is accepted for its own list only.

use aws_lc_rs::digest::{Context, SHA256};
use std::hash::{Hash, Hasher};

/// A digest of a list: its RPC, its filter and its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; Self::LENGTH]);

impl Fingerprint {
    /// Bytes of a fingerprint.
    pub const LENGTH: usize = 8;

    /// The fingerprint of a list of this RPC. `list` is the filter and the order as
    /// they were read, not the message: one list can be asked for in many messages.
    ///
    /// If the `Hash` of `list` changes, page tokens of earlier builds are refused. A test of each
    /// list notices.
    #[must_use]
    pub fn of(rpc: &str, list: &impl Hash) -> Self {
        let mut digest = Digest(Context::new(&SHA256));
        rpc.hash(&mut digest);
        list.hash(&mut digest);
        Self(digest.finish().to_be_bytes())
    }

    /// The bytes of the fingerprint in a page token.
    #[must_use]
    pub const fn bytes(self) -> [u8; Self::LENGTH] {
        self.0
    }
}

/// A hasher with the same result in every process, unlike the hashers of `std`.
struct Digest(Context);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finish();
        let first = digest.as_ref().first_chunk().copied();
        u64::from_be_bytes(first.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_values_do_not_run_together() {
        let of = |rpc, list: &[&[&str]]| Fingerprint::of(rpc, &list);
        let all = [
            of("List", &[&["a", "b"], &[]]),
            of("List", &[&["a"], &["b"]]),
            of("List", &[&[], &["a", "b"]]),
            of("List", &[&["ab"], &[]]),
            of("List", &[&["", "ab"], &[]]),
            of("Lista", &[&["b"], &[]]),
        ];
        for (index, one) in all.iter().enumerate() {
            assert!(!all[..index].contains(one), "{index}");
        }
    }
}
