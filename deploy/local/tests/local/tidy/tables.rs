//! Tables that say by which tests something is shown. Each test that one names is
//! there; and no promise, and no mistake of the old application, goes without one.

use super::{files, none};
use std::collections::BTreeSet;
use testing::documents::documents;

/// The heading of the column of tests, which is a table's last.
const COLUMN: &str = "shown by";

/// Documents whose tables have a test in each row, with the number of rows: the promises, and the
/// mistakes of the old application.
const COMPLETE: [(&str, usize); 2] = [("auth-service/README.md", 7), ("deploy/ADOPTING.md", 19)];

/// A document that names tests in its sentences, too.
const SECURITY: &str = "auth-service/SECURITY.md";

/// Macros that make a test of each name that a line of theirs begins with.
const MACROS: [&str; 3] = [
    "on_both_databases! {",
    "there_and_back! {",
    "in_both_languages! {",
];

/// What a text begins with as far as it is a name.
fn name(text: &str) -> &str {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let end = text.find(|letter| !is_of_name(letter));
    &text[..end.unwrap_or(text.len())]
}

/// The tests of a source.
fn tests(source: &str) -> BTreeSet<&str> {
    let mut tests = BTreeSet::new();
    let mut follows_attribute = false;
    // how far the macro is indented that the line is in
    let mut within = None;
    for line in source.lines() {
        let code = line.trim_start();
        let indented = line.len() - code.len();
        let function = code.strip_prefix("async ").unwrap_or(code);
        let function = function.strip_prefix("fn ");
        if MACROS.iter().any(|name| code.ends_with(name)) {
            within = Some(indented);
        } else if within == Some(indented) && code == "}" {
            within = None;
        } else if within.is_some_and(|macros| indented == macros + 4) {
            tests.insert(name(function.unwrap_or(code)));
        } else if code.starts_with("#[test]") || code.starts_with("#[tokio::test") {
            follows_attribute = true;
        } else if let Some(function) = function.filter(|_| follows_attribute) {
            tests.insert(name(function));
            follows_attribute = false;
        }
    }
    tests.remove("");
    tests
}

/// The last cells of the rows that show something by tests.
fn cells(document: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut is_in_table = false;
    for line in document.lines() {
        let row = line
            .trim()
            .strip_prefix('|')
            .and_then(|row| row.strip_suffix('|'));
        let last = row.and_then(|row| row.rsplit('|').next()).map(str::trim);
        match last {
            Some(COLUMN) => is_in_table = true,
            Some(cell) if is_in_table && !cell.starts_with("---") => cells.push(cell),
            Some(_) => (),
            None => is_in_table = false,
        }
    }
    cells
}

/// What stands in code type in a cell.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Names of tests in a text: words in code type, of four parts or more. What has fewer
/// is a field, a variable or a column.
fn named(text: &str) -> impl Iterator<Item = &str> {
    code(text).filter(|word| {
        let is_of_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        let mut parts = word.split('_');
        word.split('_').count() > 3
            && parts.all(|part| !part.is_empty() && part.chars().all(is_of_part))
    })
}

/// What is wrong with the tables of a document.
fn wrong(path: &str, text: &str, tests: &BTreeSet<&str>) -> Vec<String> {
    let cells = cells(text);
    let mut wrong = Vec::new();
    if COMPLETE.iter().any(|(complete, _)| *complete == path) {
        let without = cells.iter().filter(|cell| code(cell).next().is_none());
        wrong.extend(without.map(|cell| format!("{path}: a row without a test: {cell:?}")));
        if cells.is_empty() {
            wrong.push(format!("{path} has no table with a column {COLUMN:?}"));
        }
    }
    let in_sentences = if path == SECURITY { text } else { "" };
    let names = cells.into_iter().flat_map(code).chain(named(in_sentences));
    let unknown: BTreeSet<_> = names.filter(|name| !tests.contains(name)).collect();
    wrong.extend(
        unknown
            .iter()
            .map(|name| format!("{path}: {name} is no test")),
    );
    wrong
}

#[test]
fn every_row_of_the_tables_is_shown_by_tests_that_are_there() {
    let sources = files(&[".rs"]);
    let tests = sources.iter().flat_map(|file| tests(&file.text)).collect();
    let documents = documents();
    for (path, rows) in COMPLETE {
        let document = documents.iter().find(|file| file.path == path);
        let found = document.map(|file| cells(&file.text).len());
        assert_eq!(found, Some(rows), "rows of {path}");
    }
    let wrong = documents
        .iter()
        .flat_map(|file| wrong(&file.path, &file.text, &tests));
    none(&wrong.collect::<Vec<_>>());
}

#[test]
fn tests_are_told_from_other_functions() {
    let source = "#[test]\nfn one() {}\nfn two() {}\n#[tokio::test(flavor = \"x\")]\n#[expect(y)]\n\
                  async fn three() {}\ntesting::on_both_databases! {\n    /// Says why.\n    \
                  async fn four(kind: Kind) {\n        let five = six();\n    }\n}\n\
                  mod tests {\n    there_and_back! {\n        seven 'a'\n    }\n    fn eight() {}\n}\n";
    let expected = ["one", "three", "four", "seven"];
    assert_eq!(tests(source), BTreeSet::from(expected));
}

#[test]
fn a_row_without_a_test_and_a_test_that_is_gone_are_found() {
    let row = |cell: &str| {
        format!("a sentence\n\n| promise | shown by |\n| --- | --- |\n| kept | {cell} |\n")
    };
    let wrong = |path, text: &str| wrong(path, text, &BTreeSet::from(["is_there"]));
    let [(path, _), _] = COMPLETE;
    assert_eq!(wrong(path, &row("`is_there`, `is_gone`")).len(), 1);
    assert_eq!(wrong(path, &row("–")).len(), 1);
    assert_eq!(
        wrong(
            path,
            "| promise | why |\n| --- | --- |\n| kept | `is_there` |\n"
        )
        .len(),
        1
    );
    assert_eq!(wrong(path, &row("`is_there`")), [""; 0]);
    // norms also ask what needs no test
    assert_eq!(wrong(SECURITY, &row("–")), [""; 0]);
    assert_eq!(wrong(SECURITY, &row("`is_gone`")).len(), 1);
    assert_eq!(
        wrong(
            SECURITY,
            "`a_test_that_is_gone`, `used_at`, `ROW_IS_BEHIND_IT`"
        )
        .len(),
        1
    );
}
