//! Lists in pages: how large a page is, and how it is cut from the rows that were read.
//!
//! A list RPC takes these steps:
//!
//! 1. [`Fields`](crate::fields::Fields) reads the filter, the order and the page size, and names
//!    every field that is wrong.
//! 2. [`PageTokens`](crate::page_tokens::PageTokens) of this filter and order reads the page token.
//! 3. The store reads [`PageSize::limit`] rows after that position.
//! 4. [`PageSize::page`] cuts the page from them.
//! 5. The same `PageTokens` writes the token of the next page.

/// The largest number of rows in a page: `DEFAULT` if the caller names none, and never more than
/// `MOST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize<const DEFAULT: u16, const MOST: u16>(u16);

impl<const DEFAULT: u16, const MOST: u16> PageSize<DEFAULT, MOST> {
    /// The size of a page if the caller sends 0.
    pub const DEFAULT: Self = Self(DEFAULT);

    /// The size that a caller requested; `None` if it is negative.
    #[must_use]
    pub fn requested(size: i32) -> Option<Self> {
        match size {
            ..0 => None,
            0 => Some(Self::DEFAULT),
            _ => Some(Self(u16::try_from(size).unwrap_or(MOST).min(MOST))),
        }
    }

    /// How many rows to read for a page: one more than it holds, which shows whether there is a
    /// next page.
    #[must_use]
    pub fn limit(self) -> u64 {
        u64::from(self.0) + 1
    }

    /// Cuts a page from the rows that were read. `position` returns the position after a row.
    #[must_use]
    pub fn page<Row, Position>(
        self,
        mut rows: Vec<Row>,
        position: impl FnOnce(&Row) -> Position,
    ) -> Page<Row, Position> {
        let size = usize::from(self.0);
        let is_last = rows.len() <= size;
        rows.truncate(size);
        let next = rows.last().filter(|_| !is_last).map(position);
        Page { rows, next }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<Row, Position> {
    /// The rows, in the order of the list.
    pub rows: Vec<Row>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<Position>,
}

impl<Row, Position> Page<Row, Position> {
    /// Converts each row of the page.
    #[must_use]
    pub fn map<Other>(self, row: impl FnMut(Row) -> Other) -> Page<Other, Position> {
        Page {
            rows: self.rows.into_iter().map(row).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_have_a_default_and_a_limit() {
        let rows = |size| PageSize::<20, 100>::requested(size).map(|size| size.0);
        assert_eq!(rows(0), Some(20));
        assert_eq!(rows(1), Some(1));
        assert_eq!(rows(100), Some(100));
        assert_eq!(rows(101), Some(100));
        assert_eq!(rows(i32::MAX), Some(100));
        assert_eq!(rows(-1), None);
        assert_eq!(rows(i32::MIN), None);
    }

    #[test]
    fn a_page_says_where_the_next_one_starts_if_there_are_more_rows() {
        let size = PageSize::<2, 100>::DEFAULT;
        assert_eq!(size.limit(), 3);
        for (read, shown, next) in [
            (0, vec![], None),
            (1, vec![1], None),
            (2, vec![1, 2], None),
            (3, vec![1, 2], Some(2)),
            (9, vec![1, 2], Some(2)),
        ] {
            let page = size.page((1..=read).collect(), |row| *row);
            assert_eq!(page, Page { rows: shown, next }, "{read}");
        }
    }
}
