//! The names that the contract's comments use: each is there, each reason stands under
//! the code that it has, and each can be given.

use super::{File, files, none};
use crate::documents::variables;
use std::collections::{BTreeMap, BTreeSet};

/// Where the contract is.
const CONTRACT: &str = "proto/ticketing/";

/// Codes of gRPC that a refusal may have.
const CODES: [&str; 12] = [
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "UNAUTHENTICATED",
    "DEADLINE_EXCEEDED",
];

/// A comment, and the line of code after it.
type Comment = (String, String);

fn contract() -> Vec<File> {
    let mut protos = files(&[".proto"]);
    protos.retain(|file| file.path.starts_with(CONTRACT));
    assert!(protos.len() > 5);
    protos
}

fn comments(text: &str) -> Vec<Comment> {
    let mut comments = Vec::new();
    let mut comment = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("//") {
            comment.push_str(words);
        } else if !comment.is_empty() {
            comments.push((std::mem::take(&mut comment), line.to_owned()));
        }
    }
    comments
}

/// Names in capitals: `TOKEN_EXPIRED`, and `TOKEN_*` or `TOKEN_` for all that begin so.
/// The name of a file or of a package is none.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "_*.".contains(letter);
    let words = text.split(move |letter| !is_of_name(letter));
    let words = words.map(|word| word.trim_matches('.'));
    words.filter(|word| {
        let begins = word.starts_with(|letter: char| letter.is_ascii_uppercase());
        begins && !word.contains(|letter: char| letter.is_ascii_lowercase())
    })
}

/// The values of all enums, whole.
fn values(protos: &[File]) -> BTreeSet<String> {
    let lines = protos.iter().flat_map(|file| file.text.lines());
    let values = lines.filter_map(|line| line.trim().split_once(" = "));
    let values = values.filter(|(value, _)| names(value).any(|name| name == *value));
    values.map(|(value, _)| value.to_owned()).collect()
}

/// The codes of each reason, as its comment says them; none for any code.
fn reasons(protos: &[File]) -> BTreeMap<String, BTreeSet<String>> {
    let mut reasons: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in protos {
        for (comment, line) in comments(&file.text) {
            let reason = line.strip_prefix("ERROR_REASON_");
            let reason = reason.and_then(|reason| reason.split_once(" = "));
            let Some((reason, _)) = reason.filter(|(reason, _)| *reason != "UNSPECIFIED") else {
                continue;
            };
            let (code, _) = comment.split_once(':').unwrap_or_default();
            let code = code.trim();
            assert!(
                CODES.contains(&code) || code == "Any code",
                "{reason} has no code: {comment}"
            );
            let codes = reasons.entry(reason.to_owned()).or_default();
            codes.extend((code != "Any code").then(|| code.to_owned()));
        }
    }
    reasons
}

/// Whether a name in a comment means a name that is there.
fn means(name: &str, known: &str) -> bool {
    let beginning = name.trim_end_matches('*');
    if beginning.ends_with('_') {
        return known.starts_with(beginning);
    }
    name == known
}

#[test]
fn every_name_in_a_comment_of_the_contract_is_there() {
    let protos = contract();
    let (values, variables) = (values(&protos), variables());
    let is_there = |name: &str| {
        let is_value = |value: &String| means(name, value) || value.ends_with(&format!("_{name}"));
        CODES.contains(&name)
            || values.iter().any(is_value)
            || reasons(&protos).keys().any(|reason| means(name, reason))
            || variables.contains(name)
    };
    let mut missing = Vec::new();
    for file in &protos {
        for (comment, line) in comments(&file.text) {
            // one word in capitals may be any abbreviation
            let unknown = names(&comment).filter(|name| name.contains('_') && !is_there(name));
            missing.extend(unknown.map(|name| format!("{}: {name} before {line}", file.path)));
        }
    }
    none(&missing);
}

/// What stands in parentheses after a code: `NOT_FOUND (OWN_SESSION_NOT_FOUND)`.
fn after_codes(comment: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for code in CODES {
        for (at, _) in comment.match_indices(code) {
            let rest = comment[at + code.len()..].trim_start();
            let inside = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
            found.extend(inside.map(|(inside, _)| (code, inside)));
        }
    }
    found
}

#[test]
fn every_reason_stands_under_the_code_that_it_has() {
    let protos = contract();
    let reasons = reasons(&protos);
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for file in &protos {
        for (comment, line) in comments(&file.text) {
            for (code, inside) in after_codes(&comment) {
                for name in names(inside) {
                    let meant = reasons.iter().filter(|(reason, _)| means(name, reason));
                    for (reason, codes) in meant {
                        seen += 1;
                        if !codes.is_empty() && !codes.contains(code) {
                            wrong.push(format!(
                                "{}: {reason} under {code} before {line}",
                                file.path
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(seen > 60, "{seen}");
    none(&wrong);
}

/// By what the contract calls them, and not only in tests.
#[test]
fn every_reason_of_the_contract_can_be_given() {
    let mut sources = files(&[".rs"]);
    sources.retain(|file| {
        file.path.contains("/src/")
            && !file.path.contains("tests")
            && !file.path.contains("testing")
    });
    let given = |reason: &String| {
        let camel: String = reason
            .split('_')
            .map(|word| word[..1].to_owned() + &word[1..].to_lowercase())
            .collect();
        let name = format!("ErrorReason::{camel}");
        let is_it = |rest: &str| !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        let gives = |file: &File| file.text.split(&name).skip(1).any(is_it);
        sources.iter().any(gives)
    };
    let reasons = reasons(&contract());
    assert!(reasons.len() > 40, "{}", reasons.len());
    let never = reasons.keys().filter(|reason| !given(reason));
    none(
        &never
            .map(|reason| format!("{reason} is never given"))
            .collect::<Vec<_>>(),
    );
}
