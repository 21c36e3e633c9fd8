//! The `ticketing-local` command, which plain `cargo run` starts.

use contract::config::{self, Invocation};
use local::{Command, Config, Run};
use server::{
    program::Program,
    telemetry::{self, Export},
};
use std::{fmt::Display, process::ExitCode};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The state of the data when writing it was stopped.
const NO_DATA: &str = "It writes all of the data or none: run it again";

fn main() -> ExitCode {
    let program = match Program::begin("ticketing-local") {
        Ok(program) => program,
        Err(code) => return code,
    };
    match config::read_or::<Config, Command>() {
        Ok(Invocation::Run(config)) => program.serve(|| Run::start(config), Run::serve),
        Ok(Invocation::Command(Command::Demo(demo))) => program.finish(
            async move || finish(local::write_demo_data(&demo)).await,
            NO_DATA,
        ),
        Ok(Invocation::Command(Command::Generate(options))) => program.finish(
            async move || finish(Box::pin(local::generate(&options))).await,
            NO_DATA,
        ),
        Err(code) => code,
    }
}

async fn finish<E: Display>(work: impl Future<Output = Result<(), E>>) -> ExitCode {
    let export = match telemetry() {
        Ok(export) => export,
        Err(code) => return code,
    };
    let done = work.await;
    export.finish().await;
    done.map_or_else(exit, |()| ExitCode::SUCCESS)
}

fn telemetry() -> Result<Export, ExitCode> {
    telemetry::start("ticketing-local")
        .map_err(|error| config::exit_with("ticketing-local", &error, error.exit_code()))
}

fn exit(error: impl Display) -> ExitCode {
    config::exit_with("ticketing-local", error, config::EXIT_FAILURE)
}
