//! The `requests-service` command.

use contract::{config, time::Clock};
use requests_service::{
    app::App,
    config::{Arguments, Config},
};
use server::{
    program::Program,
    telemetry::{self, Export},
};
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let program = match Program::begin("requests-service") {
        Ok(program) => program,
        Err(code) => return code,
    };
    match config::read::<Arguments, Config>() {
        Ok(config) => program.serve(|| start(config), serve),
        Err(code) => code,
    }
}

async fn start(config: Config) -> Result<(App, Export), ExitCode> {
    let export = telemetry::start("requests-service")
        .map_err(|error| config::exit_with("requests-service", &error, error.exit_code()))?;
    match App::build(config, Clock::system()).await {
        Ok(app) => Ok((app, export)),
        Err(error) => Err(config::exit_with(
            "requests-service",
            error,
            config::EXIT_FAILURE,
        )),
    }
}

async fn serve((app, export): (App, Export), stop: CancellationToken) -> ExitCode {
    let served = app.run(stop).await;
    export.finish().await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => config::exit_with("requests-service", error, config::EXIT_FAILURE),
    }
}
