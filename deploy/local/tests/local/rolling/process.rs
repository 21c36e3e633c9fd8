//! Replicas as processes of their own: this test binary again, told by variables to
//! serve.

use client::channel::Resolver;
use contract::{config, time::Clock};
use requests_service::{app::App, config::Config};
use server::program::stop_signal;
use std::{
    env, fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use testing::{
    Role, TestDatabase,
    auth::{Replica, channel},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// Says which service a process is; the others say what it needs.
const SERVICE: &str = "TESTED_SERVICE";
const DATABASE: &str = "TESTED_DATABASE";
const FOLDER: &str = "TESTED_FOLDER";
/// What a process prints before its two addresses.
const LISTENS: &str = "listens:";

/// The name of auth-service: a file with the address of each replica in a line.
#[derive(Clone, Debug)]
pub(super) struct Names(PathBuf);

impl Names {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.join("auth-service.names"))
    }

    /// No reader sees half of it.
    pub(super) fn set(&self, addresses: &[SocketAddr]) {
        let lines: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let half = self.0.with_extension("new");
        fs::write(&half, lines.join("\n")).unwrap();
        fs::rename(half, &self.0).unwrap();
    }

    fn resolver(self) -> Resolver {
        let read = move |_, _| {
            let text = fs::read_to_string(&self.0);
            std::future::ready(text.and_then(|text| {
                let addresses = text.lines().map(str::parse);
                addresses
                    .collect::<Result<_, _>>()
                    .map_err(io::Error::other)
            }))
        };
        Resolver::new(read)
    }
}

/// Serves where the variables say so; passes otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_serves() {
    let (Ok(service), Ok(database), Ok(folder)) =
        (env::var(SERVICE), env::var(DATABASE), env::var(FOLDER))
    else {
        return;
    };
    let folder = PathBuf::from(folder);
    let tell = |address: SocketAddr, ops: SocketAddr| println!("\n{LISTENS} {address} {ops}");
    if service == "auth-service" {
        Replica::serve(
            &folder,
            &database.parse().unwrap(),
            tell,
            stop_signal().unwrap(),
        )
        .await;
        return;
    }
    let config = config::from_flags([
        "requests-service",
        "--public-listen=127.0.0.1:0",
        "--ops-listen=127.0.0.1:0",
        "--auth-service-url=http://auth-service:1",
        &format!("--database-url={database}"),
        &format!("--service-token-file={}", folder.join("token").display()),
    ]);
    let mut config: Config = config.unwrap();
    config.resolver = Names::new(&folder).resolver();
    let app = App::build(config, Clock::system()).await.unwrap();
    tell(app.public_address(), app.ops_address());
    app.run(stop_signal().unwrap()).await.unwrap();
}

/// A running replica. It is killed with this value.
pub(super) struct Process {
    child: Child,
    /// Of the internal listener of auth-service, of the public one of requests-service.
    pub(super) address: SocketAddr,
}

impl Process {
    /// Starts one, and waits until it is ready.
    pub(super) async fn start(service: &str, database: &TestDatabase, folder: &Path) -> Self {
        let role = match service {
            "auth-service" => Role::Auth,
            _ => Role::Requests,
        };
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "rolling::process::the_process_that_serves",
                "--nocapture",
            ])
            .env(SERVICE, service)
            .env(DATABASE, database.url_as(role).expose())
            .env(FOLDER, folder)
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (address, ops) = loop {
            let line = lines.next_line().await.unwrap().expect("it listens");
            let Some(addresses) = line.strip_prefix(LISTENS) else {
                continue;
            };
            let (address, ops) = addresses.trim().split_once(' ').unwrap();
            break (address.parse().unwrap(), ops.parse().unwrap());
        };
        // so that it never waits for a reader
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        becomes_ready(ops).await;
        Self { child, address }
    }

    /// Stops it as Kubernetes does, and waits for its end.
    pub(super) async fn terminate(mut self) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(sent.unwrap().success());
        let status = self.child.wait().await.unwrap();
        assert!(status.success(), "{status}");
    }

    /// Kills it.
    pub(super) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// Readiness is asked of the database each second.
async fn becomes_ready(ops: SocketAddr) {
    let begun = Instant::now();
    let mut health = HealthClient::new(channel(ops));
    loop {
        let answer = health.check(HealthCheckRequest::default()).await;
        if answer.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving) {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{ops} is not ready"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The name of requests-service, for callers in this process.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<Mutex<Vec<SocketAddr>>>);

impl Known {
    pub(super) fn set(&self, addresses: &[SocketAddr]) {
        *self.0.lock().unwrap() = addresses.to_vec();
    }

    pub(super) fn resolver(&self) -> Resolver {
        let Self(known) = self.clone();
        Resolver::new(move |_, _| std::future::ready(Ok(known.lock().unwrap().clone())))
    }
}
