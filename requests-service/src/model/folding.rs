//! What a search treats as equal: letters that are written in several ways, digits of any script,
//! and ignored characters.
//!
//! The store folds the searched text with [`fold`], and the database folds stored texts with the
//! same lists. On PostgreSQL an index contains the folded texts, so these lists never change: other
//! lists would need another index.

use database::Dialect;
use std::ops::RangeInclusive;

/// Arabic letters that are written in several ways, and the form that they are folded to.
pub(crate) const LETTERS: [(char, char); 6] = [
    ('أ', 'ا'),
    ('إ', 'ا'),
    ('آ', 'ا'),
    ('ٱ', 'ا'),
    ('ى', 'ي'),
    ('ة', 'ه'),
];

/// Characters that a search ignores: tatweel and the marks on Arabic letters, and all invisible
/// characters except control characters.
const IGNORED: [RangeInclusive<char>; 21] = [
    '\u{640}'..='\u{640}',
    '\u{64b}'..='\u{655}',
    '\u{670}'..='\u{670}',
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// The zeros of Unicode 17, except that of ASCII. The digits one to nine follow each zero.
#[rustfmt::skip]
const ZEROS: [char; 76] = [
    // Arabic-Indic, Extended Arabic-Indic and full-width
    '\u{660}', '\u{6f0}', '\u{ff10}',
    '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
    '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{1090}',
    '\u{17e0}', '\u{1810}', '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}', '\u{1b50}', '\u{1bb0}',
    '\u{1c40}', '\u{1c50}', '\u{a620}', '\u{a8d0}', '\u{a900}', '\u{a9d0}', '\u{a9f0}', '\u{aa50}',
    '\u{abf0}', '\u{104a0}', '\u{10d30}', '\u{10d40}', '\u{11066}', '\u{110f0}', '\u{11136}',
    '\u{111d0}', '\u{112f0}', '\u{11450}', '\u{114d0}', '\u{11650}', '\u{116c0}', '\u{116d0}',
    '\u{116da}', '\u{11730}', '\u{118e0}', '\u{11950}', '\u{11bf0}', '\u{11c50}', '\u{11d50}',
    '\u{11da0}', '\u{11de0}', '\u{11f50}', '\u{16130}', '\u{16a60}', '\u{16ac0}', '\u{16b50}',
    '\u{16d70}', '\u{1ccf0}', '\u{1d7ce}', '\u{1d7d8}', '\u{1d7e2}', '\u{1d7ec}', '\u{1d7f6}',
    '\u{1e140}', '\u{1e2f0}', '\u{1e4f0}', '\u{1e5f1}', '\u{1e950}', '\u{1fbf0}',
];

/// The characters that a search ignores in this database. SQLite needs a call of `replace` for
/// each, so it ignores none beyond U+FFFF.
pub(crate) fn ignored(dialect: Dialect) -> impl Iterator<Item = RangeInclusive<char>> {
    IGNORED
        .into_iter()
        .filter(move |range| dialect == Dialect::Postgres || *range.end() <= '\u{ffff}')
}

/// The ranges of digits, from zero to nine, that this database treats as ASCII digits. SQLite has
/// the first three ranges only, because each character costs a call of `replace`.
pub(crate) fn digits(dialect: Dialect) -> impl Iterator<Item = RangeInclusive<char>> {
    let count = match dialect {
        Dialect::Postgres => ZEROS.len(),
        Dialect::Sqlite => 3,
    };
    let nine = |zero| char::from_u32(u32::from(zero) + 9).unwrap_or(zero);
    ZEROS
        .into_iter()
        .take(count)
        .map(move |zero| zero..=nine(zero))
}

/// A text as this database folds it, except for its case.
pub(crate) fn fold(dialect: Dialect, text: &str) -> String {
    let counts = |letter: &char| !ignored(dialect).any(|range| range.contains(letter));
    let one_way = |letter: char| {
        let digits = digits(dialect).find(|range| range.contains(&letter));
        let digits = digits.into_iter().flatten().zip('0'..='9');
        let mut ways = LETTERS.into_iter().chain(digits);
        let found = ways.find(|(way, _)| *way == letter);
        found.map_or(letter, |(_, one)| one)
    };
    text.chars().filter(counts).map(one_way).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::text::{digit, is_unseen};

    /// The lists agree with `contract::text`. If a newer Unicode makes this fail, the lists change
    /// together with a migration that builds new indexes.
    #[test]
    fn the_lists_are_those_of_unicode() {
        let others: String = "\u{640}\u{670}"
            .chars()
            .chain('\u{64b}'..='\u{655}')
            .collect();
        let is_kept = |letter: char| {
            // controls, separators of lines, and blank symbols
            letter.is_control() || "\u{2028}\u{2029}\u{2800}\u{1d159}".contains(letter)
        };
        // beyond are ideographs, private characters, and nothing
        for letter in ('\u{1}'..'\u{20000}').chain('\u{e0000}'..'\u{e2000}') {
            let text = letter.to_string();
            let expected = if let Some(digit) = digit(letter) {
                digit.to_string()
            } else if others.contains(letter) || (is_unseen(letter) && !is_kept(letter)) {
                String::new()
            } else {
                let one = LETTERS.into_iter().find(|(way, _)| *way == letter);
                one.map_or(letter, |(_, one)| one).to_string()
            };
            let shown = letter.escape_unicode();
            assert_eq!(fold(Dialect::Postgres, &text), expected, "{shown}");
        }
    }
}
