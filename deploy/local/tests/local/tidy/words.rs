//! Lengths, words left behind, and lists that must be complete.

use super::{File, files, none};

/// Lines of a file at most; 300 are wanted.
const MAX_LINES: usize = 350;

/// What is written for later, and must not stay. In two parts, so that this file holds
/// none of them.
const LEFT_BEHIND: [(&str, &str); 7] = [
    ("to", "do!("),
    ("unimple", "mented!("),
    ("FIX", "ME"),
    ("XX", "X:"),
    ("TO", "DO"),
    ("#[ig", "nore"),
    ("db", "g!("),
];

/// Words that the field does not use, in two parts like the ones above.
const PRIVATE: [(&str, &str); 14] = [
    ("yo", "ung"),
    ("one_be", "hind"),
    ("row_be", "hind"),
    ("used_", "mark"),
    ("swe", "ep"),
    ("swee", "ping"),
    ("over", "due"),
    ("guar", "ded"),
    ("ad", "mit"),
    ("Lo", "ss"),
    ("Li", "ves"),
    ("stan", "ding"),
    ("ga", "te"),
    ("tur", "ned"),
];

/// Reasons that mean the same wherever they stand.
const SHARED_REASONS: [&str; 4] = [
    "FIELD_INVALID",
    "DATABASE_UNAVAILABLE",
    "INTERNAL",
    "USER_TYPE_NOT_ALLOWED",
];

#[test]
fn no_file_is_too_long() {
    let long = |file: &File| {
        let lines = file.text.lines().count();
        (lines > MAX_LINES).then(|| format!("{} has {lines} lines", file.path))
    };
    none(&files(&[".rs"]).iter().filter_map(long).collect::<Vec<_>>());
}

/// What is left behind in a file.
fn left_behind(file: &File) -> Vec<String> {
    let words = LEFT_BEHIND.map(|(start, end)| format!("{start}{end}"));
    let mut found = Vec::new();
    for (line, number) in file.text.lines().zip(1..) {
        let words = words.iter().filter(|word| line.contains(*word));
        found.extend(words.map(|word| format!("{}:{number} has {word}", file.path)));
    }
    found
}

#[test]
fn nothing_is_left_behind() {
    let ours = files(&[".rs", ".proto", ".sql", ".toml", ".yaml", "Dockerfile"]);
    none(&ours.iter().flat_map(left_behind).collect::<Vec<_>>());
}

#[test]
fn what_is_left_behind_is_found() {
    let text = LEFT_BEHIND
        .map(|(start, end)| format!("{start}{end}\n"))
        .concat();
    let found = left_behind(&File {
        path: "planted".to_owned(),
        text,
    });
    assert_eq!(found.len(), LEFT_BEHIND.len(), "{found:?}");
}

/// The private words in a file's identifiers, outside of comments and texts.
fn private_words(file: &File) -> Vec<String> {
    let words = PRIVATE.map(|(start, end)| format!("_{start}{end}_"));
    let mut found = Vec::new();
    for (line, number) in file.text.lines().zip(1..) {
        let code: String = line.split('"').step_by(2).collect();
        let code = code.split("//").next().unwrap_or_default();
        let identifiers = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        for identifier in identifiers.map(|identifier| format!("_{identifier}_")) {
            let words = words.iter().filter(|word| identifier.contains(*word));
            found.extend(words.map(|word| format!("{}:{number} has {word}", file.path)));
        }
    }
    found
}

#[test]
fn identifiers_use_the_words_of_the_field() {
    let ours = files(&[".rs", ".proto"]);
    none(&ours.iter().flat_map(private_words).collect::<Vec<_>>());
}

#[test]
fn a_private_word_is_found() {
    let text = PRIVATE.map(|(start, end)| format!("let a_{start}{end}_b = \"\"; // \n"));
    let found = private_words(&File {
        path: "planted".to_owned(),
        text: text.concat(),
    });
    assert_eq!(found.len(), PRIVATE.len(), "{found:?}");
}

/// The names of an error_reason.proto.
fn reasons(path: &str) -> Vec<String> {
    let file = files(&["error_reason.proto"])
        .into_iter()
        .find(|file| file.path == path);
    let text = file.expect(path).text;
    let names = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("ERROR_REASON_"));
    names
        .filter_map(|line| Some(line.split_once(" = ")?.0.to_owned()))
        .filter(|name| name != "UNSPECIFIED")
        .collect()
}

#[test]
fn a_reason_of_both_services_means_the_same() {
    let auth = reasons("proto/ticketing/auth/v1/error_reason.proto");
    let requests = reasons("proto/ticketing/requests/v1/error_reason.proto");
    assert!(auth.len() > 5 && requests.len() > 5);
    let mut both: Vec<_> = auth.iter().filter(|name| requests.contains(name)).collect();
    both.retain(|name| !SHARED_REASONS.contains(&name.as_str()));
    assert_eq!(both, [""; 0]);
}
