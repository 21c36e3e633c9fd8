//! Lengths, words left behind, and lists that must be complete.

use super::{File, files, none};
use clap::CommandFactory as _;
use std::collections::BTreeMap;

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

/// The old application's mistakes, by their numbers.
const MISTAKES: std::ops::RangeInclusive<u8> = 1..=18;
/// The promises, by theirs.
const PROMISES: std::ops::RangeInclusive<u8> = 1..=7;

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

/// The variables of both services with their defaults; `None` is required, and what
/// may be left out is `none`.
pub(super) fn variables() -> BTreeMap<String, Option<String>> {
    let commands = [
        auth_service::config::Arguments::command(),
        requests_service::config::Arguments::command(),
    ];
    let variable = |argument: &clap::Arg| {
        let name = argument.get_env()?.to_str()?.to_owned();
        let default = argument.get_default_values().first();
        let default = default.map_or(Some("none"), |default| default.to_str())?;
        Some((name, (!default.is_empty()).then(|| default.to_owned())))
    };
    let arguments = commands.iter().flat_map(clap::Command::get_arguments);
    arguments.filter_map(variable).collect()
}

/// The rows of the README's configuration tables: variable and default.
fn table(readme: &str) -> Vec<(String, Option<String>)> {
    let plain = |cell: &str| cell.trim().trim_matches('`').to_owned();
    let (_, section) = readme
        .split_once("\n## Configuration\n")
        .expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let mut cells = row.split('|');
        let name = plain(cells.next().unwrap_or_default());
        let default = plain(cells.next().unwrap_or_default());
        (name, (default != "required").then_some(default))
    })
    .collect()
}

#[test]
fn the_readme_has_every_variable_with_its_default() {
    let readme = files(&["README.md"]);
    let readme = readme.iter().find(|file| file.path == "README.md").unwrap();
    let (known, table) = (variables(), table(&readme.text));
    for (name, default) in &known {
        assert!(
            table.iter().any(|(row, _)| row == name),
            "{name} is missing, its default is {default:?}"
        );
    }
    for (name, default) in table {
        assert_eq!(known.get(&name), Some(&default), "{name}");
    }
}

#[test]
fn every_old_mistake_and_every_promise_has_a_test() {
    let sources = files(&[".rs"]);
    let mistakes = MISTAKES.map(|number| format!("mistake_{number:02}_"));
    let promises = PROMISES.map(|number| format!("p{number}_"));
    let has_test = |name: &String| {
        let begins = [format!("fn {name}"), format!("mod {name}")];
        let has_one = |text: &str| begins.iter().any(|begin| text.contains(begin.as_str()));
        sources.iter().any(|file| has_one(&file.text))
    };
    let missing = mistakes.chain(promises).filter(|name| !has_test(name));
    none(
        &missing
            .map(|name| format!("no test {name}…"))
            .collect::<Vec<_>>(),
    );
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
