//! Tables of a program's variables, for its documents.

use clap::{Arg, Command};
use std::fmt::Write as _;

/// A table in Markdown of the variables that a command reads: name, default, meaning.
#[must_use]
pub fn table(command: &Command) -> String {
    let mut table = "| variable | default | meaning |\n| --- | --- | --- |\n".to_owned();
    for arg in command.get_arguments() {
        if let Some(variable) = arg.get_env() {
            let (variable, default) = (variable.to_string_lossy(), default(arg));
            // writing to a String cannot fail
            let _ = writeln!(table, "| `{variable}` | {default} | {} |", meaning(arg));
        }
    }
    table
}

fn default(arg: &Arg) -> String {
    let defaults = arg.get_default_values();
    match defaults.first().map(|text| text.to_string_lossy()) {
        Some(text) if !text.is_empty() => format!("`{text}`"),
        _ if arg.is_required_set() => "required".to_owned(),
        _ => "none".to_owned(),
    }
}

fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help());
    let text = help.map(ToString::to_string).unwrap_or_default();
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}
