//! What `auth-service/SECURITY.md` says is shown is shown by a test.

use super::{File, files, none};
use std::collections::BTreeSet;

/// Names of tests in a text: words in code type, of four parts or more. What has
/// fewer is a field, a variable or a column.
fn named(text: &str) -> BTreeSet<&str> {
    let is_name = |word: &&str| {
        word.split('_').count() > 3
            && word.split('_').all(|part| {
                !part.is_empty()
                    && part
                        .chars()
                        .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
            })
    };
    // every second piece between backquotes is code
    text.split('`').skip(1).step_by(2).filter(is_name).collect()
}

/// Names of functions below an attribute or in the macro that makes tests of them.
fn tests(sources: &[File]) -> BTreeSet<&str> {
    let name = |line: &'_ str| -> Option<(usize, usize)> {
        let start = line.find("fn ")? + 3;
        let length = line[start..].find('(')?;
        Some((start, start + length))
    };
    let lines = sources.iter().flat_map(|file| file.text.lines());
    lines
        .filter_map(|line| name(line).map(|(start, end)| &line[start..end]))
        .collect()
}

#[test]
fn every_test_that_the_document_of_security_names_is_there() {
    let document = files(&["SECURITY.md"]);
    let sources = files(&[".rs"]);
    let tests = tests(&sources);
    let named: BTreeSet<_> = document.iter().flat_map(|file| named(&file.text)).collect();
    assert!(named.len() > 30, "{named:?}");
    let unknown = named.difference(&tests);
    none(
        &unknown
            .map(|name| format!("{name} is no test"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn names_of_tests_are_told_from_other_code() {
    let text = "`no_call_is_2_late` and `used_at`, `SESSION_ROW_BEHIND`, `a_b_c_d`";
    assert_eq!(
        named(text).into_iter().collect::<Vec<_>>(),
        ["a_b_c_d", "no_call_is_2_late"]
    );
}
