//! The `ticketing-local` command, which plain `cargo run` starts.

use local::{Arguments, Config};
use shared::{config, serve, telemetry};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::start();
    let config: Config = match config::read::<Arguments, _>() {
        Ok(config) => config,
        Err(code) => return code,
    };
    match local::run(config, serve::stop_signal()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => config::exit_with("ticketing-local", error, config::EXIT_FAILURE),
    }
}
