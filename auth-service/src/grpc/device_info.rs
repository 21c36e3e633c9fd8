//! The name of a client's device, cleaned for display.

use contract::text::without_unseen;

/// The longest name that is kept. On PostgreSQL, the audit log's column holds no more. Its row is
/// written in the log-in's transaction, so a longer name would make the log-in fail.
pub const MAX_DEVICE_CHARACTERS: usize = 255;

/// The text without invisible characters, trimmed, and cut to [`MAX_DEVICE_CHARACTERS`]. `None` if
/// nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let seen = without_unseen(text);
    let bounded: String = seen.trim().chars().take(MAX_DEVICE_CHARACTERS).collect();
    Some(bounded.trim_end().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::text::is_unseen;
    use proptest::prelude::*;

    #[test]
    fn invisible_characters_are_removed_and_the_others_stay() {
        let cleaned = |text: &str| clean(text).unwrap_or_default();
        assert_eq!(
            cleaned(" Fire\u{7}fox\r\n on\tAndroid "),
            "Firefox onAndroid"
        );
        assert_eq!(cleaned("\u{202e}exe.xofer\u{202c}if"), "exe.xoferif");
        assert_eq!(
            cleaned("\u{feff}\u{200b} هاتف\u{200f} سارة \u{2066}"),
            "هاتف سارة"
        );
        assert_eq!(cleaned("\u{1f4f1} Søren’s"), "\u{1f4f1} Søren’s");
        for empty in ["", " ", "\0", "\u{200d}\u{2028}", "\u{a0}\u{200b}"] {
            assert_eq!(clean(empty), None, "{empty:?}");
        }
        assert_eq!(cleaned(&format!("{}x", " ".repeat(300))), "x");
        assert_eq!(
            cleaned(&"é".repeat(300)).chars().count(),
            MAX_DEVICE_CHARACTERS
        );
        assert_eq!(cleaned(&format!("{} y", "x".repeat(254))), "x".repeat(254));
    }

    proptest! {
        #[test]
        fn cleaned_text_is_clean_and_bounded(text in any::<String>(), times in 1_usize..50) {
            if let Some(text) = clean(&text.repeat(times)) {
                prop_assert!((1..=MAX_DEVICE_CHARACTERS).contains(&text.chars().count()));
                prop_assert!(!text.contains(is_unseen));
                prop_assert_eq!(text.trim(), &text);
                prop_assert_eq!(clean(&text), Some(text));
            }
        }
    }
}
