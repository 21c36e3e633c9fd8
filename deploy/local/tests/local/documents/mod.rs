//! The documents, wherever they stand: each command in them is run, and what the
//! programs offer is mentioned.

mod calls;
mod form;
mod mentioned;
mod run;
mod variables;

pub(crate) use variables::variables;

use crate::process::Running;
use std::collections::BTreeSet;
use testing::{
    documents::{Block, Run, blocks, documents},
    tree::{File, files},
};

/// Commands with the addresses that documents write replaced by those of a running program.
fn at_its_ports(running: &Running, commands: &str) -> String {
    let ports = [
        ("127.0.0.1:50051", running.auth()),
        ("127.0.0.1:50052", running.auth_internal()),
        ("127.0.0.1:50061", running.requests()),
    ];
    ports
        .iter()
        .fold(commands.to_owned(), |commands, (written, real)| {
            commands.replace(written, &real.to_string())
        })
}

#[test]
fn every_block_that_is_not_run_here_is_run_elsewhere_or_says_why_not() {
    // the names by which tests ask for commands
    let call = ["commands", "(\""].concat();
    let sources = files(&[".rs"]);
    let requested = sources
        .iter()
        .flat_map(|file| file.text.split(&call).skip(1));
    let requested: BTreeSet<_> = requested
        .filter_map(|rest| rest.split('"').next())
        .collect();
    for block in documents().iter().flat_map(blocks) {
        match &block.run {
            Run::BesideTheServices => {}
            Run::ByName(name) => {
                assert!(requested.contains(name.as_str()), "no test runs {block:?}");
            }
            Run::Not(reason) => assert!(reason.split(' ').count() > 3, "no reason: {block:?}"),
        }
    }
}

fn planted(text: &str) -> Vec<Block> {
    blocks(&File {
        path: "PLANTED.md".to_owned(),
        text: text.to_owned(),
    })
}

#[test]
fn a_block_says_who_runs_it_and_what_it_prints() {
    let found = planted(
        "<!-- not run: it would end here -->\n```sh\nexit\n```\nthen\n\n```sh\nls\npwd\n```\ngives\n\
         \n```text\na…\n```\n1. a step:\n\n   <!-- run: a step -->\n   ```sh\n   id\n   ```\n",
    );
    let block = |run, commands: &str, output: Option<&str>| Block {
        document: "PLANTED.md".to_owned(),
        run,
        commands: commands.to_owned(),
        output: output.map(str::to_owned),
    };
    assert_eq!(
        found,
        [
            block(Run::Not("it would end here".to_owned()), "exit", None),
            block(Run::BesideTheServices, "ls\npwd", Some("a…")),
            block(Run::ByName("a step".to_owned()), "   id", None),
        ]
    );
}

#[test]
#[should_panic(expected = "commands stand in a fence of `sh`")]
fn commands_in_another_fence_are_found() {
    planted("```bash\nls\n```\n");
}
