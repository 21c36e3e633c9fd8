//! Page tokens: where a page of a list starts, as the text that callers pass back.
//!
//! A token also says which list it belongs to: of which RPC, by which filter, in which order. It
//! authorizes nothing, since what the caller may see is applied anew to each page. So it needs no
//! key: whoever makes one up sees no more than by asking from the start.
//!
//! The bytes are a version, the fingerprint of the list, the sort value of a row, and the row's id.

use crate::{errors::InvalidField, fingerprint::Fingerprint, time::Timestamp};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Where a page starts: after the row that has this sort value and this id, in the list's order.
/// The id decides between rows with the same sort value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position<Sort, Id> {
    /// What the list is ordered by. An `Option` if a row may lack it.
    pub sort: Sort,
    /// Which row.
    pub id: Id,
}

impl<Sort, Id> Position<Sort, Id> {
    /// The same position in other terms.
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
    /// Those of a list. Whoever changes the bytes of a position gives it another version.
    #[must_use]
    pub const fn of(version: u8, list: Fingerprint) -> Self {
        let list = Some(list);
        Self { version, list }
    }

    /// Those of a list that has no filter and one order, so that a caller has no other list
    /// that it could be taken for.
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

    /// The position of a `page_token`, whose sort value is read by `sort`; `None`: at the first
    /// row. A token that [`Self::write`] does not give for this list is refused.
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
        // each position has one spelling
        (self.write(Some(&position)) == token).then_some(position)
    }

    /// What all tokens of the list begin with.
    fn head(self) -> Vec<u8> {
        let mut bytes = vec![self.version];
        bytes.extend(self.list.iter().flat_map(|list| list.bytes()));
        bytes
    }
}

/// A sort value in the bytes of a token. The functions of this module read it.
pub trait SortValue {
    /// Writes it to the end.
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

// the byte before a value, and the byte in place of one
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

/// The time that was written, if these bytes are one.
#[must_use]
pub fn time(bytes: &[u8]) -> Option<Timestamp> {
    let micros = i64::from_be_bytes(bytes.try_into().ok()?);
    Some(Timestamp::from_micros(micros))
}

/// The text that was written, if these bytes are one. A text with NUL is refused: no row has
/// one, and PostgreSQL would fail over it.
#[must_use]
pub fn text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}

/// The value that was written of a column in which a row may lack one, if these bytes are one.
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
    /// Writes it to the end.
    fn write(&self, token: &mut Vec<u8>);

    /// What stands before the id, and the id.
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
