//! The variables of the programs: their tables in the documents are what the programs declare.
//!
//! A table stands between `<!-- variables of PROGRAM -->` and `<!-- end -->`. To write all of
//! them anew: `TICKETING_WRITE_TABLES=1 cargo test --workspace --test local tables`.

use crate::tidy::none;
use clap::{Command, CommandFactory as _};
use contract::config;
use std::{collections::BTreeSet, env, fs};
use testing::{documents::documents, tools};

const START: &str = "<!-- variables of ";
const END: &str = "<!-- end -->";

/// Both services and the local program. What `migrate` reads is looked for where its tests run
/// it.
fn commands() -> [Command; 3] {
    [
        auth_service::command::command_line(),
        requests_service::config::Config::command(),
        local::Config::command(),
    ]
}

/// The variables that a command and those below it read.
fn variables_of(command: &Command) -> BTreeSet<String> {
    let variable = |argument: &clap::Arg| Some(argument.get_env()?.to_str()?.to_owned());
    let below = command.get_subcommands().flat_map(variables_of);
    let own = command.get_arguments().filter_map(variable);
    own.chain(below).collect()
}

/// The variables of all programs.
pub(crate) fn variables() -> BTreeSet<String> {
    commands().iter().flat_map(variables_of).collect()
}

/// A document with its tables as the programs declare them, and whose tables they are.
fn with_tables(text: &str) -> (String, Vec<String>) {
    let commands = commands();
    let (mut whole, mut programs) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(START) {
        let (program, after) = after.split_once(" -->").expect("the end of a comment");
        let (_, after) = after.split_once(END).expect("the end of a table");
        let command = commands
            .iter()
            .find(|command| command.get_name() == program);
        let table = config::table(command.expect(program));
        let parts = [before, START, program, " -->\n", &table, END];
        whole.extend(parts);
        programs.push(program.to_owned());
        rest = after;
    }
    (whole + rest, programs)
}

#[test]
fn the_tables_of_variables_are_what_the_programs_declare() {
    let mut shown = BTreeSet::new();
    let mut wrong = Vec::new();
    for document in documents() {
        let (whole, programs) = with_tables(&document.text);
        shown.extend(programs);
        if whole == document.text {
            continue;
        }
        if env::var_os("TICKETING_WRITE_TABLES").is_some() {
            fs::write(tools::workspace().join(&document.path), whole).unwrap();
        } else {
            wrong.push(format!("a table of variables in {}", document.path));
        }
    }
    none(&wrong);
    let services = ["auth-service", "requests-service"];
    assert!(
        services.iter().all(|name| shown.contains(*name)),
        "{shown:?}"
    );
}
