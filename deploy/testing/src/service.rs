//! A service's real program in a process of its own, for benchmarks.

use crate::{auth::channel, listening};
use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

const MIB: f64 = 1_024.0;

/// Has Cargo build what `targets` name, in one of its profiles.
pub fn build(profile: &str, targets: &[&str]) {
    let built = std::process::Command::new(env!("CARGO"))
        .args(["build", "--locked", "--profile", profile])
        .args(targets)
        .status();
    assert!(built.is_ok_and(|status| status.success()), "cargo build");
}

/// Where Cargo puts what it builds in one of its profiles. A test and a benchmark lie in a
/// folder beside their profile's.
#[must_use]
pub fn folder(profile: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let target = own.ancestors().nth(3).expect("target/PROFILE/deps");
    target.join(match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    })
}

/// A running service, which is ready. It is killed with this value.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    child: Child,
    addresses: HashMap<String, SocketAddr>,
    /// From its start to its first answer that it serves.
    pub ready_after: Duration,
}

impl Service {
    /// Starts a program of a folder with nothing but these variables, and its listeners on
    /// any free ports.
    pub async fn start(
        folder: &Path,
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
        let mut child = Command::new(folder.join(name))
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
    #[must_use]
    pub fn address(&self, listener: &str) -> SocketAddr {
        let prefix = self.name.trim_end_matches("-service");
        self.addresses[&format!("{prefix} {listener}")]
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Its memory that is in use now (resident set), in MiB.
    #[must_use]
    pub fn memory(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// The most that it had in use since its start, in MiB.
    #[must_use]
    pub fn peak_memory(&self) -> f64 {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("Linux");
        let value = status.lines().find_map(|line| line.strip_prefix(field));
        let kib = value.and_then(|value| value.trim().strip_suffix(" kB"));
        let kib: f64 = kib.and_then(|kib| kib.parse().ok()).expect(self.name);
        kib / MIB
    }
}

/// Whether a listener's health says so.
pub async fn serves(address: SocketAddr) -> bool {
    let answer = HealthClient::new(channel(address))
        .check(HealthCheckRequest::default())
        .await;
    answer.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving)
}
