//! A program as the first process of a PID namespace, as a container runs it: the
//! kernel drops every signal for which it has no handler. And places at which a
//! program can be held, so that a signal comes at a known point.

use std::{
    fs::{self, OpenOptions},
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    ops::Range,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::OnceLock,
};

/// Seconds after which a program that does not end is killed, and its test fails.
const LIMIT: &str = "60";
/// SIGTERM, and SIGINT, for which a program listens next: the handler of the former is
/// whole when the latter has one.
const STOPS: u64 = 1 << (15 - 1) | 1 << (2 - 1);

/// Moments of a program's start: the first is the one at which it begins to listen for
/// signals, and each lies twice as far after it as the one before, the last some tenths
/// of a second.
pub const MOMENTS: Range<u32> = 0..22;

/// A running program. It is killed with this value.
#[derive(Debug)]
pub struct FirstProcess {
    /// Ends it after the limit, and is the parent of `unshare`, which is its parent.
    limited: Child,
    /// Its id outside of its namespace, unless it has ended before it was seen.
    id: Option<String>,
    /// A shell that sends SIGTERM to each id that it reads, since to start `kill` takes
    /// longer than the moments that a test is about.
    kill: (Child, ChildStdin),
}

impl FirstProcess {
    /// Starts a program with these variables and no others. It runs, and not only what
    /// starts it, when this returns.
    #[must_use]
    pub fn start<'a>(
        program: &str,
        arguments: &[&str],
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut limited = limited()
            .arg(program)
            .args(arguments)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("timeout, of coreutils");
        let mut shell = Command::new("sh")
            .args(["-c", "while read -r id; do kill -TERM \"$id\"; done"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell");
        let stdin = shell.stdin.take().expect("it is piped");
        let program = Path::new(program).canonicalize().expect("the program");
        let unshare = child_of(&limited.id().to_string(), &mut limited);
        let id = unshare.and_then(|unshare| child_of(&unshare, &mut limited));
        let id = id.filter(|id| becomes(id, &program));
        Self {
            limited,
            id,
            kill: (shell, stdin),
        }
    }

    /// Whether it listens for [`STOPS`]; `None` where it has ended.
    fn hears(&self) -> Option<bool> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id.as_ref()?)).ok()?;
        let caught = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))?;
        let caught = u64::from_str_radix(caught.trim(), 16).expect("a number");
        Some(caught & STOPS == STOPS)
    }

    /// Tells it to stop, as Kubernetes does.
    fn terminate(&mut self) {
        if let Some(id) = &self.id {
            writeln!(self.kill.1, "{id}").expect("the shell reads");
        }
    }

    /// Tells it to stop at a point at which it is held, and waits for its end: the exit
    /// code, and what it printed on standard error.
    #[must_use]
    pub fn stopped(mut self) -> (Option<i32>, String) {
        assert_eq!(self.hears(), Some(true), "SIGTERM would be lost here");
        self.terminate();
        self.ended()
    }

    /// Tells it to stop at one of [`MOMENTS`], unless it ended before, and waits for its
    /// end.
    #[must_use]
    pub fn stopped_at(mut self, moment: u32) -> (Option<i32>, String) {
        while self.hears() == Some(false) {}
        for _ in 0..1_u32 << moment {
            std::hint::spin_loop();
        }
        self.terminate();
        self.ended()
    }

    /// Waits for its end.
    #[must_use]
    fn ended(self) -> (Option<i32>, String) {
        let Self {
            limited,
            kill: (mut shell, stdin),
            ..
        } = self;
        let Output { status, stderr, .. } = limited.wait_with_output().expect("it ends");
        drop(stdin);
        shell.wait().expect("it ends with its input");
        (status.code(), String::from_utf8(stderr).expect("text"))
    }
}

/// A command that runs another one as the first process, for a bounded time.
fn limited() -> Command {
    static NAMESPACE: OnceLock<&[&str]> = OnceLock::new();
    let namespace = NAMESPACE.get_or_init(|| {
        let root: &[&str] = &["--pid", "--fork", "--kill-child"];
        let user: &[&str] = &[
            "--user",
            "--map-root-user",
            "--pid",
            "--fork",
            "--kill-child",
        ];
        let works = |namespace: &&[&str]| {
            let mut command = Command::new("unshare");
            command.args(*namespace).arg("true");
            command.output().is_ok_and(|it| it.status.success())
        };
        [root, user].into_iter().find(works).expect(
            "unshare, of util-linux, as root or where users may make namespaces of their own",
        )
    });
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", LIMIT, "unshare"]);
    command.args(*namespace).arg("--");
    command
}

/// The one child of a process; `None` where all ended before it was seen.
fn child_of(id: &str, limited: &mut Child) -> Option<String> {
    while limited.try_wait().expect("a child").is_none() {
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        if let Some(child) = children.split_whitespace().next() {
            return Some(child.to_owned());
        }
    }
    None
}

/// Waits until a process runs a program. `false` where it has ended.
fn becomes(id: &str, program: &Path) -> bool {
    loop {
        match fs::read_link(format!("/proc/{id}/exe")) {
            Ok(runs) if runs == program => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// A database server that accepts connections and says nothing.
#[derive(Debug)]
pub struct SilentServer(TcpListener);

impl SilentServer {
    /// Listens on a free port.
    #[must_use]
    pub fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a free port"))
    }

    /// Where a program is to look for it.
    #[must_use]
    pub fn url(&self) -> String {
        let address = self.0.local_addr().expect("it listens");
        format!("postgres://somebody@{address}/database")
    }

    /// Waits until somebody has called, who waits for an answer as long as this lives.
    #[must_use]
    pub fn called(&self) -> TcpStream {
        let (mut caller, _) = self.0.accept().expect("a caller");
        // it has asked, too
        caller.read_exact(&mut [0]).expect("a question");
        caller
    }
}

/// A file that holds everyone who opens it.
#[derive(Debug)]
pub struct SilentFile(PathBuf);

impl SilentFile {
    /// Makes it.
    #[must_use]
    pub fn make(path: &Path) -> Self {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.expect("mkfifo, of coreutils").success());
        Self(path.to_owned())
    }

    /// Waits until somebody has opened it, who waits for its content as long as this
    /// lives.
    #[must_use]
    pub fn opened(&self) -> fs::File {
        let file = OpenOptions::new().write(true).open(&self.0);
        file.expect("it can be written")
    }
}
