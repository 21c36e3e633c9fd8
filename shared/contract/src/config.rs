//! Reading a configuration so that one start names every mistake.
//!
//! A configuration is a struct that clap reads. The declaration of a field is all that there is
//! of a variable: its flag, its name, its default, its bounds, and by its comment its line in
//! `--help` and in the documents. clap stops at the first wrong value, and its message repeats the
//! value, which may be a password; so the values are looked at here, one by one, before clap
//! reads all of them.

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
/// The command was right and failed.
pub const EXIT_FAILURE: u8 = 1;

/// What a program is configured by.
pub trait Configuration: Parser {
    /// Notes values that are right each and do not fit together.
    fn check(given: &Given, problems: &mut Problems);
}

/// Fields of a configuration whose values must fit together.
pub trait Part: Args {
    /// Notes those that do not.
    fn check(&self, problems: &mut Problems);
}

/// Reads the flags and the environment of this program; or says what is wrong with them, and
/// gives the exit code.
pub fn read<C: Configuration>() -> Result<C, ExitCode> {
    let command = C::command();
    let found = values::find(&command, std::env::args_os());
    let read = found.and_then(|found| Ok(values::read(&command, &found)?));
    read.map_err(|invalid| exit(command.get_name(), invalid))
}

/// The same of a program that does something else where a subcommand says so.
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

/// What a command line without environment asks for. Its first word is the program's name.
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
            // help and version are no mistakes
            let code = if error.use_stderr() { EXIT_USAGE } else { 0 };
            let _ = error.print();
            ExitCode::from(code)
        }
        Invalid::Values(problems) => exit_with(program, problems, EXIT_USAGE),
    }
}

/// What is wrong with a configuration, a line each.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Notes that a variable's value cannot be used.
    pub fn note(&mut self, variable: &str, problem: impl fmt::Display) {
        self.0.push(format!("{variable}: {problem}"));
    }

    /// Notes if a variable is given without another that it needs.
    pub fn need(
        &mut self,
        (variable, is_given): (&str, bool),
        (needed, needed_is_given): (&str, bool),
    ) {
        if is_given && !needed_is_given {
            self.note(needed, format_args!("is required with {variable}"));
        }
    }

    /// Notes if one of two variables is given without the other.
    pub fn need_each_other(&mut self, one: (&str, bool), other: (&str, bool)) {
        self.need(one, other);
        self.need(other, one);
    }

    /// Whether nothing was wrong.
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

/// Prints one line on standard error and gives the exit code for it.
#[allow(clippy::print_stderr, reason = "the last words of a command")]
pub fn exit_with(program: &str, problem: impl fmt::Display, code: u8) -> ExitCode {
    eprintln!("{program}: {problem}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests;
