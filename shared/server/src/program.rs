//! The start and stop of a program. It listens for SIGTERM and SIGINT before it does anything else:
//! process 1 of a container has no default action for a signal, so the kernel drops every signal
//! for which there is no handler yet.

use crate::telemetry;
use contract::config::{EXIT_FAILURE, exit_with};
use std::{
    fmt, future::Future, io, mem, panic::resume_unwind, process::ExitCode, thread, time::Duration,
};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// How long a program that ends waits for blocked threads.
const LEFT_OVER: Duration = Duration::from_secs(1);

/// A program that can be stopped by a signal from now on.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    stop: CancellationToken,
    runtime: Runtime,
}

impl Program {
    /// Listens for signals, then starts the runtime. `main` must call it first. Returns the exit
    /// code if either is impossible.
    pub fn begin(name: &'static str) -> Result<Self, ExitCode> {
        let stop = stop_signal();
        let runtime = Builder::new_multi_thread().enable_all().build();
        match (stop, runtime) {
            (Ok(stop), Ok(runtime)) => Ok(Self {
                name,
                stop,
                runtime,
            }),
            (Err(error), _) => {
                let problem = format_args!("cannot listen for signals: {error}");
                Err(exit_with(name, problem, EXIT_FAILURE))
            }
            (_, Err(error)) => {
                let problem = format_args!("cannot start its threads: {error}");
                Err(exit_with(name, problem, EXIT_FAILURE))
            }
        }
    }

    /// Runs a service, with its logs and traces. A stop during `build` ends the program at once.
    /// Later, `run` receives the stop, and ends by itself.
    pub fn serve<S, A, E, B, F>(
        self,
        build: impl FnOnce() -> A + Send + 'static,
        run: impl FnOnce(S, CancellationToken) -> B,
    ) -> ExitCode
    where
        S: Send + 'static,
        A: Future<Output = Result<S, E>>,
        E: fmt::Display,
        B: Future<Output = Result<(), F>>,
        F: fmt::Display,
    {
        let name = self.name;
        let start = move || async move {
            let export = telemetry::start(name)
                .map_err(|error| exit_with(name, &error, error.exit_code()))?;
            let built = build().await;
            let built = built.map_err(|error| exit_with(name, error, EXIT_FAILURE))?;
            Ok((built, export))
        };
        match self.until_stopped(start) {
            Some(Ok((built, export))) if !self.stop.is_cancelled() => {
                let served = self.runtime.block_on(async {
                    let served = run(built, self.stop.clone()).await;
                    export.finish().await;
                    served
                });
                self.end(match served {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(error) => exit_with(name, error, EXIT_FAILURE),
                })
            }
            Some(Err(code)) => self.end(code),
            // it was stopped as requested
            Some(Ok(_)) | None => self.leave("told to stop before it served", 0),
        }
    }

    /// Runs a command to its end. A stop ends the command at once and counts as a failure; `undone`
    /// then says what happened to its work.
    pub fn finish<F>(self, work: impl FnOnce() -> F + Send + 'static, undone: &str) -> ExitCode
    where
        F: Future<Output = ExitCode>,
    {
        if let Some(code) = self.until_stopped(work) {
            return self.end(code);
        }
        let problem = format_args!("told to stop before it was done. {undone}");
        self.leave(problem, EXIT_FAILURE)
    }

    /// Runs `work` on a thread of its own and waits for it here. So a stop is noticed even if
    /// `work` blocks its thread, for example with a file that does not answer. `None` if the stop
    /// came first.
    fn until_stopped<T, F>(&self, work: impl FnOnce() -> F + Send + 'static) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let handle = self.runtime.handle().clone();
        let working = self.runtime.spawn_blocking(move || handle.block_on(work()));
        self.runtime.block_on(async {
            tokio::select! {
                // work that has finished when the stop comes counts as done
                biased;
                done = working => match done {
                    Ok(done) => Some(done),
                    Err(error) => resume_unwind(error.into_panic()),
                },
                () = self.stop.cancelled() => None,
            }
        })
    }

    /// Ends after the work. Blocked threads are waited for, but not for ever.
    fn end(self, code: ExitCode) -> ExitCode {
        self.runtime.shutdown_timeout(LEFT_OVER);
        code
    }

    /// Ends during the work. If the runtime ended first, the work would fail and report that.
    fn leave(self, problem: impl fmt::Display, code: u8) -> ExitCode {
        mem::forget(self.runtime);
        exit_with(self.name, problem, code)
    }
}

/// Listens for SIGTERM and SIGINT from now on. The first of them cancels the token. Signals arrive
/// on a thread of their own, independent of the runtime.
pub fn stop_signal() -> io::Result<CancellationToken> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let entered = runtime.enter();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    drop(entered);
    let stop = CancellationToken::new();
    let told = stop.clone();
    let hear = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        told.cancel();
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(hear))?;
    Ok(stop)
}
