//! auth-service as a process of its own: what it prints, and how it ends.

use crate::{rows::eventually, served::Served};
use auth_service::tokens::{KeyName, generate_key};
use contract::time::{Clock, Timestamp};
use database::DatabaseUrl;
use std::{
    net::SocketAddr,
    path::Path,
    process::{Output, Stdio},
    sync::{Arc, Mutex},
};
use testing::{Role, auth::SERVICE_TOKEN};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

/// The command, without anything of this process' environment.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth-service"));
    command.env_clear().kill_on_drop(true).stdin(Stdio::null());
    command
}

/// The command with a right configuration: keys and service token in a folder,
/// any free ports.
pub(crate) fn configured(folder: &Path, url: &DatabaseUrl) -> Command {
    Role::Auth.assert_in(url);
    let keys = folder.join("keys");
    if !keys.exists() {
        std::fs::create_dir(&keys).unwrap();
        let now = Clock::system().now().seconds();
        let name = KeyName::at(Timestamp::from_seconds(now - 3_600));
        generate_key(&keys, name).unwrap();
        std::fs::write(folder.join("token"), SERVICE_TOKEN).unwrap();
    }
    let mut command = command();
    command
        .env("AUTH_PUBLIC_LISTEN", "127.0.0.1:0")
        .env("AUTH_INTERNAL_LISTEN", "127.0.0.1:0")
        .env("AUTH_OPS_LISTEN", "127.0.0.1:0")
        .env("DATABASE_URL", url.expose())
        .env("AUTH_KEYS_DIRECTORY", keys)
        .env("SERVICE_TOKEN_FILE", folder.join("token"));
    command
}

/// Runs a command that ends by itself.
pub(crate) async fn run(mut command: Command) -> (i32, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().await.expect("it runs");
    let text = [stdout, stderr].concat();
    (
        status.code().expect("an exit code"),
        String::from_utf8(text).unwrap(),
    )
}

/// A running auth-service. It is killed with this value.
pub(crate) struct Process {
    child: Child,
    printed: Arc<Mutex<String>>,
    reading: [JoinHandle<()>; 2],
    public: SocketAddr,
    internal: SocketAddr,
    pub(crate) ops: SocketAddr,
}

impl Process {
    /// Starts a command, and waits until it listens.
    pub(crate) async fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let printed = Arc::new(Mutex::new(String::new()));
        let reading = [
            read(child.stdout.take().unwrap(), &printed),
            read(child.stderr.take().unwrap(), &printed),
        ];
        let address = |listener: &str| listens_on(&printed.lock().unwrap(), listener);
        eventually("its three addresses", async || {
            let names = ["auth public", "auth internal", "auth ops"];
            names.iter().all(|listener| address(listener).is_some())
        })
        .await;
        let [public, internal, ops] =
            ["auth public", "auth internal", "auth ops"].map(|name| address(name).unwrap());
        Self {
            child,
            printed,
            reading,
            public,
            internal,
            ops,
        }
    }

    /// Asks it to stop, as Kubernetes does.
    pub(crate) async fn terminate(&self) {
        let id = self.child.id().expect("it runs").to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(killed.expect("kill runs").success());
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("it runs");
    }

    /// Waits for its end: the exit code, and all that it printed.
    pub(crate) async fn ended(mut self) -> (i32, String) {
        let status = self.child.wait().await.expect("it ends");
        for reading in self.reading {
            reading.await.unwrap();
        }
        let printed = self.printed.lock().unwrap().clone();
        (status.code().expect("an exit code"), printed)
    }
}

impl Served for Process {
    fn public(&self) -> SocketAddr {
        self.public
    }

    fn internal(&self) -> SocketAddr {
        self.internal
    }
}

fn read(
    from: impl AsyncRead + Unpin + Send + 'static,
    printed: &Arc<Mutex<String>>,
) -> JoinHandle<()> {
    let printed = Arc::clone(printed);
    tokio::spawn(async move {
        let mut lines = BufReader::new(from).lines();
        while let Some(line) = lines.next_line().await.expect("text") {
            let mut printed = printed.lock().unwrap();
            printed.push_str(&line);
            printed.push('\n');
        }
    })
}

/// The address that a log line names for a listener.
fn listens_on(printed: &str, listener: &str) -> Option<SocketAddr> {
    let mut listening = printed.lines().filter_map(testing::listening);
    listening.find_map(|(name, address)| (name == listener).then_some(address))
}
