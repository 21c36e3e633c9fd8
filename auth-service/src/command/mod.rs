//! What the program does instead of serving.

pub mod keys;
pub mod sessions;

use crate::config::Config;
use clap::{CommandFactory as _, Subcommand};
use keys::KeysArguments;
use sessions::SessionsCommand;

/// What to do instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Makes, lists and retires signing keys.
    Keys(KeysArguments),
    /// Sessions of all users.
    Sessions {
        /// What to do with them.
        #[command(subcommand)]
        command: SessionsCommand,
    },
}

/// All that the program can be told.
#[must_use]
pub fn command_line() -> clap::Command {
    Command::augment_subcommands(Config::command())
}
