//! Reads the fields of a message, and collects what is wrong with them, so that a caller learns of
//! every invalid field at once.

use crate::{
    errors::{InvalidField, invalid_fields},
    pages::PageSize,
    time::Timestamp,
};
use proto::auth::v1::ErrorReason;
use std::{collections::BTreeSet, ops::RangeInclusive};
use tonic::Status;

/// The largest number of values in a list of a message.
const MAX_VALUES: usize = 100;
/// The largest number of fields that one refusal names, so that the caller cannot make it large.
const MAX_NAMED: usize = 20;

/// The invalid fields of a message.
#[derive(Debug, Default)]
pub struct Fields {
    invalid: Vec<InvalidField>,
}

impl Fields {
    /// The value that was read, or INVALID_ARGUMENT with the invalid fields.
    pub fn done<T>(self, value: T) -> Result<T, Status> {
        if self.invalid.is_empty() {
            Ok(value)
        } else {
            // requests-service gives this reason the same name on the wire
            Err(invalid_fields(ErrorReason::FieldInvalid, self.invalid))
        }
    }

    /// Notes that a field is wrong. Only the first problem of a field is kept: the others often
    /// follow from it.
    pub fn refuse(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        let field = field.into();
        let is_new = self.invalid.iter().all(|noted| noted.field != field);
        if is_new && self.invalid.len() < MAX_NAMED {
            self.invalid.push(InvalidField::new(field, problem));
        }
    }

    /// Notes that a field is wrong unless a condition holds.
    pub fn require(&mut self, holds: bool, field: &str, problem: &str) {
        if !holds {
            self.refuse(field, problem);
        }
    }

    /// A value that was read elsewhere, or the default of its type if its field is wrong.
    pub fn accept<T: Default>(&mut self, read: Result<T, InvalidField>) -> T {
        read.unwrap_or_else(|wrong| {
            self.refuse(wrong.field, wrong.problem);
            T::default()
        })
    }

    /// A text whose number of characters is within limits. NUL is refused, since PostgreSQL
    /// cannot store it.
    pub fn text(
        &mut self,
        field: &str,
        text: impl Into<String>,
        length: RangeInclusive<usize>,
    ) -> String {
        let text = text.into();
        if !length.contains(&text.chars().count()) {
            let (least, most) = length.into_inner();
            self.refuse(field, format!("must have {least} to {most} characters"));
        }
        self.require(!text.contains('\0'), field, "must not contain NUL");
        text
    }

    /// The id of a row, which must be given.
    pub fn id<T>(&mut self, field: &str, id: i32, typed: fn(i32) -> T) -> T {
        self.require(id > 0, field, "must be positive");
        typed(id)
    }

    /// Reads ids of rows. Their order and repetitions have no meaning.
    pub fn ids<T: Ord>(&mut self, field: &str, ids: &[i32], typed: fn(i32) -> T) -> BTreeSet<T> {
        self.values(field, ids, |id| {
            (*id > 0).then(|| typed(*id)).ok_or("must be positive")
        })
    }

    /// Reads the values of a list. Their order and repetitions have no meaning.
    pub fn values<W, T: Ord>(
        &mut self,
        field: &str,
        values: &[W],
        read: impl Fn(&W) -> Result<T, &'static str>,
    ) -> BTreeSet<T> {
        if values.len() > MAX_VALUES {
            self.refuse(field, format!("must have at most {MAX_VALUES} values"));
            return BTreeSet::new();
        }
        let mut set = BTreeSet::new();
        for (index, value) in values.iter().enumerate() {
            match read(value) {
                Ok(value) => {
                    set.insert(value);
                }
                Err(problem) => self.refuse(format!("{field}[{index}]"), problem),
            }
        }
        set
    }

    /// Reads the `start_time` and the `end_time` of a message. Each may be absent.
    pub fn time_range(
        &mut self,
        message: &str,
        start: Option<prost_types::Timestamp>,
        end: Option<prost_types::Timestamp>,
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let end_field = format!("{message}.end_time");
        let start = self.time(&format!("{message}.start_time"), start);
        let end = self.time(&end_field, end);
        if let (Some(start), Some(end)) = (start, end) {
            let problem = "must not be before start_time";
            self.require(start <= end, &end_field, problem);
        }
        (start, end)
    }

    /// Reads a time, which may be absent.
    pub fn time(&mut self, field: &str, time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
        let time = Timestamp::try_from(time?);
        if let Err(problem) = &time {
            self.refuse(field, problem.to_string());
        }
        time.ok()
    }

    /// Reads the `page_size` of a list.
    pub fn page_size<const DEFAULT: u16, const MOST: u16>(
        &mut self,
        requested: i32,
    ) -> PageSize<DEFAULT, MOST> {
        let size = PageSize::requested(requested);
        self.require(size.is_some(), "page_size", "must not be negative");
        size.unwrap_or(PageSize::DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::{Reason as _, reason_of};
    use proto::requests;
    use tonic_types::StatusExt as _;

    fn named(fields: Fields) -> Vec<(String, String)> {
        let refusal = fields.done(()).unwrap_err();
        let details = refusal.get_error_details();
        let violations = details.bad_request().unwrap().field_violations.clone();
        violations
            .into_iter()
            .map(|violation| (violation.field, violation.description))
            .collect()
    }

    #[test]
    fn the_reason_has_one_name_in_both_services() {
        let mut fields = Fields::default();
        fields.refuse("name", "is taken");
        let reason = reason_of(&fields.done(()).unwrap_err());
        let theirs = requests::v1::ErrorReason::FieldInvalid.wire_name();
        assert_eq!(reason.as_deref(), Some(theirs));
    }

    #[test]
    fn each_wrong_field_is_named_once_by_its_first_problem() {
        let mut fields = Fields::default();
        fields.text("name", "\0\0", 0..=1);
        fields.text("email", "\0", 0..=1);
        fields.text("phone", "1", 0..=1);
        let expected = [
            ("name", "must have 0 to 1 characters"),
            ("email", "must not contain NUL"),
        ];
        assert_eq!(
            named(fields),
            expected.map(|(field, problem)| (field.to_owned(), problem.to_owned()))
        );
    }

    #[test]
    fn a_refusal_has_a_limited_size() {
        let mut fields = Fields::default();
        let ids = fields.ids("ids", &[0; MAX_VALUES], |id| id);
        assert!(ids.is_empty());
        assert_eq!(named(fields).len(), MAX_NAMED);

        let mut fields = Fields::default();
        fields.ids("ids", &[1; MAX_VALUES + 1], |id| id);
        assert_eq!(named(fields).len(), 1);
    }

    #[test]
    fn order_and_repetitions_in_a_list_mean_nothing() {
        let mut fields = Fields::default();
        let one = fields.ids("ids", &[3, 1, 3, 2], |id| id);
        let other = fields.ids("ids", &[1, 2, 3], |id| id);
        assert_eq!(one, other);
        assert!(fields.done(()).is_ok());
    }
}
