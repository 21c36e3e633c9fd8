//! Reads a configuration, and names all of its mistakes at once.
//!
//! A configuration is a struct that clap reads. The declaration of a field says everything about a
//! variable: its flag, its name, its default and its bounds. The field's comment is the line in
//! `--help` and in the documents. clap itself stops at the first wrong value, and its message
//! repeats the value, which may be a password. Therefore this module checks the values one by one
//! before clap reads them.

mod bounds;
mod table;
mod values;

pub use bounds::{not_empty, seconds, within};
pub use table::table;
pub use values::{Given, Invalid, Invocation};

use clap::{Args, Parser, Subcommand};
use std::{ffi::OsString, fmt, process::ExitCode};

/// `EX_USAGE` of `sysexits.h`: the command was used wrongly.
pub const EXIT_USAGE: u8 = 64;
/// The exit code of a command that was used correctly and failed.
pub const EXIT_FAILURE: u8 = 1;

/// The configuration of a program.
pub trait Configuration: Parser {
    /// Notes values that are valid each, but do not fit together.
    fn check(given: &Given, problems: &mut Problems);
}

/// Fields of a configuration whose values must fit together.
pub trait Part: Args {
    /// Notes the values that do not fit together.
    fn check(&self, problems: &mut Problems);
}

/// Reads the flags and the environment of this program. If something is wrong, prints it and
/// returns the exit code.
pub fn read<C: Configuration>() -> Result<C, ExitCode> {
    let command = C::command();
    let found = values::find(&command, std::env::args_os());
    let read = found.and_then(|found| Ok(values::read(&command, &found)?));
    read.map_err(|invalid| exit(command.get_name(), invalid))
}

/// The same for a program that has subcommands.
pub fn read_or<C: Configuration, S: Subcommand>() -> Result<Invocation<C, S>, ExitCode> {
    let command = values::with_subcommands::<S>(C::command());
    let found = values::find(&command, std::env::args_os());
    let read = found.and_then(|found| values::read_or(&command, &found));
    read.map_err(|invalid| exit(command.get_name(), invalid))
}

/// A configuration from flags alone, the first of which is the program's name.
pub fn from_flags<C: Configuration>(
    flags: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<C, Invalid> {
    let command = C::command();
    let found = values::find(&values::without_environment(command.clone()), flags)?;
    Ok(values::read(&command, &found)?)
}

/// Reads a command line, without the environment. Its first word is the program's name.
pub fn from_words<C: Configuration, S: Subcommand>(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Invocation<C, S>, Invalid> {
    let command = values::with_subcommands::<S>(C::command());
    let found = values::find(&values::without_environment(command.clone()), words)?;
    values::read_or(&command, &found)
}

fn exit(program: &str, invalid: Invalid) -> ExitCode {
    match invalid {
        Invalid::Usage(error) => {
            // `--help` and `--version` are not mistakes
            let code = if error.use_stderr() { EXIT_USAGE } else { 0 };
            let _ = error.print();
            ExitCode::from(code)
        }
        Invalid::Values(problems) => exit_with(program, problems, EXIT_USAGE),
    }
}

/// The mistakes in a configuration, one line each.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Notes that a variable's value cannot be used.
    pub fn note(&mut self, variable: &str, problem: impl fmt::Display) {
        self.0.push(format!("{variable}: {problem}"));
    }

    /// Notes a variable that is given without another one that it needs.
    pub fn need(
        &mut self,
        (variable, is_given): (&str, bool),
        (needed, needed_is_given): (&str, bool),
    ) {
        if is_given && !needed_is_given {
            self.note(needed, format_args!("is required with {variable}"));
        }
    }

    /// Notes two variables of which only one is given.
    pub fn need_each_other(&mut self, one: (&str, bool), other: (&str, bool)) {
        self.need(one, other);
        self.need(other, one);
    }

    /// Whether there are no mistakes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrong configuration: {}", self.0.join("; "))
    }
}

impl std::error::Error for Problems {}

/// Prints one line on standard error, and returns the exit code for it.
#[allow(clippy::print_stderr, reason = "the last words of a command")]
pub fn exit_with(program: &str, problem: impl fmt::Display, code: u8) -> ExitCode {
    eprintln!("{program}: {problem}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests;
