//! Reading single fields, and collecting what is wrong with them.

use crate::model::{PhoneDigits, RowsOfPage, TimeRange};
use contract::{
    errors::{InvalidField, invalid_fields},
    time::Timestamp,
};
use proto::requests::v1::{ErrorReason, TimeRange as WireTimeRange};
use std::collections::BTreeSet;
use tonic::Status as Refusal;

/// Values that a list may hold.
const MAX_VALUES: usize = 100;
/// Fields named in one refusal, so that its size does not depend on the caller.
const MAX_NAMED: usize = 20;

/// The fields of a message that cannot be taken as they are.
#[derive(Debug, Default)]
pub(super) struct Fields {
    invalid: Vec<InvalidField>,
}

impl Fields {
    /// Refuses the message if anything was wrong with it.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.invalid.is_empty() {
            Ok(())
        } else {
            Err(invalid_fields(ErrorReason::FieldInvalid, self.invalid))
        }
    }

    /// Notes that a field is wrong.
    pub(super) fn refuse(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        if self.invalid.len() < MAX_NAMED {
            self.invalid.push(InvalidField::new(field, problem));
        }
    }

    /// Notes that a field is wrong unless a condition holds.
    pub(super) fn require(&mut self, holds: bool, field: &str, problem: &str) {
        if !holds {
            self.refuse(field, problem);
        }
    }

    /// A text of limited length. NUL is refused, since PostgreSQL cannot hold
    /// it.
    pub(super) fn text(&mut self, field: &str, text: &str, most: usize) -> String {
        if text.chars().count() > most {
            self.refuse(field, format!("must have at most {most} characters"));
        }
        self.require(!text.contains('\0'), field, "must not contain NUL");
        text.to_owned()
    }

    /// A text that is searched for. `None` if the field is empty, or if it is refused since a
    /// search ignores all of it.
    pub(super) fn searched<T>(
        &mut self,
        field: &str,
        text: &str,
        most: usize,
        read: fn(String) -> Option<T>,
    ) -> Option<T> {
        let searched = read(self.text(field, text, most));
        let something_or_nothing = searched.is_some() || text.is_empty();
        let problem = "must contain a character that a search does not ignore";
        self.require(something_or_nothing, field, problem);
        searched
    }

    /// How many rows a page is to hold.
    pub(super) fn page_size<const DEFAULT: u16, const MOST: u16>(
        &mut self,
        size: i32,
    ) -> RowsOfPage<DEFAULT, MOST> {
        let asked = RowsOfPage::asked(size);
        self.require(asked.is_some(), "page_size", "must not be negative");
        asked.unwrap_or(RowsOfPage::DEFAULT)
    }

    /// The digits of a telephone number; `None` if the field is empty.
    pub(super) fn phone(&mut self, field: &str, text: &str, most: usize) -> Option<PhoneDigits> {
        let text = self.text(field, text, most);
        let digits = PhoneDigits::of(&text);
        let digits_or_nothing = digits.is_some() || text.is_empty();
        self.require(digits_or_nothing, field, "must contain a digit");
        digits
    }

    /// The ids of a list, whose order and repetitions mean nothing.
    pub(super) fn ids<T: Ord>(
        &mut self,
        field: &str,
        ids: &[i32],
        typed: fn(i32) -> T,
    ) -> BTreeSet<T> {
        self.list(field, ids, |id| {
            (id > 0).then(|| typed(id)).ok_or("must be positive")
        })
    }

    /// The values of a list, whose order and repetitions mean nothing.
    pub(super) fn list<T: Ord>(
        &mut self,
        field: &str,
        values: &[i32],
        read: impl Fn(i32) -> Result<T, &'static str>,
    ) -> BTreeSet<T> {
        if values.len() > MAX_VALUES {
            self.refuse(field, format!("must have at most {MAX_VALUES} values"));
            return BTreeSet::new();
        }
        let mut set = BTreeSet::new();
        for (index, value) in values.iter().enumerate() {
            match read(*value) {
                Ok(value) => {
                    set.insert(value);
                }
                Err(problem) => self.refuse(format!("{field}[{index}]"), problem),
            }
        }
        set
    }

    /// A range of time; without one, all time.
    pub(super) fn time_range(&mut self, field: &str, range: Option<WireTimeRange>) -> TimeRange {
        let WireTimeRange {
            start_time,
            end_time,
        } = range.unwrap_or_default();
        let start = self.time(format!("{field}.start_time"), start_time);
        let end = self.time(format!("{field}.end_time"), end_time);
        if let (Some(start), Some(end)) = (start, end)
            && end < start
        {
            self.refuse(format!("{field}.end_time"), "must not be before start_time");
        }
        TimeRange { start, end }
    }

    fn time(&mut self, field: String, time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
        match Timestamp::try_from(time?) {
            Ok(time) => Some(time),
            Err(problem) => {
                self.refuse(field, problem.to_string());
                None
            }
        }
    }
}
