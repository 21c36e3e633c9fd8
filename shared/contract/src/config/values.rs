//! Checks the values of a configuration one by one.

use super::{Configuration, Part, Problems};
use clap::{
    Arg, ArgMatches, Command, Subcommand,
    builder::Resettable,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
    value_parser,
};
use std::{any::Any, error::Error as _, ffi::OsString};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// A flag is unknown, or the user asked for help.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// Values are wrong or missing.
    #[error(transparent)]
    Values(#[from] Problems),
}

/// What a program with subcommands is to do.
#[derive(Clone, Debug)]
pub enum Invocation<C, S> {
    /// Run with this configuration.
    Run(C),
    /// Run a subcommand.
    Command(S),
}

/// The valid values of a configuration.
#[derive(Debug)]
pub struct Given(ArgMatches);

impl Given {
    /// The value of a field, if it was given and is valid, or if it has a default.
    #[must_use]
    pub fn get<T: Any + Clone + Send + Sync + 'static>(&self, field: &str) -> Option<&T> {
        self.0.try_get_one(field).ok().flatten()
    }

    /// Notes values of a part that do not fit together. A wrong value is replaced by its default
    /// here.
    pub fn check<P: Part>(&self, problems: &mut Problems) {
        if let Ok(part) = P::from_arg_matches(&self.0) {
            part.check(problems);
        }
    }
}

/// Finds the values in arguments and environment, each as a text.
pub(super) fn find(
    command: &Command,
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<ArgMatches, Invalid> {
    let texts = change(command.clone(), |arg| {
        if arg.get_action().takes_values() {
            arg.required(false).value_parser(value_parser!(OsString))
        } else {
            arg
        }
    });
    Ok(texts.try_get_matches_from(arguments)?)
}

/// Reads a configuration from values that were found, or returns all of its mistakes.
pub(super) fn read<C: Configuration>(command: &Command, found: &ArgMatches) -> Result<C, Problems> {
    let mut problems = Problems::default();
    let mut right = vec![OsString::from(command.get_name())];
    sort_out(command, found, &mut right, &mut problems);
    let given = Given(take(command, right)?);
    C::check(&given, &mut problems);
    match C::from_arg_matches(&given.0) {
        Ok(configuration) if problems.is_empty() => Ok(configuration),
        _ => Err(problems),
    }
}

/// The same for a program with subcommands. A subcommand needs nothing of the configuration.
pub(super) fn read_or<C: Configuration, S: Subcommand>(
    command: &Command,
    found: &ArgMatches,
) -> Result<Invocation<C, S>, Invalid> {
    if found.subcommand_name().is_none() {
        return Ok(Invocation::Run(read(command, found)?));
    }
    let mut problems = Problems::default();
    let mut right = vec![OsString::from(command.get_name())];
    sort_out_subcommand(command, found, &mut right, &mut problems);
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let subcommand = S::from_arg_matches(&take(command, right)?)?;
    Ok(Invocation::Command(subcommand))
}

/// A command with optional subcommands.
pub(super) fn with_subcommands<S: Subcommand>(command: Command) -> Command {
    S::augment_subcommands(command).args_conflicts_with_subcommands(true)
}

/// Takes values from flags alone.
pub(super) fn without_environment(command: Command) -> Command {
    change(command, |arg| arg.env(Resettable::Reset))
}

/// Separates the arguments of a command into valid ones, as flags, and problems.
fn sort_out(
    command: &Command,
    found: &ArgMatches,
    right: &mut Vec<OsString>,
    problems: &mut Problems,
) {
    for arg in command.get_arguments() {
        if !arg.get_action().takes_values() {
            if found.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine) {
                right.push(flag(arg));
            }
            continue;
        }
        let Some(value) = given(found, arg) else {
            if arg.is_required_set() {
                problems.note(&name(arg), "is required");
            }
            continue;
        };
        let mut text = flag(arg);
        if !text.is_empty() {
            text.push("=");
        }
        text.push(value);
        match problem(arg, &text) {
            None => right.push(text),
            Some(problem) => problems.note(&name(arg), problem),
        }
    }
    sort_out_subcommand(command, found, right, problems);
}

fn sort_out_subcommand(
    command: &Command,
    found: &ArgMatches,
    right: &mut Vec<OsString>,
    problems: &mut Problems,
) {
    if let Some((name, found)) = found.subcommand()
        && let Some(command) = command.find_subcommand(name)
    {
        right.push(name.into());
        sort_out(command, found, right, problems);
    }
}

/// Lets clap read flags, each of which is valid by itself.
fn take(command: &Command, flags: Vec<OsString>) -> Result<ArgMatches, Problems> {
    let optional = change(command.clone(), |arg| {
        arg.env(Resettable::Reset).required(false)
    });
    optional.try_get_matches_from(flags).map_err(|error| {
        let mut problems = Problems::default();
        problems.note("arguments", error.kind());
        problems
    })
}

/// Changes the arguments of a command and of its subcommands.
fn change(command: Command, to: fn(Arg) -> Arg) -> Command {
    command
        .mut_args(to)
        .mut_subcommands(|command| change(command, to))
}

/// The value that was given for an argument. An empty text counts as no value, unless the argument
/// has a default.
fn given<'a>(found: &'a ArgMatches, arg: &Arg) -> Option<&'a OsString> {
    let id = arg.get_id().as_str();
    if found.value_source(id) == Some(ValueSource::DefaultValue) {
        return None;
    }
    let value = found.get_one::<OsString>(id)?;
    let has_default = !arg.get_default_values().is_empty();
    (has_default || !value.is_empty()).then_some(value)
}

/// Why the value of an argument is wrong, without the value.
fn problem(arg: &Arg, flag: &OsString) -> Option<String> {
    let alone = Command::new("")
        .no_binary_name(true)
        .arg(arg.clone().env(Resettable::Reset).required(false));
    let error = alone.try_get_matches_from([flag]).err()?;
    if let Some(source) = error.source() {
        return Some(source.to_string());
    }
    Some(match (error.kind(), error.get(ContextKind::ValidValue)) {
        (_, Some(ContextValue::Strings(values))) => format!("must be one of {}", values.join(", ")),
        (ErrorKind::InvalidUtf8, _) => "must be UTF-8".to_owned(),
        (kind, _) => kind.to_string(),
    })
}

/// The flag of an argument; `None` if it is positional.
fn flag(arg: &Arg) -> OsString {
    let flag = arg.get_long().map(|flag| format!("--{flag}"));
    flag.unwrap_or_default().into()
}

/// The variable, or else the flag.
fn name(arg: &Arg) -> String {
    let variable = arg
        .get_env()
        .map(|name| name.to_string_lossy().into_owned());
    let flag = || arg.get_long().map(|flag| format!("--{flag}"));
    variable
        .or_else(flag)
        .unwrap_or_else(|| arg.get_id().to_string())
}
