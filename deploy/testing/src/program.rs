//! Programs that run beside a test.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

/// A running program. It ends with this value, and with the thread that started it.
#[derive(Debug)]
pub struct Program(Child);

impl Program {
    /// Starts one, which writes what it says to a file.
    #[must_use]
    pub fn start(program: &Path, arguments: &[String], log: &Path) -> Self {
        let log = std::fs::File::create(log).expect("a file");
        let child = Command::new("setpriv")
            .args(["--pdeathsig=KILL", "--"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("setpriv, of util-linux");
        Self(child)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
