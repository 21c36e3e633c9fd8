//! Rules for the name and the e-mail of a new account. Neither is changed. A text that cannot be
//! stored as given is refused, and the refusal says why.

use contract::text::{is_unseen, joins, selects_form, shows, turns_direction};

/// What is wrong with a name, if anything. Persian words and some emoji need invisible characters
/// between visible ones.
pub(super) fn problem_of_name(name: &str) -> Option<String> {
    if !name.chars().any(shows) {
        return Some("must have a character that can be seen".to_owned());
    }
    let characters: Vec<char> = name.chars().collect();
    let at = |index: Option<usize>| index.and_then(|index| characters.get(index)).copied();
    (0..).zip(&characters).find_map(|(index, character)| {
        let before = at(usize::checked_sub(index, 1));
        let follows_a_visible = before.is_some_and(stands);
        let fits = if joins(*character) {
            (follows_a_visible || before.is_some_and(selects_form))
                && at(index.checked_add(1)).is_some_and(stands)
        } else {
            !is_unseen(*character) || (selects_form(*character) && follows_a_visible)
        };
        (!fits).then(|| unseen(*character))
    })
}

/// What is wrong with an e-mail, if anything. It must have one `@` with text on both sides, and no
/// space.
pub(super) fn problem_of_email(email: &str) -> Option<String> {
    if let Some(character) = email.chars().find(|character| is_unseen(*character)) {
        return Some(unseen(character));
    }
    let is_address = email.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !email.contains(char::is_whitespace)
    });
    (!is_address).then(|| "must be an address like name@example.com".to_owned())
}

/// Whether other characters may be joined to this one.
fn stands(character: char) -> bool {
    !is_unseen(character) && !character.is_whitespace()
}

/// Names the character by its number, because it is invisible.
fn unseen(character: char) -> String {
    let does = if turns_direction(character) {
        "turns the direction of text"
    } else if joins(character) || selects_form(character) {
        "belongs between characters that can be seen"
    } else {
        "cannot be seen"
    };
    format!(
        "must not contain U+{:04X}, which {does}",
        u32::from(character)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_e_mail_has_a_name_and_a_domain_without_spaces() {
        for good in [
            "a@b",
            "name@example.com",
            "Name+tag@EXAMPLE.com",
            "م@مثال.شبكة",
        ] {
            assert_eq!(problem_of_email(good), None, "{good}");
        }
        for bad in [
            "",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a\u{a0}b@c",
            "nobody",
        ] {
            let problem = problem_of_email(bad).expect(bad);
            assert!(problem.contains("name@example.com"), "{problem}");
        }
        for (bad, named) in [
            ("mo\u{200b}na@example.com", "U+200B, which cannot be seen"),
            (
                "\u{202e}mona@example.com",
                "U+202E, which turns the direction",
            ),
            ("mona@example.com\n", "U+000A"),
            ("mona\u{200d}@example.com", "U+200D"),
            ("mona\u{fe0f}@example.com", "U+FE0F"),
            ("mona@exam\u{ad}ple.com", "U+00AD"),
            ("mo\u{3164}na@example.com", "U+3164"),
            ("mo\u{2800}na@example.com", "U+2800"),
        ] {
            let problem = problem_of_email(bad).expect(named);
            assert!(problem.contains(named), "{problem}");
        }
    }

    #[test]
    fn a_name_has_visible_characters() {
        for good in [
            "Mona",
            "محمد علي",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "👩\u{200d}❤\u{fe0f}\u{200d}👨",
            "❤\u{fe0f} Mona",
            "葛\u{e0100}城",
            "?",
            "e\u{301}",
            " Mona ",
        ] {
            assert_eq!(problem_of_name(good), None, "{good}");
        }
        let blank = "must have a character that can be seen";
        for (bad, named) in [
            ("", blank),
            (" \t ", blank),
            ("\u{200b}\u{200b}", blank),
            ("\u{a0}\u{3000}", blank),
            ("\u{3164}", blank),
            ("\u{2800}", blank),
            ("\u{200d}\u{fe0f}", blank),
            ("\u{301}", blank),
            ("\u{202e}anoM", "U+202E, which turns the direction of text"),
            ("Mona\u{200e}", "U+200E, which turns the direction of text"),
            ("\u{2066}Mona\u{2069}", "U+2066"),
            ("\u{61c}محمد", "U+061C"),
            ("Mo\u{200b}na", "U+200B, which cannot be seen"),
            ("Mo\u{ad}na", "U+00AD"),
            ("Mona\tHassan", "U+0009"),
            ("\u{200c}Mona", "U+200C, which belongs between"),
            ("Mona\u{200d}", "U+200D, which belongs between"),
            ("Mona\u{200c} Hassan", "U+200C"),
            ("Mo\u{200c}\u{200c}na", "U+200C"),
            ("\u{fe0f}Mona", "U+FE0F"),
            ("Mona \u{fe0f}", "U+FE0F"),
            (
                "🏴\u{e0067}\u{e0062}\u{e007f}",
                "U+E0067, which cannot be seen",
            ),
        ] {
            let problem = problem_of_name(bad).expect(named);
            assert!(problem.contains(named), "{problem}");
        }
    }

    proptest! {
        /// Whoever reads a name that was taken sees how long it is: between two
        /// characters that stand, there is at most a form and a joint.
        #[test]
        fn unseen_characters_of_a_name_stand_between_visible_ones(
            name in "[a\u{645} \u{200b}\u{200c}\u{200d}\u{202e}\u{fe0f}\u{301}\u{3164}]{0,8}"
        ) {
            if problem_of_name(&name).is_none() {
                prop_assert!(name.chars().any(shows));
                let never = ['\u{200b}', '\u{202e}', '\u{3164}'];
                prop_assert!(!name.contains(never));
                prop_assert!(!name.starts_with(is_unseen));
                prop_assert!(!name.ends_with(joins));
                let pairs = name.chars().zip(name.chars().skip(1));
                for (one, next) in pairs.filter(|(one, next)| is_unseen(*one) && is_unseen(*next)) {
                    prop_assert!(selects_form(one) && joins(next), "{name:?}");
                }
            }
        }

        #[test]
        fn an_address_that_was_taken_is_seen_whole(email in any::<String>()) {
            if problem_of_email(&email).is_none() {
                prop_assert!(email.chars().all(stands));
            }
        }
    }
}
