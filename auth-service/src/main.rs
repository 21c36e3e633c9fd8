//! The `auth-service` command.

use auth_service::{
    app::App,
    command::{
        Command,
        keys::{self, KeysArguments},
        sessions::{self, EndAllReason, SessionsCommand},
    },
    config::Config,
};
use contract::{
    config::{self, Invocation},
    time::Clock,
};
use database::DatabaseUrl;
use server::{program::Program, telemetry};
use std::{io, process::ExitCode};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What happened to sessions when the command that ends them was stopped.
const SOME_ENDED: &str = "Sessions that it ended stay ended; run it again to end the rest";
/// What happened to the keys when their command was stopped.
const SOME_KEYS: &str = "`auth-service keys list` says which keys there are";

fn main() -> ExitCode {
    let program = match Program::begin("auth-service") {
        Ok(program) => program,
        Err(code) => return code,
    };
    match config::read_or::<Config, Command>() {
        Ok(Invocation::Run(config)) => {
            program.serve(|| App::build(config, Clock::system()), App::run)
        }
        Ok(Invocation::Command(Command::Sessions {
            command:
                SessionsCommand::EndAll {
                    reason,
                    database_url,
                },
        })) => program.finish(move || end_all_sessions(database_url, reason), SOME_ENDED),
        Ok(Invocation::Command(Command::Keys(arguments))) => {
            program.finish(async move || work_on_keys(&arguments), SOME_KEYS)
        }
        Err(code) => code,
    }
}

#[allow(clippy::print_stdout, reason = "what the command was asked for")]
async fn end_all_sessions(url: DatabaseUrl, reason: EndAllReason) -> ExitCode {
    telemetry::start_logs();
    match sessions::end_all(&url, reason).await {
        Ok(ended) => {
            println!("sessions ended: {ended}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let error = contract::errors::chain(&error);
            config::exit_with("auth-service", error, config::EXIT_FAILURE)
        }
    }
}

fn work_on_keys(arguments: &KeysArguments) -> ExitCode {
    match keys::run(arguments, &Clock::system(), &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => config::exit_with("auth-service keys", &error, error.exit_code()),
    }
}
