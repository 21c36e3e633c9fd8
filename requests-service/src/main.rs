//! The `requests-service` command.

use requests_service::{
    app::App,
    config::{Arguments, Config},
};
use shared::{config, serve, telemetry, time::Clock};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let export = match telemetry::start("requests-service") {
        Ok(export) => export,
        Err(error) => {
            return config::exit_with("requests-service", &error, error.exit_code());
        }
    };
    let config: Config = match config::read::<Arguments, _>() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let app = match App::build(config, Clock::system()).await {
        Ok(app) => app,
        Err(error) => return config::exit_with("requests-service", error, config::EXIT_FAILURE),
    };
    let served = app.run(serve::stop_signal()).await;
    export.finish().await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => config::exit_with("requests-service", error, config::EXIT_FAILURE),
    }
}
