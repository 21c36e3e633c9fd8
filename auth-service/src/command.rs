//! What the program does instead of serving.

use crate::{
    config::{Arguments, Config},
    domain::{AuthError, end_in_batches},
    keys_command::KeysArguments,
    model::{EndReason, Scope},
    store::Store,
};
use clap::{Subcommand, ValueEnum};
use secrecy::ExposeSecret as _;
use shared::{
    config::Problems,
    database::{ConnectError, Database, DatabaseUrl, PoolLimits},
    time::Clock,
};

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

/// What to do with all sessions.
#[derive(Clone, Debug, Subcommand)]
pub enum SessionsCommand {
    /// Ends every session, the old application's too, and says how many of ours
    /// were live. For the day after a restore, before the services start again:
    /// in the restored rows, sessions that were ended since the back-up are
    /// active. One that is begun meanwhile ends as well.
    EndAll {
        /// Why; kept with each session.
        #[arg(long, value_enum)]
        reason: EndAllReason,
    },
}

/// Why all sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EndAllReason {
    /// The database was restored from a back-up.
    Restore,
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

impl TryFrom<Arguments> for Invocation {
    type Error = Problems;

    fn try_from(arguments: Arguments) -> Result<Self, Problems> {
        match arguments.command {
            None => Ok(Self::Serve(Box::new(arguments.try_into()?))),
            Some(Command::Keys(arguments)) => Ok(Self::Keys(arguments)),
            Some(Command::Sessions {
                command: SessionsCommand::EndAll { reason },
            }) => {
                // a command on the database needs nothing else
                let mut problems = Problems::default();
                let url = problems.parse("DATABASE_URL", arguments.database_url.expose_secret());
                url.map(|url| Self::EndAllSessions(url, reason))
                    .ok_or(problems)
            }
        }
    }
}

/// A command failed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each is its source")]
pub enum CommandError {
    #[error(transparent)]
    Database(#[from] ConnectError),
    #[error(transparent)]
    Sessions(#[from] AuthError),
}

/// Ends every session. How many of ours were live until now.
pub async fn end_all_sessions(
    url: &DatabaseUrl,
    reason: EndAllReason,
) -> Result<u32, CommandError> {
    let limits = PoolLimits {
        connections: 1,
        ..PoolLimits::default()
    };
    let store = Store::new(Database::open(url, limits, Clock::system()).await?);
    let reason = match reason {
        EndAllReason::Restore => EndReason::Restored,
    };
    let done = end_in_batches(&store, &Scope::All, reason, || true).await?;
    tracing::info!(ended = done.ended, %reason, "all sessions ended");
    Ok(done.ended)
}
