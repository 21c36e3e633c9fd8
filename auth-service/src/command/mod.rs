//! What the program does instead of serving.

pub mod keys;
pub mod sessions;

use crate::config::{Arguments, Config};
use clap::{Parser, Subcommand};
use contract::config::Problems;
use database::DatabaseUrl;
use keys::KeysArguments;
use secrecy::ExposeSecret as _;
use sessions::{EndAllReason, SessionsCommand};

/// Session authority: creates, refreshes, validates and ends sessions.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "auth-service",
    version,
    args_override_self = true,
    args_conflicts_with_subcommands = true
)]
pub struct CommandLine {
    /// How to serve.
    #[command(flatten)]
    pub service: Arguments,
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

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

/// What the program was started for.
#[derive(Debug)]
pub enum Invocation {
    /// To serve.
    Serve(Box<Config>),
    /// To work on a directory of signing keys.
    Keys(KeysArguments),
    /// To end all sessions of a database.
    EndAllSessions(DatabaseUrl, EndAllReason),
}

impl TryFrom<CommandLine> for Invocation {
    type Error = Problems;

    fn try_from(CommandLine { service, command }: CommandLine) -> Result<Self, Problems> {
        match command {
            None => Ok(Self::Serve(Box::new(service.try_into()?))),
            Some(Command::Keys(arguments)) => Ok(Self::Keys(arguments)),
            Some(Command::Sessions {
                command: SessionsCommand::EndAll { reason },
            }) => {
                // a command on the database needs nothing else
                let mut problems = Problems::default();
                let url = problems.parse("DATABASE_URL", service.database_url.expose_secret());
                url.map(|url| Self::EndAllSessions(url, reason))
                    .ok_or(problems)
            }
        }
    }
}
