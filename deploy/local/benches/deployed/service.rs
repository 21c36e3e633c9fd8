//! A service's real program, as a process of its own.

use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use testing::{auth::channel, listening};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

const MIB: f64 = 1_024.0;

/// Builds both programs, in the profile of this one.
pub(crate) fn build() {
    let built = std::process::Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked"])
        .args(["-p", "auth-service", "-p", "requests-service"])
        .status();
    assert!(built.is_ok_and(|status| status.success()), "cargo build");
}

/// Where cargo put a program: this one lies in a folder beside it.
fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let folder = own.parent().and_then(Path::parent).expect("a folder");
    folder.join(name)
}

/// A running service, ready when this is had. It is killed with this value.
pub(crate) struct Service {
    name: &'static str,
    child: Child,
    addresses: HashMap<String, SocketAddr>,
    /// From its start to its first answer that it serves.
    pub(crate) ready_after: Duration,
}

impl Service {
    /// Starts a program with nothing but these variables, and its listeners on any free
    /// ports.
    pub(crate) async fn start(
        name: &'static str,
        listeners: &[&str],
        variables: [(&str, String); 3],
        more: &[(&str, &str)],
    ) -> Self {
        let prefix = name.trim_end_matches("-service");
        let ports = listeners.iter().map(|listener| {
            let variable = format!("{prefix}_{listener}_LISTEN").to_uppercase();
            (variable, "127.0.0.1:0")
        });
        let begun = Instant::now();
        let mut child = Command::new(program(name))
            .env_clear()
            .envs(ports)
            .envs(variables)
            .envs(more.iter().copied())
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut addresses = HashMap::new();
        while addresses.len() < listeners.len() {
            let line = lines.next_line().await.expect("text");
            addresses.extend(listening(&line.expect("it listens")));
        }
        // so that it never waits for a reader
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let mut service = Self {
            name,
            child,
            addresses,
            ready_after: Duration::ZERO,
        };
        while !serves(service.address("ops")).await {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{name} is not ready"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        service.ready_after = begun.elapsed();
        service
    }

    /// Where one of its listeners is.
    pub(crate) fn address(&self, listener: &str) -> SocketAddr {
        let prefix = self.name.trim_end_matches("-service");
        self.addresses[&format!("{prefix} {listener}")]
    }

    /// Its memory that is in use now (resident set), in MiB.
    pub(crate) fn memory(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// The most that it had in use since its start, in MiB.
    pub(crate) fn peak_memory(&self) -> f64 {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> f64 {
        let id = self.child.id().expect("it runs");
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("Linux");
        let value = status.lines().find_map(|line| line.strip_prefix(field));
        let kib = value.and_then(|value| value.trim().strip_suffix(" kB"));
        let kib: f64 = kib.and_then(|kib| kib.parse().ok()).expect(self.name);
        kib / MIB
    }
}

/// Whether a listener's health says so.
pub(crate) async fn serves(address: SocketAddr) -> bool {
    let answer = HealthClient::new(channel(address))
        .check(HealthCheckRequest::default())
        .await;
    answer.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving)
}
