//! Page tokens: the text that a caller passes back to get the next page of a list.
//!
//! A token also says which list it belongs to: the RPC, the filter and the order. It authorizes
//! nothing, because the service decides anew for each page what the caller may see. So a token
//! needs no signature: a forged one shows nothing that its caller could not list anyway.
//!
//! The bytes are a version, the fingerprint of the list, the sort value of a row, and the row's id.

use crate::{errors::InvalidField, fingerprint::Fingerprint, time::Timestamp};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Where a page starts: after the row that has this sort value and this id, in the list's order.
/// The id decides between rows with the same sort value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position<Sort, Id> {
    /// The value that the list is ordered by. An `Option` if a row may lack it.
    pub sort: Sort,
    /// The id of the row.
    pub id: Id,
}

impl<Sort, Id> Position<Sort, Id> {
    /// The same position with other types.
    #[must_use]
    pub fn map<Sort2, Id2>(
        self,
        sort: impl FnOnce(Sort) -> Sort2,
        id: impl FnOnce(Id) -> Id2,
    ) -> Position<Sort2, Id2> {
        Position {
            sort: sort(self.sort),
            id: id(self.id),
        }
    }
}

/// Writes and reads the page tokens of one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageTokens {
    version: u8,
    list: Option<Fingerprint>,
}

impl PageTokens {
    /// The tokens of a list. A change of a position's bytes needs another version.
    #[must_use]
    pub const fn of(version: u8, list: Fingerprint) -> Self {
        let list = Some(list);
        Self { version, list }
    }

    /// The tokens of a list that has no filter and only one order.
    #[must_use]
    pub const fn of_only_list(version: u8) -> Self {
        let list = None;
        Self { version, list }
    }

    /// The list that the tokens belong to.
    #[must_use]
    pub const fn list(self) -> Option<Fingerprint> {
        self.list
    }

    /// The token of a position; empty if there is no next page.
    #[must_use]
    pub fn write<Sort: SortValue, Id: RowId>(self, next: Option<&Position<Sort, Id>>) -> String {
        let Some(Position { sort, id }) = next else {
            return String::new();
        };
        let mut bytes = self.head();
        sort.write(&mut bytes);
        id.write(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position of a `page_token`, whose sort value `sort` reads; `None` for the first page. A
    /// token that [`Self::write`] could not have written for this list is refused.
    pub fn read<Sort: SortValue, Id: RowId>(
        self,
        token: &str,
        sort: impl FnOnce(&[u8]) -> Option<Sort>,
    ) -> Result<Option<Position<Sort, Id>>, InvalidField> {
        if token.is_empty() {
            return Ok(None);
        }
        let position = self.position(token, sort).ok_or_else(|| {
            let problem = "is not the next_page_token of a page of this list, with this filter \
                           and order; start at the first page";
            InvalidField::new("page_token", problem)
        })?;
        Ok(Some(position))
    }

    fn position<Sort: SortValue, Id: RowId>(
        self,
        token: &str,
        sort: impl FnOnce(&[u8]) -> Option<Sort>,
    ) -> Option<Position<Sort, Id>> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (sort_bytes, id) = Id::split(bytes.strip_prefix(self.head().as_slice())?)?;
        let sort = sort(sort_bytes)?;
        let position = Position { sort, id };
        // a position has one encoding only
        (self.write(Some(&position)) == token).then_some(position)
    }

    /// The bytes that all tokens of the list begin with.
    fn head(self) -> Vec<u8> {
        let mut bytes = vec![self.version];
        bytes.extend(self.list.iter().flat_map(|list| list.bytes()));
        bytes
    }
}

/// A sort value in the bytes of a token. The functions of this module read it.
pub trait SortValue {
    /// Appends the bytes.
    fn write(&self, token: &mut Vec<u8>);
}

impl SortValue for Timestamp {
    fn write(&self, token: &mut Vec<u8>) {
        token.extend(self.micros().to_be_bytes());
    }
}

impl SortValue for String {
    fn write(&self, token: &mut Vec<u8>) {
        token.extend(self.as_bytes());
    }
}

// the byte before a value, and the byte for a missing value
const VALUE: u8 = 0;
const NO_VALUE: u8 = 1;

impl<V: SortValue> SortValue for Option<V> {
    fn write(&self, token: &mut Vec<u8>) {
        match self {
            Some(value) => {
                token.push(VALUE);
                value.write(token);
            }
            None => token.push(NO_VALUE),
        }
    }
}

/// Reads a time from its bytes.
#[must_use]
pub fn time(bytes: &[u8]) -> Option<Timestamp> {
    let micros = i64::from_be_bytes(bytes.try_into().ok()?);
    Some(Timestamp::from_micros(micros))
}

/// Reads a text from its bytes. A text with NUL is refused: no row has one, and PostgreSQL would
/// fail.
#[must_use]
pub fn text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}

/// Reads a value that a row may lack from its bytes.
#[must_use]
#[allow(
    clippy::option_option,
    reason = "`None` is no position; `Some(None)` lacks a value"
)]
pub fn nullable<V>(bytes: &[u8], value: impl FnOnce(&[u8]) -> Option<V>) -> Option<Option<V>> {
    match bytes.split_first()? {
        (&VALUE, bytes) => value(bytes).map(Some),
        (&NO_VALUE, _) => Some(None),
        _ => None,
    }
}

/// The id of a row: the last bytes of a token.
pub trait RowId: Sized {
    /// Appends the bytes.
    fn write(&self, token: &mut Vec<u8>);

    /// Splits off the id: the bytes before it, and the id.
    fn split(token: &[u8]) -> Option<(&[u8], Self)>;
}

macro_rules! row_ids {
    ($($id:ident)+) => {$(
        impl RowId for $id {
            fn write(&self, token: &mut Vec<u8>) {
                token.extend(self.to_be_bytes());
            }

            fn split(token: &[u8]) -> Option<(&[u8], Self)> {
                let (rest, id) = token.split_last_chunk()?;
                Some((rest, Self::from_be_bytes(*id)))
            }
        }
    )+};
}

row_ids! { i32 i64 }

#[cfg(test)]
mod tests;
