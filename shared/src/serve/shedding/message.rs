//! How large a message is going to be.

use super::in_flight::BYTES;

/// Whether it is compressed, and its length (gRPC over HTTP/2, Length-Prefixed-Message).
const PREFIX: usize = 5;

/// A message that is on its way.
#[derive(Debug, Default)]
pub(super) struct Message {
    prefix: [u8; PREFIX],
    come: usize,
}

impl Message {
    /// More of it has come.
    pub(super) fn goes_on(&mut self, data: &[u8]) {
        let missing = self.prefix.get_mut(self.come..).unwrap_or_default();
        for (place, byte) in missing.iter_mut().zip(data) {
            *place = *byte;
        }
        self.come += data.len();
    }

    /// What it takes in memory: room for all that it announces is made at once.
    pub(super) fn size(&self) -> usize {
        self.come.max(self.announced())
    }

    /// Nothing until its length is known, nor for what is refused by its length alone:
    /// no service takes a message that large.
    fn announced(&self) -> usize {
        let [_, length @ ..] = self.prefix;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if self.come < PREFIX || length > BYTES {
            0
        } else {
            length
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_length_counts_from_its_last_byte_on_in_whatever_pieces_it_comes(
            length in 0_u32..20_000_000, cuts in proptest::collection::vec(1_usize..4, 5),
        ) {
            let mut bytes = vec![0];
            bytes.extend(length.to_be_bytes());
            let mut message = Message::default();
            let mut rest = &bytes[..];
            for cut in cuts {
                prop_assert!(message.size() < PREFIX);
                let (piece, later) = rest.split_at(cut.min(rest.len()));
                message.goes_on(piece);
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            let announced = usize::try_from(length).unwrap();
            let expected = if announced > BYTES { PREFIX } else { announced.max(PREFIX) };
            prop_assert_eq!(message.size(), expected);
            // what comes beyond what was announced counts as well
            message.goes_on(&vec![0; 20_000_000]);
            prop_assert_eq!(message.size(), 20_000_005);
        }
    }
}
