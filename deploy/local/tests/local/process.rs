//! The real program as a process of its own, on free ports.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread::JoinHandle,
};

/// The last line that the program prints.
const END: &str = "# Ctrl-C stops both services.";

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_ticketing-local");

/// Flags that take any free port.
const FREE_PORTS: [&str; 6] = [
    "--web-listen=127.0.0.1:0",
    "--auth-public-listen=127.0.0.1:0",
    "--auth-internal-listen=127.0.0.1:0",
    "--auth-ops-listen=127.0.0.1:0",
    "--requests-public-listen=127.0.0.1:0",
    "--requests-ops-listen=127.0.0.1:0",
];

/// A running program. It ends with this value, and with the thread that started it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    log: Option<JoinHandle<String>>,
    /// All that it printed on standard output.
    pub(crate) printed: String,
}

impl Running {
    /// Starts it on a data directory, and waits until it has printed everything.
    pub(crate) fn start(data_directory: &Path, flags: &[&str]) -> Self {
        Self::start_with(data_directory, flags, &[])
    }

    /// The same, with variables.
    pub(crate) fn start_with(
        data_directory: &Path,
        flags: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig=KILL", "--", PROGRAM])
            .args(FREE_PORTS)
            .arg("--data-directory")
            .arg(data_directory)
            .args(flags)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("setpriv, of util-linux, and the program");
        let mut stderr = child.stderr.take().expect("it is piped");
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let mut running = Self {
            printed: String::new(),
            log: Some(log),
            child,
        };
        let stdout = running.child.stdout.as_mut().expect("it is piped");
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            running.printed += &line;
            running.printed.push('\n');
            if line == END {
                return running;
            }
        }
        panic!("it ended early: {}", running.end());
    }

    /// The address of a listener, as the printed lines name it.
    fn address(&self, before: &str) -> SocketAddr {
        let (_, rest) = self.printed.split_once(before).expect("it is printed");
        let end = |character: char| character.is_whitespace() || character == ')';
        let address = rest.trim_start().split(end).next().unwrap();
        address.parse().expect("an address")
    }

    /// The address of the partner page.
    pub(crate) fn page(&self) -> SocketAddr {
        let (_, rest) = self
            .printed
            .split_once("# Open in a browser:  http://")
            .expect("it is printed");
        let address = rest.split('/').next().unwrap();
        address.parse().expect("an address")
    }

    pub(crate) fn auth(&self) -> SocketAddr {
        self.address("# auth-service:")
    }

    pub(crate) fn auth_internal(&self) -> SocketAddr {
        self.address("(for services:")
    }

    /// Where both services' metrics are.
    pub(crate) fn metrics(&self) -> [SocketAddr; 2] {
        let (_, rest) = self.printed.split_once("# metrics:").expect("printed");
        let line = rest.lines().next().unwrap_or_default();
        let addresses = line.split_whitespace().map(|url| {
            let address = url.trim_start_matches("http://");
            address.trim_end_matches("/metrics").parse().unwrap()
        });
        addresses.collect::<Vec<_>>().try_into().expect("two")
    }

    pub(crate) fn service_token(&self) -> &str {
        let (_, rest) = self
            .printed
            .split_once("# service token:")
            .expect("it is printed");
        rest.lines().next().unwrap_or_default().trim()
    }

    pub(crate) fn requests(&self) -> SocketAddr {
        self.address("# requests-service:")
    }

    /// Stops it as Kubernetes and `kill` do.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.expect("kill").success());
        self.child.wait().expect("it ends")
    }

    /// The same, and gives its log.
    pub(crate) fn terminate_for_log(mut self) -> String {
        let log = self.log.take().expect("it is read once");
        assert!(self.terminate().success());
        log.join().expect("it is read to its end")
    }

    /// Ends it, and gives its log.
    fn end(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let log = self.log.take();
        log.map(|log| log.join().unwrap_or_default())
            .unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let log = self.end();
        if std::thread::panicking() {
            eprintln!("--- its log\n{log}---");
        }
    }
}

/// Flags for a start that is to fail before it matters where it listens.
pub(crate) fn flags(data_directory: &Path) -> Vec<String> {
    let directory = format!("--data-directory={}", data_directory.display());
    let ports = FREE_PORTS.iter().map(ToString::to_string);
    ports.chain([directory]).collect()
}

/// A start that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: i32,
    /// What it said on standard error, its log apart.
    pub(crate) message: String,
}

/// Runs a command that is to end by itself, within a minute.
pub(crate) fn fail(command: &mut Command) -> Failure {
    let program = command.get_program().to_owned();
    let mut bounded = Command::new("timeout");
    bounded.arg("--signal=KILL").arg("60").arg(program);
    bounded.args(command.get_args());
    bounded.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = bounded.output().expect("timeout, of coreutils");
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    let stdout = String::from_utf8_lossy(&stdout);
    assert_eq!(stdout, "", "a start that fails has nothing to paste");
    let stderr = String::from_utf8(stderr).expect("text");
    let (log, message): (Vec<_>, Vec<_>) = stderr.lines().partition(|line| line.starts_with('{'));
    for line in log {
        // what is worth a warning is worth being part of the message
        assert!(line.contains(r#""level":"INFO""#), "{line}");
    }
    Failure {
        code: status.code().expect("it ended by itself"),
        message: message.join("\n"),
    }
}
