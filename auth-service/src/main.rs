//! The `auth-service` command.

use auth_service::{
    app::App,
    command::{
        Invocation,
        keys::{self, KeysArguments},
        sessions::{self, EndAllReason},
    },
    config::{Arguments, Config},
};
use shared::{config, database::DatabaseUrl, serve, telemetry, time::Clock};
use std::{io, process::ExitCode};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match config::read::<Arguments, _>() {
        Ok(Invocation::Serve(config)) => serve(*config).await,
        Ok(Invocation::EndAllSessions(url, reason)) => end_all_sessions(&url, reason).await,
        Ok(Invocation::Keys(arguments)) => work_on_keys(&arguments),
        Err(code) => code,
    }
}

async fn serve(config: Config) -> ExitCode {
    let export = match telemetry::start("auth-service") {
        Ok(export) => export,
        Err(error) => return config::exit_with("auth-service", &error, error.exit_code()),
    };
    let app = match App::build(config, Clock::system()).await {
        Ok(app) => app,
        Err(error) => return config::exit_with("auth-service", error, config::EXIT_FAILURE),
    };
    let served = app.run(serve::stop_signal()).await;
    export.finish().await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => config::exit_with("auth-service", error, config::EXIT_FAILURE),
    }
}

#[allow(clippy::print_stdout, reason = "what the command was asked for")]
async fn end_all_sessions(url: &DatabaseUrl, reason: EndAllReason) -> ExitCode {
    telemetry::start_logs();
    match sessions::end_all(url, reason).await {
        Ok(ended) => {
            println!("sessions ended: {ended}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let error = telemetry::chain(&error);
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
