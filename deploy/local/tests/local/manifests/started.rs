//! Both services, started as the manifests say, with the Secrets that the commands
//! of the documents make.

use super::{
    DEV, Manifests, PRODUCTION, environment, list,
    secrets::{self, Secrets},
    text,
};
use crate::shell;
use contract::{
    config::{self, Configuration},
    time::Clock,
};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use testing::{
    Kind, Role, TestDatabase, auth::channel, certificates::Authority, documents::commands,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// The Secrets that the commands make, and those that cert-manager would.
fn all_secrets(manifests: &Manifests) -> Secrets {
    let mut all = secrets::of(manifests.overlay).clone();
    let authority = Authority::new();
    for certificate in manifests.of_kind("Certificate") {
        let spec = certificate.spec();
        let names = list(&spec["dnsNames"]).iter().chain(list(&spec["uris"]));
        let mut names: Vec<_> = names.map(text).collect();
        let certified = if list(&spec["usages"]).contains(&Value::from("client auth")) {
            authority.client(&names)
        } else {
            // what requests-service calls auth-service here
            names.push("localhost");
            authority.server(&names)
        };
        let files = [
            ("tls.crt", certified.certificate),
            ("tls.key", certified.key),
            ("ca.crt", authority.pem()),
        ];
        let files = files.map(|(name, text)| (name.to_owned(), text.into_bytes()));
        all.insert(text(&spec["secretName"]).to_owned(), files.into());
    }
    all
}

/// Lays out the Secrets as a pod's mounts, under a directory instead of `/`.
fn mount(manifests: &Manifests, secrets: &Secrets, name: &str, root: &Path) {
    let workload = manifests.workload(name);
    for container in workload.containers() {
        for mounted in list(&container["volumeMounts"]) {
            let volumes = list(&workload.pod()["volumes"]);
            let volume = volumes
                .iter()
                .find(|volume| volume["name"] == mounted["name"]);
            let secret = text(&volume.expect("a volume")["secret"]["secretName"]);
            let at = root.join(text(&mounted["mountPath"]).trim_start_matches('/'));
            std::fs::create_dir_all(&at).unwrap();
            // the operators' own are made in the cluster
            for (name, content) in secrets.get(secret).into_iter().flatten() {
                std::fs::write(at.join(name), content).unwrap();
            }
        }
    }
}

/// The configuration from a workload's environment, each variable given by its flag.
fn configure<C: Configuration>(
    manifests: &Manifests,
    name: &str,
    root: &Path,
    instead: &[(&str, String)],
) -> C {
    let container = container(manifests, name);
    let command = C::command();
    let flags = environment::environment(container).map(|(name, variable)| {
        let value = if let Some((_, value)) = instead.iter().find(|(other, _)| *other == name) {
            value.clone()
        } else if name.ends_with("_LISTEN") {
            "127.0.0.1:0".to_owned()
        } else if let Some(path) = text(&variable["value"]).strip_prefix('/') {
            root.join(path).display().to_string()
        } else {
            text(&variable["value"]).to_owned()
        };
        let mut arguments = command.get_arguments();
        let argument = arguments.find(|argument| argument.get_env() == Some(name.as_ref()));
        format!(
            "--{}={value}",
            argument.and_then(clap::Arg::get_long).expect(name)
        )
    });
    let flags = std::iter::once(name.to_owned()).chain(flags);
    config::from_flags(flags).expect("the manifest's configuration")
}

fn container<'a>(manifests: &'a Manifests, name: &str) -> &'a Value {
    let mut containers = manifests.workload(name).containers();
    containers.next().expect("a container")
}

/// Asks as a probe of the manifest does, at the listener that has the port it names.
async fn probe(container: &Value, probe: &str, listeners: &[(&str, SocketAddr)]) -> ServingStatus {
    let check = &container[probe]["grpc"];
    let ports = environment::ports(container);
    let mut named = ports.iter().filter(|(_, port)| check["port"] == **port);
    let (name, _) = named.next().expect("a named port");
    let mut listeners = listeners.iter();
    let (_, listener) = listeners
        .find(|(listener, _)| listener == name)
        .expect(name);
    health(*listener, text(&check["service"])).await
}

async fn health(ops: SocketAddr, service: &str) -> ServingStatus {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(channel(ops)).check(request).await;
    answer.expect("an answer").into_inner().status()
}

/// Waits until a service's readiness probe succeeds; it asks its database each second.
async fn becomes_ready(container: &Value, listeners: &[(&str, SocketAddr)]) {
    let begun = Instant::now();
    while probe(container, "readinessProbe", listeners).await != ServingStatus::Serving {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{listeners:?} is not ready"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn production_comes_from_an_empty_namespace_to_a_served_request() {
    comes_to_a_served_request(&PRODUCTION).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_comes_from_an_empty_namespace_to_a_served_request() {
    comes_to_a_served_request(&DEV).await;
}

/// Both services of an overlay, until this is dropped.
struct Started<'a> {
    public: SocketAddr,
    requests_public: SocketAddr,
    /// The container of each, and its listeners by their names.
    services: [(&'a Value, Vec<(&'static str, SocketAddr)>); 2],
    secrets: Secrets,
    _stopped_at_the_end: DropGuard,
    _root: TempDir,
}

