//! The `requests-service` command.

use contract::{config, time::Clock};
use requests_service::app::App;
use server::program::Program;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let program = match Program::begin("requests-service") {
        Ok(program) => program,
        Err(code) => return code,
    };
    match config::read() {
        Ok(config) => program.serve(|| App::build(config, Clock::system()), App::run),
        Err(code) => code,
    }
}
