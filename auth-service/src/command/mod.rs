//! The subcommands of the program.

pub mod keys;
pub mod sessions;

use crate::config::Config;
use clap::{CommandFactory as _, Subcommand};
use keys::KeysArguments;
use sessions::SessionsCommand;

/// What to do instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Generates, lists and retires signing keys.
    Keys(KeysArguments),
    /// Sessions of all users.
    Sessions {
        /// What to do with the sessions.
        #[command(subcommand)]
        command: SessionsCommand,
    },
}

/// The command line of the program, with its subcommands.
#[must_use]
pub fn command_line() -> clap::Command {
    Command::augment_subcommands(Config::command())
}
