//! chromedriver, which starts browsers. It and they end with the test, however that ends.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};
use testing::tools;

/// A running chromedriver.
#[derive(Debug)]
pub(crate) struct Driver {
    process: Child,
    pub(crate) url: String,
    /// Where its browsers keep their data.
    pub(crate) folder: tempfile::TempDir,
}

impl Driver {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new("setpriv")
            .args(["--pdeathsig=KILL", "--"])
            .arg(tools::find("chromedriver"))
            .args(["--port=0", "--log-level=WARNING"])
            .env("TMPDIR", folder.path())
            // its browsers are in its group, and end with it
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("setpriv, of util-linux");
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        // what it says later must not fill the pipe
        std::thread::spawn(move || lines.for_each(drop));
        let port = port.expect("it says its port");
        Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            folder,
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ended = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}
