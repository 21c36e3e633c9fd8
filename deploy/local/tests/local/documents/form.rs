//! Each link of a document leads somewhere, and no document is longer than its reader reads.

use crate::tidy::none;
use std::{collections::BTreeSet, path::Path};
use testing::{documents::documents, tools, tree::File};

/// Lines of a document at most. Others may be longer.
const MAX_LINES: [(&str, usize); 6] = [
    ("README.md", 150),
    (".github/CONTRIBUTING.md", 150),
    ("shared/README.md", 150),
    ("deploy/README.md", 50),
    ("auth-service/README.md", 250),
    ("requests-service/README.md", 250),
];

/// A document without its fences and what stands in backquotes.
fn prose(text: &str) -> String {
    let outside = text.split("```").step_by(2);
    let outside = outside.map(|text| text.split('`').step_by(2).collect::<Vec<_>>().join("`"));
    outside.collect::<Vec<_>>().join("\n")
}

/// What the links of a document lead to: files of the workspace, each with an anchor or none.
fn links(text: &str) -> Vec<(String, String)> {
    let prose = prose(text);
    let targets = prose.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split(')').next());
    let ours = targets.filter(|target| !target.contains("://"));
    let parts = ours.map(|target| target.split_once('#').unwrap_or((target, "")));
    parts
        .map(|(path, anchor)| (path.to_owned(), anchor.to_owned()))
        .collect()
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let outside = text.split("```").step_by(2);
    let headings = outside
        .flat_map(str::lines)
        .filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let name = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
        name.chars()
            .filter(kept)
            .collect::<String>()
            .replace(' ', "-")
    };
    headings.map(anchor).collect()
}

/// The links of a document that lead nowhere, where `read` gives what is at a path.
fn broken(file: &File, read: impl Fn(&Path) -> Option<String>) -> Vec<String> {
    let folder = Path::new(&file.path).parent().unwrap();
    let mut broken = Vec::new();
    for (path, anchor) in links(&file.text) {
        let target = match path.as_str() {
            "" => Some(file.text.clone()),
            path => read(&folder.join(path)),
        };
        let leads_there =
            target.is_some_and(|text| anchor.is_empty() || anchors(&text).contains(&anchor));
        if !leads_there {
            broken.push(format!("{}: nothing is at {path}#{anchor}", file.path));
        }
    }
    broken
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let read = |path: &Path| {
        let path = tools::workspace().join(path);
        // a folder has no anchors
        let folder = path.is_dir().then(String::new);
        // a picture has none, either
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        folder.or_else(|| std::fs::read(path).ok().map(text))
    };
    let documents = documents();
    assert!(
        documents
            .iter()
            .map(|file| links(&file.text).len())
            .sum::<usize>()
            > 100
    );
    let broken = documents.iter().flat_map(|file| broken(file, read));
    none(&broken.collect::<Vec<_>>());
}

#[test]
fn no_document_is_longer_than_its_reader_reads() {
    let documents = documents();
    let long = MAX_LINES.iter().filter_map(|(path, most)| {
        let file = documents.iter().find(|file| file.path == *path);
        let lines = file.expect(path).text.lines().count();
        (lines > *most).then(|| format!("{path} has {lines} lines, of {most}"))
    });
    none(&long.collect::<Vec<_>>());
}

/// The names of alerts in a text: `Ticketing`, and what begins with a capital after it.
fn alerts(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let is_alert = |word: &&str| {
        let rest = word.strip_prefix("Ticketing").unwrap_or_default();
        rest.starts_with(|letter: char| letter.is_ascii_uppercase())
    };
    words.filter(is_alert).collect()
}

#[test]
fn every_alert_that_the_guide_for_operators_names_is_there() {
    let read = |path| std::fs::read_to_string(tools::workspace().join(path)).unwrap();
    let guide = read("deploy/OPERATING.md");
    let rules = read("deploy/alerts/ticketing.rules.yaml");
    let gone: Vec<_> = alerts(&guide)
        .difference(&alerts(&rules))
        .copied()
        .collect();
    assert_eq!(gone, [""; 0]);
    assert!(alerts(&guide).len() > 2);
}

#[test]
fn a_link_to_nothing_is_found() {
    let file = File {
        path: "folder/PLANTED.md".to_owned(),
        text: "# One `two`: three\n[a](#one-two-three) [b](b.md#there) [c](https://c) `[d](d)`\n\
               ```sh\n# no heading\necho '[e](e)'\n```\n[f](../f) [g](b.md#gone) [h](#no-heading)\n"
            .to_owned(),
    };
    let read = |path: &Path| (path == Path::new("folder/b.md")).then(|| "## There".to_owned());
    assert_eq!(
        broken(&file, read),
        [
            "folder/PLANTED.md: nothing is at ../f#",
            "folder/PLANTED.md: nothing is at b.md#gone",
            "folder/PLANTED.md: nothing is at #no-heading",
        ]
    );
}
