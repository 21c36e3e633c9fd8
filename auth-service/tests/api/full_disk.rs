//! A disk that is full for a while. What is answered OK before, meanwhile and after is true at
//! once and after a restart. When there is room again, each call is answered. The disk is
//! SQLite's: PostgreSQL itself refuses what does not fit, and tells us so like any other error.
//!
//! ```sh
//! TICKETING_ROUNDS=10 cargo test -p auth-service --test api -- full_disk --nocapture
//! ```
//!
//! This plays ten rounds for each count of failed writes from 1 to 24. Without the variable,
//! it is one round for each of three counts. Each count has a disk of its own.

use crate::{
    process::{Process, configured},
    served::{Served as _, unauthenticated},
};
use futures_util::future::join_all;
use proto::auth::v1::TokenPair;
use std::path::Path;
use testing::{
    Kind, TestDatabase,
    auth::{PASSWORD, password_hash, prepared_folder, refusal},
    disk::Disk,
};
use tokio::process::Command;
use tonic::{Code, Status};

/// Log-ins before each full disk, and log-outs after it.
const BEFORE: usize = 20;
const LOG_OUTS: usize = 16;
const USERS: usize = 50;
/// A full disk takes writes for as long as there is room in its files.
const MOST_WRITES: usize = 5_000;

/// auth-service in a process of its own, and the disk that its database is on.
struct World {
    folder: tempfile::TempDir,
    disk: Disk,
    process: Process,
}

/// The database on the disk.
const FILE: &str = "test.db";

fn email(number: usize) -> String {
    format!("user{}@example.com", number % USERS)
}

/// The command that starts it.
fn command(folder: &Path, disk: &Disk) -> Command {
    let url = format!("sqlite://{}", disk.path(FILE).display());
    let configured = configured(folder, &url.parse().unwrap());
    let configured = configured.as_std();
    let mut command = Command::from(disk.command(configured.get_program()));
    let variables = configured.get_envs();
    let variables = variables.filter_map(|(name, value)| Some((name, value?)));
    command.env_clear().envs(variables).kill_on_drop(true);
    command
}

impl World {
    async fn start() -> Self {
        let folder = prepared_folder();
        let database = TestDatabase::migrated(Kind::Sqlite).await;
        let hash = password_hash();
        let users = (0..USERS).map(|number| {
            let email = email(number);
            format!(
                "INSERT INTO users (name, email, password, role_id, user_type) \
                 SELECT '-', '{email}', '{hash}', id, 'customer' FROM roles WHERE name = 'customer';"
            )
        });
        database.execute(&users.collect::<String>()).await;
        let disk = Disk::of_megabytes(16);
        disk.put(database.file(), FILE);
        let process = Process::start(command(folder.path(), &disk)).await;
        Self {
            folder,
            disk,
            process,
        }
    }

    /// Kills it, and starts another one.
    async fn restart(&mut self) {
        self.process.kill().await;
        self.process = Process::start(command(self.folder.path(), &self.disk)).await;
    }

    /// Makes a write, and notes what was told. A write that is not made is an outage.
    async fn write(&self, told: &mut Told, which: Write) -> Result<(), Status> {
        let answer = match which {
            Write::LogIn(user) => {
                let answer = self.process.log_in_with(&email(user), PASSWORD).await;
                answer.map(|tokens| told.0.push((tokens, State::Active)))
            }
            Write::Refresh(session) => {
                let token = &told.0[session].0.refresh_token;
                let answer = self.process.refresh(token).await;
                answer.map(|tokens| told.0[session].0 = tokens)
            }
            Write::LogOut(session) => {
                let (tokens, state) = &mut told.0[session];
                let answer = self.process.revoke(&tokens.access_token).await;
                *state = match answer {
                    Ok(()) => State::Ended,
                    Err(_) if *state == State::Ended => State::Ended,
                    Err(_) => State::Unknown,
                };
                answer
            }
        };
        if let Err(status) = &answer {
            assert_eq!(status.code(), Code::Unavailable, "{status}");
        }
        answer
    }

    /// Plays one round. Returns how many sessions are as they were told, and how many writes
    /// there were while the disk was full.
    async fn play(&mut self, round: usize, failures: usize) -> (usize, usize) {
        let mut told = Told::default();
        let user = |number: usize| round * BEFORE + number % BEFORE;
        for number in 0..BEFORE {
            let made = self.write(&mut told, Write::LogIn(user(number))).await;
            made.expect("there is room");
        }

        self.disk.fill(self.process.id());
        let (mut failed, mut writes) = (0, 0);
        while failed < failures {
            writes += 1;
            assert!(writes < MOST_WRITES, "the disk does not fill");
            let which = match writes % 8 {
                3 => Write::Refresh(LOG_OUTS),
                6 => Write::LogOut(LOG_OUTS + 1),
                _ => Write::LogIn(user(writes)),
            };
            failed += usize::from(self.write(&mut told, which).await.is_err());
        }
        self.disk.free(self.process.id());

        for session in 0..LOG_OUTS / 2 {
            let made = self.write(&mut told, Write::LogOut(session)).await;
            made.expect("there is room again");
        }
        let at_once = &mut told.0[LOG_OUTS / 2..LOG_OUTS];
        let log_outs = at_once
            .iter()
            .map(|(tokens, _)| self.process.revoke(&tokens.access_token));
        let answers = join_all(log_outs).await;
        for ((_, state), answer) in at_once.iter_mut().zip(answers) {
            answer.expect("there is room again");
            *state = State::Ended;
        }
        for number in 0..4 {
            let made = self.write(&mut told, Write::LogIn(user(number))).await;
            made.expect("there is room again");
        }
        told.is_true(&self.process).await;
        self.restart().await;
        (told.is_true(&self.process).await, writes)
    }
}

/// A write, of a user or of a session by its number.
#[derive(Clone, Copy)]
enum Write {
    LogIn(usize),
    Refresh(usize),
    LogOut(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Ended,
    /// A log-out was not answered.
    Unknown,
}

/// Sessions, and what was answered of them.
#[derive(Default)]
struct Told(Vec<(TokenPair, State)>);

impl Told {
    /// Checks that all of it is true, and returns how many sessions that were.
    async fn is_true(&self, process: &Process) -> usize {
        for (number, (tokens, state)) in self.0.iter().enumerate() {
            let answer = process.validate(&tokens.access_token).await;
            match state {
                State::Active => assert!(answer.is_ok(), "{number}: {answer:?}"),
                State::Unknown if answer.is_ok() => {}
                State::Ended | State::Unknown => {
                    let ended = unauthenticated("SESSION_ENDED");
                    assert_eq!(refusal(answer), ended, "{number} is {state:?}");
                }
            }
        }
        self.0.len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_around_a_full_disk_are_true_at_once_and_after_a_restart() {
    let requested = std::env::var("TICKETING_ROUNDS").ok();
    let requested: Option<usize> = requested.map(|rounds| rounds.parse().unwrap());
    let failures: Vec<usize> = match requested {
        Some(_) => (1..=24).collect(),
        None => vec![1, 8, 24],
    };
    for failures in failures {
        // A disk of its own, since the rows of all rounds stay on it.
        let mut world = World::start().await;
        let (mut sessions, mut writes) = (0, 0);
        let rounds = requested.unwrap_or(1);
        for round in 0..rounds {
            let played = world.play(round + failures, failures).await;
            sessions += played.0;
            writes += played.1;
        }
        println!(
            "{failures} failed writes, {rounds} rounds: {writes} writes while full, \
             {sessions} sessions as they were told"
        );
    }
}
