//! Properties of characters, as Unicode defines them: visible, invisible, digit.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BidiControl, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, JoinControl,
        PrependedConcatenationMark, VariationSelector,
    },
};

/// Braille's blank pattern and the null note head are symbols that show nothing.
const BLANK_SYMBOLS: [char; 2] = ['\u{2800}', '\u{1d159}'];

/// Characters that are visible on their own.
const VISIBLE: GeneralCategoryGroup = GeneralCategoryGroup::Letter
    .union(GeneralCategoryGroup::Number)
    .union(GeneralCategoryGroup::Punctuation)
    .union(GeneralCategoryGroup::Symbol);

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

/// The ASCII digit for a decimal digit of any script. The decimal digits of a script are
/// consecutive, from zero to nine (Unicode Standard, section 4.6).
#[must_use]
pub fn digit(character: char) -> Option<char> {
    let is_digit = |point: &u32| {
        let category = CodePointMapData::<GeneralCategory>::new().get32(*point);
        category == GeneralCategory::DecimalNumber
    };
    let point = u32::from(character);
    if !is_digit(&point) {
        return None;
    }
    let before = (0..point).rev().take_while(is_digit).count();
    char::from_digit(u32::try_from(before % 10).ok()?, 10)
}

/// Whether a character is invisible: a control or format character, a separator of lines or
/// paragraphs, a character that Unicode calls default-ignorable, or a blank symbol.
#[must_use]
pub fn is_unseen(character: char) -> bool {
    match category(character) {
        GeneralCategory::Control
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => true,
        // for example the Arabic number sign, which encloses the number that follows
        GeneralCategory::Format => {
            !CodePointSetData::new::<PrependedConcatenationMark>().contains(character)
        }
        _ => {
            BLANK_SYMBOLS.contains(&character)
                || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        }
    }
}

/// Whether a character is visible on its own.
#[must_use]
pub fn shows(character: char) -> bool {
    VISIBLE.contains(category(character)) && !is_unseen(character)
}

/// Whether an invisible character changes the direction of the text around it (UAX #9).
#[must_use]
pub fn turns_direction(character: char) -> bool {
    CodePointSetData::new::<BidiControl>().contains(character)
}

/// Whether an invisible character joins or separates its neighbours: U+200C and U+200D. Persian
/// words and some emoji need them.
#[must_use]
pub fn joins(character: char) -> bool {
    CodePointSetData::new::<JoinControl>().contains(character)
}

/// Whether an invisible character selects the form of the character before it.
#[must_use]
pub fn selects_form(character: char) -> bool {
    CodePointSetData::new::<VariationSelector>().contains(character)
}

/// A text without its invisible characters.
#[must_use]
pub fn without_unseen(text: &str) -> String {
    text.chars().filter(|letter| !is_unseen(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_digits_of_every_script_have_their_value() {
        for digits in [
            "0123456789",
            "٠١٢٣٤٥٦٧٨٩",
            "۰۱۲۳۴۵۶۷۸۹",
            "०१२३४५६७८९",
            "০১২৩৪৫৬৭৮৯",
            "๐๑๒๓๔๕๖๗๘๙",
            "０１２３４５６７８９",
            "𞥐𞥑𞥒𞥓𞥔𞥕𞥖𞥗𞥘𞥙",
            // five rows side by side
            "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
            "𝟶𝟷𝟸𝟹𝟺𝟻𝟼𝟽𝟾𝟿",
        ] {
            let read: String = digits.chars().filter_map(digit).collect();
            assert_eq!(read, "0123456789", "{digits}");
        }
        for other in ['a', '½', '²', '①', '五', 'Ⅴ', '/', ':', '\u{0}'] {
            assert_eq!(digit(other), None, "{other}");
        }
        let mut count = [0_usize; 10];
        for digit in (char::MIN..=char::MAX).filter_map(digit) {
            count[digit.to_digit(10).unwrap() as usize] += 1;
        }
        assert!(count[0] >= 77, "{count:?}");
        assert_eq!(count, [count[0]; 10]);
    }

    #[test]
    fn visible_characters_are_told_from_invisible_ones() {
        for visible in "aÉع字🐎٣1.«+".chars() {
            assert!(shows(visible) && !is_unseen(visible), "{visible}");
        }
        assert!(!is_unseen('\u{600}'), "the Arabic number sign");
        for unseen in [
            '\0',
            '\n',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{2069}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{fffb}',
            '\u{e0041}',
            '\u{e0100}',
        ] {
            assert!(
                is_unseen(unseen) && !shows(unseen),
                "{}",
                unseen.escape_unicode()
            );
        }
        for blank in [' ', '\u{a0}', '\u{3000}', '\u{301}', '\u{64e}'] {
            assert!(
                !is_unseen(blank) && !shows(blank),
                "{}",
                blank.escape_unicode()
            );
        }
    }

    #[test]
    fn characters_that_change_direction_join_or_select_are_invisible() {
        for character in char::MIN..=char::MAX {
            if turns_direction(character) || joins(character) || selects_form(character) {
                assert!(is_unseen(character), "{}", character.escape_unicode());
            }
            assert!(
                !(shows(character) && (is_unseen(character) || character.is_whitespace())),
                "{}",
                character.escape_unicode()
            );
        }
    }
}
