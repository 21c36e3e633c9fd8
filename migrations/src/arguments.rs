//! The command line of `migrate`. A database URL contains a password, so it is never printed,
//! whatever is wrong with it or with the other arguments.

use clap::{Args, Parser, Subcommand};
use database::DatabaseUrl;
use migrations::Roles;
use std::{num::NonZeroU16, process::ExitCode};

/// `EX_USAGE`: the command line or the configuration is wrong.
pub(crate) const USAGE_ERROR: u8 = 64;

/// Makes, drops and reports the schema of the database.
#[derive(Parser)]
#[command(name = "migrate", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// `postgres://user@host/database` or `sqlite://path/to/file?mode=rwc`
    // read as text, because clap would print a value that it cannot parse
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
}

/// What to do.
#[derive(Clone, Subcommand)]
pub(crate) enum Command {
    /// Applies the pending migrations. An empty database gets all of them; the database of the old
    /// application is taken over in place
    Up {
        /// Only prints what would be done, and what will stop working
        #[arg(long)]
        plan: bool,
    },
    /// Undoes what `up` made. A database that was taken over is given back to the old application
    Down {
        /// Only prints what would be done, and what will stop working
        #[arg(long)]
        plan: bool,
        /// Confirms that the tables that `up` made are dropped with all rows
        #[arg(long, conflicts_with = "keep_session_id")]
        drop_data: bool,
        /// Keeps user_sessions.session_id in a database that was taken over. An application of
        /// after 8 November 2025 needs the column to log in
        #[arg(long)]
        keep_session_id: bool,
    },
    /// Drops what `up` made, and makes it again
    Fresh {
        /// Confirms that the tables are dropped with all rows
        #[arg(long)]
        drop_data: bool,
    },
    /// Prints the applied and the pending migrations
    Status,
    /// Deletes old events of the audit log, which the roles of the services may not do. It works in
    /// batches, so it may be interrupted and run again
    PurgeAudit {
        /// Events that are older than this number of days, for example 400d
        #[arg(long, value_parser = days)]
        older_than: NonZeroU16,
    },
    /// Grants the role of each service the privileges that its statements need, and revokes all
    /// others on these tables. Run it after each `up`, as the owner of the tables. PostgreSQL only
    Grants {
        #[command(flatten)]
        roles: RoleNames,
        /// Only prints the statements. They are run in a transaction that is rolled back
        #[arg(long)]
        plan: bool,
    },
}

/// The roles of the services.
#[derive(Args, Clone)]
pub(crate) struct RoleNames {
    /// The role of auth-service
    #[arg(long, env = "MIGRATE_AUTH_ROLE")]
    auth_role: String,
    /// The role of requests-service
    #[arg(long, env = "MIGRATE_REQUESTS_ROLE")]
    requests_role: String,
}

impl From<RoleNames> for Roles {
    fn from(names: RoleNames) -> Self {
        Self {
            auth: names.auth_role,
            requests: names.requests_role,
        }
    }
}

/// A command, and its database.
pub(crate) struct Invocation {
    pub(crate) command: Command,
    pub(crate) url: DatabaseUrl,
}

/// Reads the arguments and the environment. If something is wrong, prints it and returns the exit
/// code.
pub(crate) fn read() -> Result<Invocation, ExitCode> {
    let arguments = Arguments::try_parse().map_err(|error| explain(&error))?;
    let Some(text) = arguments.database_url else {
        eprintln!("migrate: no database: set DATABASE_URL or pass --database-url");
        return Err(ExitCode::from(USAGE_ERROR));
    };
    match text.parse() {
        Ok(url) => Ok(Invocation {
            command: arguments.command,
            url,
        }),
        Err(error) => {
            eprintln!("migrate: DATABASE_URL (or --database-url) {error}");
            Err(ExitCode::from(USAGE_ERROR))
        }
    }
}

/// Reads a number of days: `400d`.
fn days(text: &str) -> Result<NonZeroU16, &'static str> {
    let days = text.strip_suffix('d').unwrap_or_default();
    // `parse` would accept a sign
    let is_plain = days.bytes().all(|byte| byte.is_ascii_digit());
    let days = days.parse().ok().filter(|_| is_plain);
    days.ok_or("must be a number of days from 1 to 65535, for example 400d")
}

/// Prints clap's message, which may be the help, without any URL in it.
fn explain(error: &clap::Error) -> ExitCode {
    let urls = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned());
    let text = urls
        .filter(|word| word.contains("://"))
        .fold(error.render().to_string(), |text, url| {
            text.replace(&url, "(a database URL)")
        });
    if error.use_stderr() {
        eprint!("{text}");
        ExitCode::from(USAGE_ERROR)
    } else {
        print!("{text}");
        ExitCode::SUCCESS
    }
}
