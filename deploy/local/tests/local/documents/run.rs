//! The blocks of commands that a document leaves to this suite, and what they print.
//!
//! In what they print `…` stands for anything within the line, and a line that is only
//! `…` for any number of lines. A block must succeed, unless its output shows an `ERROR:`.
//! The ports are those of `cargo run`; the test puts its own in their place.
//!
//! No test has a cluster. The real kubectl reads the flags of a command for one, and the
//! objects that it names are there.

use super::at_its_ports;
use crate::{manifests, process::Running, shell};
use std::{path::Path, process::Stdio};
use testing::documents::{Block, Run, blocks, documents};

/// Stands for kubectl, and notes what it is asked. `SECRETS` and `OVERLAY` are set, as
/// documents tell readers to who come back to them.
const KUBECTL: &str = "SECRETS=$HOME; OVERLAY=production
    kubectl() { command kubectl --help=true \"$@\" >/dev/null && echo \"$*\" >>\"$HOME/asked\"; }";

/// Fails if the calls of kubectl name an object that neither the manifests nor one of the
/// calls makes.
#[track_caller]
fn check_objects(document: &str, home: &Path) {
    let requested = std::fs::read_to_string(home.join("asked")).unwrap_or_default();
    let words: Vec<_> = requested.split_whitespace().collect();
    let mut known = manifests::objects();
    let created = words.windows(3).filter(|words| words[0] == "create");
    known.extend(created.map(|words| format!("{}/{}", words[1], words[2])));
    for word in &words {
        // also what a flag names: `--from=cronjob/end-sessions`
        let object = word.rsplit('=').next().unwrap_or_default();
        let is_object = ["cronjob/", "deployment/", "job/", "service/"]
            .iter()
            .any(|kind| object.starts_with(kind));
        assert!(
            !is_object || known.contains(object),
            "{document}: there is no {object}"
        );
    }
}

/// Whether lines fit a pattern of lines.
fn fits(pattern: &[&str], lines: &[&str]) -> bool {
    match pattern {
        [] => lines.is_empty(),
        ["…", rest @ ..] => (0..=lines.len()).any(|skipped| fits(rest, &lines[skipped..])),
        [first, rest @ ..] => lines
            .split_first()
            .is_some_and(|(line, others)| fits_line(first, line) && fits(rest, others)),
    }
}

/// Whether a line fits a pattern with gaps.
fn fits_line(pattern: &str, line: &str) -> bool {
    let (pattern, line) = (pattern.trim_end(), line.trim_end());
    let Some((start, rest)) = pattern.split_once('…') else {
        return pattern == line;
    };
    line.strip_prefix(start).is_some_and(|line| {
        let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        ends.into_iter().any(|at| fits_line(rest, &line[at..]))
    })
}

/// Fails unless a block did what its document says.
#[track_caller]
fn compare(block: &Block, outcome: &shell::Outcome) {
    let Some(output) = &block.output else {
        assert_eq!(
            outcome.status, 0,
            "{}:\n{}\n{}",
            block.document, block.commands, outcome.output
        );
        return;
    };
    let pattern: Vec<_> = output.lines().collect();
    let lines: Vec<_> = outcome.output.lines().collect();
    let fails = output.contains("ERROR:");
    assert!(
        fits(&pattern, &lines) && fails == (outcome.status != 0),
        "{} says that\n{}\nprints\n{output}\nbut it prints\n{}\nwith the status {}",
        block.document,
        block.commands,
        outcome.output,
        outcome.status
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("data"), &[]);
    let mut run = 0;
    for document in documents() {
        let mut blocks = blocks(&document);
        blocks.retain(|block| block.run == Run::BesideTheServices);
        let home = tempfile::tempdir().unwrap();
        let commands = blocks
            .iter()
            .map(|block| at_its_ports(&running, &block.commands));
        let first = std::iter::once(KUBECTL.to_owned());
        let commands: Vec<_> = first.chain(commands).collect();
        let outcomes = shell::run(&commands, home.path(), Stdio::null());
        for (block, outcome) in blocks.iter().zip(&outcomes[1..]) {
            compare(block, outcome);
        }
        check_objects(&document.path, home.path());
        run += blocks.len();
    }
    assert!(run > 0, "no document has commands");
}

#[test]
fn gaps_stand_for_anything_and_nothing_else_does() {
    assert!(fits_line(r#""id": …,"#, r#""id": 17,"#));
    assert!(fits_line("a…b…", "a, then b, then c"));
    assert!(!fits_line("a…b", "a, then b, then c"));
    assert!(!fits_line("a", "ab"));
    assert!(fits(&["a", "…", "d"], &["a", "b", "c", "d"]));
    assert!(fits(&["a", "…", "d"], &["a", "d"]));
    assert!(!fits(&["a", "…", "d"], &["a", "b"]));
    assert!(!fits(&["a"], &["a", "b"]));
}
