//! The README is run: its commands in one bash, its outputs compared.
//!
//! The rule: each ```sh block is run, unless an HTML comment `<!-- not run: reason
//! -->` stands right before it. A ```text or ```json block after it (before the next
//! ```sh) is what it prints, on both outputs; `…` in it stands for anything within the
//! line, and a line that is only `…` for any number of lines. A block must succeed,
//! unless its output shows an `ERROR:`. The ports are those of `cargo run`; the test
//! puts its own in their place.

use crate::{process::Running, shell};
use std::process::Stdio;
use testing::tools;

/// Commands of the README.
#[derive(Debug, PartialEq)]
struct Block<'a> {
    commands: &'a str,
    /// What the README says they print, if it does.
    output: Option<&'a str>,
}

/// The blocks that are run, and the reasons of those that are not.
fn blocks(readme: &str) -> (Vec<Block<'_>>, Vec<&str>) {
    let (mut run, mut reasons) = (Vec::new(), Vec::new());
    let mut parts = readme.split("\n```");
    let mut before = parts.next().unwrap_or_default();
    // fences open and close in turn
    while let (Some(block), after) = (parts.next(), parts.next().unwrap_or_default()) {
        let (language, text) = block.split_once('\n').unwrap_or((block, ""));
        let last = before.trim_end().lines().last().unwrap_or_default();
        let not_run = last.strip_prefix("<!-- not run: ");
        match (language, not_run, run.last_mut()) {
            ("sh", Some(reason), _) => {
                reasons.push(reason);
            }
            ("sh", None, _) => run.push(Block {
                commands: text,
                output: None,
            }),
            (
                "text" | "json",
                _,
                Some(Block {
                    output: output @ None,
                    ..
                }),
            ) => {
                *output = Some(text);
            }
            _ => panic!("a block that is neither commands nor their output: {block}"),
        }
        before = after;
    }
    (run, reasons)
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

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_does_what_it_says() {
    let readme = std::fs::read_to_string(tools::workspace().join("README.md")).unwrap();
    let (blocks, reasons) = blocks(&readme);
    for reason in reasons {
        assert!(
            reason.len() > "-->".len() + 10,
            "a reason not to run it: {reason}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("data"), &[]);
    let ports = [
        ("127.0.0.1:50051", running.auth()),
        ("127.0.0.1:50052", running.auth_internal()),
        ("127.0.0.1:50061", running.requests()),
    ];
    let commands: Vec<_> = blocks
        .iter()
        .map(|block| {
            ports
                .iter()
                .fold(block.commands.to_owned(), |commands, (written, real)| {
                    commands.replace(written, &real.to_string())
                })
        })
        .collect();
    let outcomes = shell::run(&commands, folder.path(), Stdio::null());
    for (block, outcome) in blocks.iter().zip(outcomes) {
        let Some(output) = block.output else {
            outcome.succeeded();
            continue;
        };
        assert_eq!(
            outcome.status != 0,
            output.contains("ERROR:"),
            "{}",
            outcome.output
        );
        let pattern: Vec<_> = output.lines().collect();
        let lines: Vec<_> = outcome.output.lines().collect();
        let (commands, printed) = (block.commands, &outcome.output);
        assert!(
            fits(&pattern, &lines),
            "README says that\n{commands}\nprints\n{output}\nbut it prints\n{printed}"
        );
    }
}

#[test]
fn a_block_is_run_unless_a_reason_stands_before_it() {
    let readme = "# t\n\n<!-- not run: it ends -->\n```sh\nexit\n```\n\nthen\n\n```sh\nls\n```\n\
                  gives\n\n```text\na…\n```\nend\n";
    let (run, reasons) = blocks(readme);
    assert_eq!(
        run,
        [Block {
            commands: "ls",
            output: Some("a…")
        }]
    );
    assert_eq!(reasons, ["it ends -->"]);
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
