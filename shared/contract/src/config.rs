//! Reading configuration so that one start shows every mistake.
//!
//! Flags and environment reach a service as text (clap, with the variable
//! beside each flag); this parses the texts and collects what is wrong.

use clap::Parser;
use std::{fmt, process::ExitCode, str::FromStr};

/// `EX_USAGE` of `sysexits.h`: the command was used wrongly.
pub const EXIT_USAGE: u8 = 64;
/// The command was right and failed.
pub const EXIT_FAILURE: u8 = 1;

/// Reads the arguments, and what they mean; or says what is wrong with them,
/// and gives the exit code.
pub fn read<A, C>() -> Result<C, ExitCode>
where
    A: Parser,
    C: TryFrom<A, Error = Problems>,
{
    let arguments = A::try_parse().map_err(|error| {
        // help and version are no mistakes
        let code = if error.use_stderr() { EXIT_USAGE } else { 0 };
        let _ = error.print();
        ExitCode::from(code)
    })?;
    let program = A::command().get_name().to_owned();
    C::try_from(arguments).map_err(|problems| exit_with(&program, problems, EXIT_USAGE))
}

/// What is wrong with a configuration, a line each.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Parses the text of one variable; notes what is wrong with it.
    pub fn parse<T>(&mut self, variable: &str, text: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(variable, error);
                None
            }
        }
    }

    /// Parses a whole number within bounds, both inclusive.
    pub fn within<T>(&mut self, variable: &str, text: &str, least: T, most: T) -> Option<T>
    where
        T: Copy + FromStr + PartialOrd + fmt::Display,
    {
        match text.parse() {
            Ok(value) if value >= least && value <= most => Some(value),
            _ => {
                self.note(
                    variable,
                    format_args!("must be a whole number from {least} to {most}"),
                );
                None
            }
        }
    }

    /// Notes that a variable's value cannot be used.
    pub fn note(&mut self, variable: &str, problem: impl fmt::Display) {
        self.0.push(format!("{variable}: {problem}"));
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
mod tests {
    use super::*;

    #[test]
    fn every_wrong_value_is_named_in_one_message() {
        let mut problems = Problems::default();
        assert_eq!(problems.within("A", "5", 1, 10), Some(5));
        assert_eq!(problems.within("B", "11", 1, 10), None);
        assert_eq!(problems.parse::<std::net::SocketAddr>("C", "nowhere"), None);
        let message = problems.to_string();
        assert!(
            message.contains("B: must be a whole number from 1 to 10"),
            "{message}"
        );
        assert!(message.contains("C: "), "{message}");
        assert!(!message.contains("A: "), "{message}");
    }
}
