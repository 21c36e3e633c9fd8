//! `auth-service keys`: what an operator does with the directory of signing keys.

use crate::{
    model::SECONDS,
    tokens::{InvalidKeys, KeyName, KeySchedule, KeyScheduleError, KeyState, to_the_second},
};
use clap::{Args, Subcommand};
use contract::{
    config::{EXIT_FAILURE, EXIT_USAGE, seconds},
    time::Clock,
};
use std::{
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

/// How long before its time a further key is made, in seconds, unless it is said otherwise.
const AHEAD: &str = "3600";
const _: () = assert!(KeySchedule::AHEAD.as_secs() == 3_600);

/// Flags of `auth-service keys`.
#[derive(Clone, Debug, Args)]
pub struct KeysArguments {
    /// What to do.
    #[command(subcommand)]
    pub task: KeysTask,
    /// Directory of signing keys. Required.
    #[arg(long, global = true, env = "AUTH_KEYS_DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// Lifetime of a refresh token, in seconds, as the services have it.
    #[arg(
        long = "refresh-token-seconds",
        global = true,
        env = "AUTH_REFRESH_TOKEN_SECONDS",
        default_value = "604800",
        value_parser = seconds(SECONDS)
    )]
    pub refresh_token: Duration,
}

/// What to do with the keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeysTask {
    /// Makes a key: the first signs at once, each further one later, so that
    /// every replica knows it before.
    Generate {
        /// How long after its making a further key signs, in seconds.
        #[arg(
            long,
            default_value = AHEAD,
            value_parser = seconds(KeySchedule::KNOWN_BEFORE.as_secs()..=*SECONDS.end())
        )]
        ahead: Duration,
    },
    /// Lists the keys, oldest first: how each stands, and when it may go.
    List,
    /// Removes a key, once all that it signed has expired.
    Retire {
        /// Its file's name without `.pem`, for example 20261124T230000Z.
        name: KeyName,
    },
}

/// The command did not do it.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It was not told where the keys are.
    #[error("AUTH_KEYS_DIRECTORY: is required (or --directory)")]
    NoDirectory,
    /// It was refused, or failed; the keys stay as they were.
    #[error(transparent)]
    Refused(#[from] KeyScheduleError),
    /// The answer cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl KeysError {
    /// What the command ends with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoDirectory => EXIT_USAGE,
            Self::Refused(_) | Self::Output(_) => EXIT_FAILURE,
        }
    }
}

impl From<InvalidKeys> for KeysError {
    fn from(error: InvalidKeys) -> Self {
        Self::Refused(error.into())
    }
}

/// Does one task, and tells what it did.
pub fn run(
    arguments: &KeysArguments,
    clock: &Clock,
    out: &mut impl Write,
) -> Result<(), KeysError> {
    let directory = arguments.directory.as_deref();
    let directory = directory.ok_or(KeysError::NoDirectory)?;
    let mut schedule = KeySchedule::open(directory, arguments.refresh_token, clock.now())?;
    match arguments.task {
        KeysTask::Generate { ahead } => {
            let name = schedule.generate(ahead)?;
            if schedule.state(name) == KeyState::Signs {
                writeln!(out, "{name}: signs now")?;
            } else {
                let signs_from = to_the_second(name.signs_from());
                let apply_before = to_the_second(KeySchedule::apply_before(name));
                writeln!(
                    out,
                    "{name}: apply before {apply_before}, signs from {signs_from}"
                )?;
            }
        }
        KeysTask::List => {
            for name in schedule.names() {
                writeln!(out, "{name}: {}", status(&schedule, name))?;
            }
        }
        KeysTask::Retire { name } => {
            schedule.retire(name)?;
            writeln!(out, "{name}: removed")?;
        }
    }
    Ok(())
}

/// A key's state, and the time from which it may be retired.
fn status(schedule: &KeySchedule, name: KeyName) -> String {
    let state = match schedule.state(name) {
        KeyState::Waits => format!("waits: signs from {}", to_the_second(name.signs_from())),
        KeyState::Signs => "signs".to_owned(),
        KeyState::Verifies => "verifies".to_owned(),
        KeyState::Retirable => "unused".to_owned(),
    };
    match schedule.may_retire(name).map(to_the_second) {
        Some(time) => format!("{state}, may be retired from {time}"),
        None => state,
    }
}
