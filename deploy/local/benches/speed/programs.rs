//! The programs, as Cargo builds them.

use std::{net::SocketAddr, path::Path, process::Stdio};
use testing::service::{build, folder};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

const SERVICES: [&str; 5] = ["-p", "auth-service", "-p", "requests-service", "--bins"];
const ECHO: [&str; 4] = ["-p", "proto", "--example", "echo"];

/// Builds them in a profile. One after the other: what an example depends on would change
/// what the services are built with.
pub(crate) fn build_all(profile: &str) {
    build(profile, &SERVICES);
    build(profile, &ECHO);
}

/// Builds them unless something has done so, as `cargo test` has for the whole workspace.
pub(crate) fn build_missing(profile: &str) {
    let programs = ["auth-service", "requests-service", "examples/echo"];
    let is_there = |program: &&str| folder(profile).join(program).is_file();
    if !programs.iter().all(is_there) {
        build_all(profile);
    }
}

/// The bare server beside which all is measured. It ends with this value.
pub(crate) struct Echo {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Echo {
    pub(crate) async fn start(folder: &Path) -> Self {
        let mut child = Command::new(folder.join("examples/echo"))
            .env_clear()
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let output = child.stdout.take().expect("it is piped");
        let line = BufReader::new(output).lines().next_line().await;
        let line = line.expect("text").expect("its address");
        Self {
            child,
            address: line.parse().expect("an address"),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }
}
