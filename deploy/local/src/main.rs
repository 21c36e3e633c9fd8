//! The `ticketing-local` command, which plain `cargo run` starts.

use local::{Arguments, Command};
use shared::{config, serve, telemetry};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let export = match telemetry::start("ticketing-local") {
        Ok(export) => export,
        Err(error) => return config::exit_with("ticketing-local", &error, error.exit_code()),
    };
    let command: Command = match config::read::<Arguments, _>() {
        Ok(command) => command,
        Err(code) => return code,
    };
    let done = match command {
        Command::Run(config) => local::run(*config, serve::stop_signal())
            .await
            .map_err(exit),
        Command::Demo(url, requests) => local::write_demo_data(&url, requests).await.map_err(exit),
        Command::Generate(options) => Box::pin(local::generate(&options)).await.map_err(exit),
    };
    export.finish().await;
    done.err().unwrap_or(ExitCode::SUCCESS)
}

fn exit(error: impl std::fmt::Display) -> ExitCode {
    config::exit_with("ticketing-local", error, config::EXIT_FAILURE)
}
