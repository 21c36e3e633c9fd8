//! The life of a program. It listens for SIGTERM and SIGINT before it does anything
//! else: as process 1 of a container it has no default action for a signal, and the
//! kernel drops what arrives before a handler is there.

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

/// How long an ending program waits for threads that are blocked.
const LEFT_OVER: Duration = Duration::from_secs(1);

/// A program that can be told to stop from now on.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    stop: CancellationToken,
    runtime: Runtime,
}

impl Program {
    /// Listens for signals, then starts the runtime. To be called first of all in
    /// `main`. The exit code, where that cannot be done.
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

    /// Runs a service, with its logs and traces. A stop during `build` ends the program at
    /// once; after that, `run` is given the stop, and ends by itself.
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
            // it did what it was told
            Some(Ok(_)) | None => self.leave("told to stop before it served", 0),
        }
    }

    /// Runs a command to its end. A stop ends it at once, which is a failure;
    /// `undone` says what became of its work.
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

    /// Does `work` on a thread of its own and waits for it here, so that a stop is
    /// heard although `work` blocks its thread, for example on a file that does not
    /// answer. `None` where the stop came first.
    fn until_stopped<T, F>(&self, work: impl FnOnce() -> F + Send + 'static) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let handle = self.runtime.handle().clone();
        let working = self.runtime.spawn_blocking(move || handle.block_on(work()));
        self.runtime.block_on(async {
            tokio::select! {
                // what is done when the stop comes is done
                biased;
                done = working => match done {
                    Ok(done) => Some(done),
                    Err(error) => resume_unwind(error.into_panic()),
                },
                () = self.stop.cancelled() => None,
            }
        })
    }

    /// Ends after the work; threads that are blocked are waited for, for a bounded
    /// time.
    fn end(self, code: ExitCode) -> ExitCode {
        self.runtime.shutdown_timeout(LEFT_OVER);
        code
    }

    /// Ends in the midst of the work. To end the runtime first would fail the work,
    /// which would then say so.
    fn leave(self, problem: impl fmt::Display, code: u8) -> ExitCode {
        mem::forget(self.runtime);
        exit_with(self.name, problem, code)
    }
}

/// Listens for SIGTERM and SIGINT from now on; the first of them cancels the token.
/// A thread of its own hears them, whatever the threads of a runtime do.
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
