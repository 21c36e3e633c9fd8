//! Reads fields that only this service has.

use crate::model::{PhoneDigits, TimeRange};
use contract::fields::Fields;
use proto::requests::v1::TimeRange as WireTimeRange;

/// Reads a text to search for. `None` if the field is empty, or if it is refused because a search
/// ignores all of its characters.
pub(super) fn searched<T>(
    fields: &mut Fields,
    field: &str,
    text: &str,
    most: usize,
    read: fn(String) -> Option<T>,
) -> Option<T> {
    let searched = read(fields.text(field, text, 0..=most));
    let something_or_nothing = searched.is_some() || text.is_empty();
    let problem = "must contain a character that a search does not ignore";
    fields.require(something_or_nothing, field, problem);
    searched
}

/// Reads the digits of a telephone number; `None` if the field is empty.
pub(super) fn phone(
    fields: &mut Fields,
    field: &str,
    text: &str,
    most: usize,
) -> Option<PhoneDigits> {
    let text = fields.text(field, text, 0..=most);
    let digits = PhoneDigits::of(&text);
    let digits_or_nothing = digits.is_some() || text.is_empty();
    fields.require(digits_or_nothing, field, "must contain a digit");
    digits
}

/// Reads a range of time. If it is absent, it includes all times.
pub(super) fn time_range(
    fields: &mut Fields,
    field: &str,
    range: Option<WireTimeRange>,
) -> TimeRange {
    let WireTimeRange {
        start_time,
        end_time,
    } = range.unwrap_or_default();
    let (start, end) = fields.time_range(field, start_time, end_time);
    TimeRange { start, end }
}
