//! `migrate`: makes, drops and reports the schema of a database, and grants the services' roles
//! their privileges.

mod arguments;

use arguments::{Command, Invocation};
use contract::time::Clock;
use database::{Database, PoolLimits};
use migrations::{Down, MigrateError, Roles};
use server::program::Program;
use std::{process::ExitCode, time::Duration};

/// The state of the database when a command was stopped. The database rolls a transaction back when
/// its connection ends.
const UNDONE: &str = "The unfinished work is undone or can be finished: run the same command \
                      again, and it goes on from there. `migrate status` says what is applied";

fn main() -> ExitCode {
    let program = match Program::begin("migrate") {
        Ok(program) => program,
        Err(code) => return code,
    };
    match arguments::read() {
        Ok(invocation) => program.finish(|| work(invocation), UNDONE),
        Err(code) => code,
    }
}

async fn work(invocation: Invocation) -> ExitCode {
    let limits = PoolLimits {
        connections: 1,
        // also how long SQLite waits for another writer
        acquire_timeout: Duration::from_secs(5),
        ..PoolLimits::default()
    };
    let database = match Database::open(&invocation.url, limits, Clock::system()).await {
        Ok(database) => database,
        // only SQLite fails here: a connection to a server is made later
        Err(error) => {
            eprintln!("migrate: {error}. A file that is not there yet needs ?mode=rwc");
            return ExitCode::FAILURE;
        }
    };
    match run(&invocation, &database).await {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("migrate: {error}");
            match error {
                // SQLite has no roles
                MigrateError::NoRoles => ExitCode::from(arguments::USAGE_ERROR),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

async fn run(invocation: &Invocation, database: &Database) -> Result<String, MigrateError> {
    let say = |line: &str| println!("{line}");
    Ok(match invocation.command.clone() {
        Command::Up { plan: true } => migrations::plan_up(database).await?,
        Command::Up { plan: false } => migrations::up(database, &say).await?.to_string(),
        Command::Down {
            plan,
            drop_data,
            keep_session_id,
        } => {
            let how = Down {
                drop_data,
                keep_session_id,
            };
            if plan {
                migrations::plan_down(database, how).await?
            } else {
                migrations::down(database, how, &say).await?.to_string()
            }
        }
        Command::Fresh { drop_data } => migrations::fresh(database, drop_data, &say)
            .await?
            .to_string(),
        Command::Status => migrations::status(database).await?,
        Command::PurgeAudit { older_than } => {
            let purged = migrations::purge_audit(database, older_than).await?;
            format!("purged   {purged} audit events older than {older_than}d")
        }
        Command::Grants { roles, plan } => {
            let roles = Roles::from(roles);
            if plan {
                migrations::plan_grants(database, &roles).await?.to_string()
            } else {
                migrations::grant(database, &roles).await?.to_string()
            }
        }
    })
}
