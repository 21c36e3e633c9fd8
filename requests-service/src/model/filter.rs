//! Filters of requests.

use super::{Status, folding::fold};
use contract::{
    ids::{BranchId, CategoryId, PartnerId, PickupOptionId, ServiceId},
    text::{digit, is_unseen},
    time::Timestamp,
};
use database::Dialect;
use std::{
    collections::BTreeSet,
    hash::{Hash, Hasher},
};

/// A filter of requests. A request must match all fields, and one of the values of each field. An
/// empty field matches every request. Filters that match the same requests in every database are
/// equal, however they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Filter {
    pub statuses: BTreeSet<Status>,
    pub categories: BTreeSet<CategoryId>,
    pub branches: BTreeSet<BranchId>,
    pub services: BTreeSet<ServiceId>,
    pub pickup_options: BTreeSet<PickupOptionId>,
    pub partners: BTreeSet<PartnerId>,
    pub submitted: TimeRange,
    pub created: TimeRange,
    /// Number, name or phone match this.
    pub text: Option<SearchText>,
    /// The customer's name contains this, in whatever case.
    pub customer_name: Option<AnyCase>,
    /// The customer's phone contains these digits.
    pub customer_phone: Option<PhoneDigits>,
}

/// Page tokens contain this hash, so it must not change from build to build. A field that is added
/// goes below the tuple, with its name, and only if it is set:
/// `if let Some(value) = min_rating { ("min_rating", value).hash(state) }`.
impl Hash for Filter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            statuses,
            categories,
            branches,
            services,
            pickup_options,
            partners,
            submitted,
            created,
            text,
            customer_name,
            customer_phone,
        } = self;
        (
            (statuses, categories, branches, services),
            (pickup_options, partners, submitted, created),
            (text, customer_name, customer_phone),
        )
            .hash(state);
    }
}

/// A range of time, both ends inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub struct TimeRange {
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
}

/// A text that the number begins with, or the customer's name contains. If it is written as a
/// telephone number, the customer's phone may also contain its digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SearchText {
    text: AnyCase,
    phone: Option<PhoneDigits>,
}

impl SearchText {
    /// Reads a text; `None` if it is empty, or if a search ignores all of it.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        let written_as_phone = text.chars().all(|letter| {
            digit(letter).is_some()
                || is_unseen(letter)
                || PhoneDigits::SEPARATORS.contains(&letter)
        });
        let phone = written_as_phone.then(|| PhoneDigits::of(&text)).flatten();
        AnyCase::new(text).map(|text| Self { text, phone })
    }

    /// The text as it was sent.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// Its digits, if it is written as a telephone number.
    #[must_use]
    pub fn phone(&self) -> Option<&PhoneDigits> {
        self.phone.as_ref()
    }
}

/// A text to search for, regardless of case and with folded letters (`fold`). It has at least one
/// character that a search does not ignore. Two texts are equal if both databases fold them to the
/// same text.
#[derive(Clone, Debug)]
pub struct AnyCase(String);

impl AnyCase {
    /// Reads a text; `None` if it is empty, or a search ignores all of it.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        // PostgreSQL ignores every character that SQLite ignores
        (!fold(Dialect::Postgres, &text).is_empty()).then_some(Self(text))
    }

    /// The text as it is.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as SQLite folds it. PostgreSQL folds all of that, and more.
    fn folded(&self) -> String {
        fold(Dialect::Sqlite, &self.0).to_ascii_lowercase()
    }
}

impl PartialEq for AnyCase {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

impl Eq for AnyCase {}

impl Hash for AnyCase {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

/// The digits of a telephone number, or of a part of one; at least one digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PhoneDigits(String);

impl PhoneDigits {
    /// Characters between the digits of a telephone number, which are ignored.
    pub const SEPARATORS: [char; 6] = [' ', '+', '-', '.', '(', ')'];

    /// The digits in a text, of any script, as ASCII digits; `None` if there are none.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter_map(digit).collect();
        (!digits.is_empty()).then_some(Self(digits))
    }

    /// The digits, and nothing else.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(text: &str) -> Option<String> {
        let text = SearchText::new(text.to_owned())?;
        text.phone().map(|phone| phone.digits().to_owned())
    }

    #[test]
    fn a_text_is_a_phone_only_if_it_is_written_as_one() {
        assert_eq!(
            phone("+20 (100) 123-45.67").as_deref(),
            Some("201001234567")
        );
        assert_eq!(phone("100").as_deref(), Some("100"));
        assert_eq!(phone("٠١٠٠ ۱۲۳").as_deref(), Some("0100123"));
        assert_eq!(phone("\u{200e}+２０\u{202c}").as_deref(), Some("20"));
        assert_eq!(phone("\u{200e}"), None);
        assert_eq!(phone("REQ-20251108"), None);
        assert_eq!(phone("+ -"), None);
        assert_eq!(SearchText::new(String::new()), None);
    }
}
