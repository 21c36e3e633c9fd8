//! The wire form of a position.
//!
//! A token says where a page starts and which list it belongs to: of which RPC,
//! by which filter, in which order, whatever message asked for it. It authorizes nothing, since visibility is
//! applied anew on each page, and so it needs no key: whoever makes one up sees
//! no more than by asking from the start.

use crate::model::{PartnerSort, Position};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{
    fingerprint::Fingerprint,
    ids::{PartnerId, PartnerRequestId},
    time::Timestamp,
};

/// The first byte; another layout gets another one.
const VERSION: u8 = 2;
const VALUED: u8 = 0;
const UNSORTED: u8 = 1;

/// A sort value in bytes.
pub(super) trait Bytes {
    /// Writes it to the end of a token.
    fn write(&self, token: &mut Vec<u8>);
}

impl Bytes for Timestamp {
    fn write(&self, token: &mut Vec<u8>) {
        token.extend(self.micros().to_be_bytes());
    }
}

impl Bytes for PartnerSort {
    fn write(&self, token: &mut Vec<u8>) {
        match self {
            Self::Time(time) => time.write(token),
            Self::Name(name) => token.extend(name.as_bytes()),
        }
    }
}

/// The time that was written, if these bytes are one.
pub(super) fn time(bytes: &[u8]) -> Option<Timestamp> {
    let micros = i64::from_be_bytes(bytes.try_into().ok()?);
    Some(Timestamp::from_micros(micros))
}

/// The text that was written, if these bytes are one. NUL is in no text of a
/// database: PostgreSQL cannot hold it, and would fail over it.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}

/// An id: four bytes, the last ones of a token.
pub(super) trait Id: Copy {
    fn number(self) -> i32;
    fn of(number: i32) -> Self;
}

impl Id for PartnerRequestId {
    fn number(self) -> i32 {
        self.0
    }

    fn of(number: i32) -> Self {
        Self(number)
    }
}

impl Id for PartnerId {
    fn number(self) -> i32 {
        self.0
    }

    fn of(number: i32) -> Self {
        Self(number)
    }
}

/// The token of a position; empty where there is no next page.
pub(super) fn encode<I: Id, S: Bytes>(
    position: Option<&Position<I, S>>,
    fingerprint: Fingerprint,
) -> String {
    let (half, sort, id) = match position {
        None | Some(Position::Start) => return String::new(),
        Some(Position::Valued { sort, id }) => (VALUED, Some(sort), id),
        Some(Position::Unsorted { id }) => (UNSORTED, None, id),
    };
    let mut token = vec![VERSION];
    token.extend(fingerprint.bytes());
    token.push(half);
    if let Some(sort) = sort {
        sort.write(&mut token);
    }
    token.extend(id.number().to_be_bytes());
    URL_SAFE_NO_PAD.encode(token)
}

/// The position of a token, whose sort value is read by `sort`; `None` if it is
/// not one that [`encode`] gives for this list.
pub(super) fn decode<I: Id, S: Bytes>(
    token: &str,
    fingerprint: Fingerprint,
    sort: impl FnOnce(&[u8]) -> Option<S>,
) -> Option<Position<I, S>> {
    if token.is_empty() {
        return Some(Position::Start);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (head, rest) = bytes.split_first_chunk::<{ 1 + Fingerprint::LENGTH + 1 }>()?;
    let (sort_bytes, id) = rest.split_last_chunk()?;
    let id = I::of(i32::from_be_bytes(*id));
    let position = match *head.last()? {
        VALUED => Position::Valued {
            sort: sort(sort_bytes)?,
            id,
        },
        UNSORTED => Position::Unsorted { id },
        _ => return None,
    };
    // one spelling each: version, fingerprint and what is left unused must be
    // what they would be had the token been made here
    (encode(Some(&position), fingerprint) == token).then_some(position)
}

#[cfg(test)]
mod tests;