async fn start<'a>(manifests: &'a Manifests, database: &TestDatabase) -> Started<'a> {
    let root = tempfile::tempdir().unwrap();
    let secrets = all_secrets(manifests);
    for name in ["auth-service", "requests-service"] {
        mount(manifests, &secrets, name, &root.path().join(name));
    }
    let clock = Clock::system();
    // what the Secrets' URLs say is checked by itself; there is another database here
    let url = |role| ("DATABASE_URL", database.url_as(role).expose().to_owned());
    let auth = auth_service::app::App::build(
        configure(
            manifests,
            "auth-service",
            &root.path().join("auth-service"),
            &[url(Role::Auth)],
        ),
        clock.clone(),
    );
    let auth = auth.await.unwrap();
    let url_of_auth =
        environment::value(container(manifests, "requests-service"), "AUTH_SERVICE_URL");
    let (scheme, _) = url_of_auth
        .expect("a URL")
        .split_once(':')
        .expect("a scheme");
    let internal = format!("{scheme}://localhost:{}", auth.internal_address().port());
    let requests = requests_service::app::App::build(
        configure(
            manifests,
            "requests-service",
            &root.path().join("requests-service"),
            &[url(Role::Requests), ("AUTH_SERVICE_URL", internal)],
        ),
        clock,
    );
    let requests = requests.await.unwrap();
    let stop = CancellationToken::new();
    let started = Started {
        public: auth.public_address(),
        requests_public: requests.public_address(),
        services: [
            (
                container(manifests, "auth-service"),
                vec![
                    ("public", auth.public_address()),
                    ("internal", auth.internal_address()),
                    ("ops", auth.ops_address()),
                ],
            ),
            (
                container(manifests, "requests-service"),
                vec![
                    ("public", requests.public_address()),
                    ("ops", requests.ops_address()),
                ],
            ),
        ],
        secrets,
        _stopped_at_the_end: stop.clone().drop_guard(),
        _root: root,
    };
    tokio::spawn(auth.run(stop.clone()));
    tokio::spawn(requests.run(stop));
    started
}

async fn comes_to_a_served_request(manifests: &Manifests) {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let started = start(manifests, &database).await;

    // the pods run, and are not ready, until the Job is done
    for (container, listeners) in &started.services {
        for (name, status) in [
            ("startupProbe", ServingStatus::Serving),
            ("livenessProbe", ServingStatus::Serving),
            ("readinessProbe", ServingStatus::NotServing),
        ] {
            assert_eq!(probe(container, name, listeners).await, status, "{name}");
        }
    }
    let job = manifests.workload("migrate");
    let commands: Vec<_> = job
        .containers()
        .map(|container| {
            let words: Vec<_> = list(&container["command"]).iter().map(text).collect();
            words.join(" ")
        })
        .collect();
    assert_eq!(
        commands,
        [
            "/usr/local/bin/migrate up",
            "/usr/local/bin/migrate grants --auth-role ticketing_auth \
             --requests-role ticketing_requests",
        ]
    );
    migrations::up(&database.open(&Clock::system()).await, &|_| ())
        .await
        .unwrap();
    database.grant().await;
    for (container, listeners) in &started.services {
        becomes_ready(container, listeners).await;
    }

    called(manifests, &database, &started).await;
}

/// Calls the services by the very commands of the documents, with the real grpcurl.
async fn called(manifests: &Manifests, database: &TestDatabase, started: &Started<'_>) {
    let blocks: Vec<_> = commands("calls")
        .into_iter()
        .map(|block| {
            block
                .replace(
                    "localhost:50051",
                    &format!("localhost:{}", started.public.port()),
                )
                .replace(
                    "localhost:50061",
                    &format!("localhost:{}", started.requests_public.port()),
                )
        })
        .collect();
    let [how, register, list, administrator, log_out] = blocks.try_into().expect("five blocks");
    let home = tempfile::tempdir().unwrap();
    let authority = started.secrets.get("auth-service-public");
    let authority = authority.map_or(&[][..], |files| &files["ca.crt"]);
    std::fs::write(home.path().join("ca"), authority).unwrap();
    let first = format!(
        "kubectl() {{ base64 \"$HOME/ca\"; }}; SECRETS=$HOME; OVERLAY={}",
        manifests.overlay
    );
    let (_, keep_token) = register.rsplit_once("\nACCESS_TOKEN").expect("the token");
    let keep_token = format!("ACCESS_TOKEN{keep_token}");

    // who registers is a customer, and refused by an answer that went all the way
    let blocks = [&first, &how, &register, &list];
    let outcomes = shell::run(&blocks, home.path(), Stdio::null());
    outcomes[2].succeeded();
    let refused = &outcomes[3].output;
    assert!(refused.contains("Code: PermissionDenied"), "{refused}");

    let (_, statement) = administrator
        .split_once("psql -U postgres -d ticketing -c \"")
        .expect("psql");
    database.execute(statement.split('"').next().unwrap()).await;
    let blocks = [&first, &how, &keep_token, &list, &log_out];
    let outcomes = shell::run(&blocks, home.path(), Stdio::null());
    assert_eq!(outcomes[3].json(), serde_json::json!({}));
    let refused = &outcomes[4].output;
    assert!(refused.contains("Code: Unauthenticated"), "{refused}");
}
