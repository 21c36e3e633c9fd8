//! `auth-service keys`: what an operator does with the directory of signing keys.

use crate::{
    config::MAX_SECONDS,
    tokens::{InvalidKeys, KeyName, KeyState, Rotation, RotationError, to_the_second},
};
use clap::{Args, Subcommand};
use contract::{
    config::{EXIT_FAILURE, EXIT_USAGE, Problems},
    time::Clock,
};
use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

/// Flags of `auth-service keys`.
#[derive(Clone, Debug, Args)]
pub struct KeysArguments {
    /// What to do.
    #[command(subcommand)]
    pub task: KeysTask,
    /// Directory of signing keys. Required.
    #[arg(
        long,
        global = true,
        env = "AUTH_KEYS_DIRECTORY",
        default_value = "",
        hide_default_value = true
    )]
    pub directory: String,
    /// Life of a refresh token, in seconds, as the services have it.
    #[arg(
        long,
        global = true,
        env = "AUTH_REFRESH_TOKEN_SECONDS",
        default_value = "604800"
    )]
    pub refresh_token_seconds: String,
}

/// What to do with the keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeysTask {
    /// Makes a key: the first signs at once, each further one later, so that
    /// every replica knows it before.
    Generate {
        /// How long after its making a further key signs, in seconds.
        #[arg(long, default_value_t = Rotation::AHEAD.as_secs().to_string())]
        ahead: String,
    },
    /// Lists the keys, oldest first: how each stands, and when it may go.
    List,
    /// Removes a key, once all that it signed has expired.
    Retire {
        /// Its file's name without `.pem`, for example 20261124T230000Z.
        name: String,
    },
}

/// The command did not do it.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It was used wrongly.
    #[error(transparent)]
    Usage(#[from] Problems),
    /// It was refused, or failed; the keys stay as they were.
    #[error(transparent)]
    Refused(#[from] RotationError),
    /// The answer cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl KeysError {
    /// What the command ends with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => EXIT_USAGE,
            Self::Refused(_) | Self::Output(_) => EXIT_FAILURE,
        }
    }
}

impl From<InvalidKeys> for KeysError {
    fn from(error: InvalidKeys) -> Self {
        Self::Refused(error.into())
    }
}

/// The task with its values.
enum Task {
    Generate { ahead: Duration },
    List,
    Retire { name: KeyName },
}

/// Does one task, and tells what it did.
pub fn run(
    arguments: &KeysArguments,
    clock: &Clock,
    out: &mut impl Write,
) -> Result<(), KeysError> {
    let (task, refresh_life) = understand(arguments)?;
    let directory = Path::new(&arguments.directory);
    let mut rotation = Rotation::open(directory, refresh_life, clock.now())?;
    match task {
        Task::Generate { ahead } => {
            let name = rotation.generate(ahead)?;
            if rotation.state(name) == KeyState::Signs {
                writeln!(out, "{name}: signs now")?;
            } else {
                let signs_from = to_the_second(name.signs_from());
                let apply_before = to_the_second(Rotation::apply_before(name));
                writeln!(
                    out,
                    "{name}: apply before {apply_before}, signs from {signs_from}"
                )?;
            }
        }
        Task::List => {
            for name in rotation.names() {
                writeln!(out, "{name}: {}", standing(&rotation, name))?;
            }
        }
        Task::Retire { name } => {
            rotation.retire(name)?;
            writeln!(out, "{name}: removed")?;
        }
    }
    Ok(())
}

fn understand(arguments: &KeysArguments) -> Result<(Task, Duration), Problems> {
    let mut problems = Problems::default();
    if arguments.directory.is_empty() {
        problems.note("AUTH_KEYS_DIRECTORY", "is required (or --directory)");
    }
    let life = problems.within(
        "AUTH_REFRESH_TOKEN_SECONDS",
        &arguments.refresh_token_seconds,
        1,
        MAX_SECONDS,
    );
    let task = match &arguments.task {
        KeysTask::Generate { ahead } => {
            let least = Rotation::KNOWN_BEFORE.as_secs();
            let seconds = problems.within("--ahead", ahead, least, MAX_SECONDS);
            seconds.map(|seconds| Task::Generate {
                ahead: Duration::from_secs(seconds),
            })
        }
        KeysTask::List => Some(Task::List),
        KeysTask::Retire { name } => match name.parse::<KeyName>() {
            Ok(name) => Some(Task::Retire { name }),
            Err(error) => {
                problems.note("name", error);
                None
            }
        },
    };
    match (task, life) {
        (Some(task), Some(life)) if problems.is_empty() => Ok((task, Duration::from_secs(life))),
        _ => Err(problems),
    }
}

/// A key's state, and the time from which it may go.
fn standing(rotation: &Rotation, name: KeyName) -> String {
    let state = match rotation.state(name) {
        KeyState::Waits => format!("waits: signs from {}", to_the_second(name.signs_from())),
        KeyState::Signs => "signs".to_owned(),
        KeyState::Verifies => "verifies".to_owned(),
        KeyState::Left => "left".to_owned(),
    };
    match rotation.may_go(name).map(to_the_second) {
        Some(time) => format!("{state}, may go from {time}"),
        None => state,
    }
}
