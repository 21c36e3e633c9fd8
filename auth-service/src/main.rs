//! The `auth-service` command.

use auth_service::{
    app::App,
    config::{Arguments, Command, Config},
    keys_command,
};
use shared::{config, serve, telemetry, time::Clock};
use std::{io, process::ExitCode};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Arguments = match config::parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    if let Some(Command::Keys(arguments)) = &arguments.command {
        let done = keys_command::run(arguments, &Clock::system(), &mut io::stdout());
        return match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => config::exit_with("auth-service keys", &error, error.exit_code()),
        };
    }
    telemetry::start();
    let config: Config = match config::understand(arguments) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let app = match App::build(config, Clock::system()).await {
        Ok(app) => app,
        Err(error) => return config::exit_with("auth-service", error, config::EXIT_FAILURE),
    };
    match app.run(serve::stop_signal()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => config::exit_with("auth-service", error, config::EXIT_FAILURE),
    }
}
