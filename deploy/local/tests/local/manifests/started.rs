//! Both services, started as the manifests say, with the Secrets that the commands
//! of deploy/README.md make.

use super::{list, readme_commands, text, workload};
use crate::shell;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{CommandFactory, Parser};
use proto::{
    auth::v1::{RegisterRequest, auth_service_client::AuthServiceClient},
    requests::v1::{
        ListPartnerRequestsRequest, partner_requests_service_client::PartnerRequestsServiceClient,
    },
};
use serde_json::Value;
use shared::{config::Problems, serve::LIVENESS, time::Clock};
use std::{
    collections::BTreeMap,
    fs::File,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};
use testing::{
    Kind, TestDatabase,
    auth::{channel, refusal, with_token},
};
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// What the Secrets hold: by name, their files.
type Secrets = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// Runs the commands that make the Secrets; kubectl prints what it would create.
fn secrets(database_url: &str) -> Secrets {
    let home = tempfile::tempdir().unwrap();
    let input = home.path().join("input");
    std::fs::write(&input, format!("{database_url}\n")).unwrap();
    let blocks: Vec<_> = std::iter::once(
        "kubectl() { command kubectl \"$@\" --dry-run=client -o json; }".to_owned(),
    )
    .chain(readme_commands("## 2. The namespace and three Secrets"))
    .collect();
    let stdin = File::open(input).unwrap().into();
    let outcomes = shell::run(&blocks, home.path(), stdin);
    let objects = outcomes.iter().flat_map(|outcome| {
        let objects = serde_json::Deserializer::from_str(outcome.succeeded()).into_iter::<Value>();
        objects.map(|object| object.expect("JSON"))
    });
    objects
        .filter(|object| object["kind"] == "Secret")
        .map(|object| {
            let data = object["data"].as_object().expect("data").iter();
            let files = data
                .map(|(key, value)| (key.clone(), STANDARD.decode(text(value)).expect("base64")));
            (
                text(&object["metadata"]["name"]).to_owned(),
                files.collect(),
            )
        })
        .collect()
}

/// Lays out the Secrets as a pod's mounts, under a directory instead of `/`.
fn mount(secrets: &Secrets, workload_name: &str, root: &Path) {
    let (object, container) = workload(workload_name);
    for mounted in list(&container["volumeMounts"]) {
        let volumes = list(&object.pod().unwrap()["volumes"]);
        let volume = volumes
            .iter()
            .find(|volume| volume["name"] == mounted["name"]);
        let secret = text(&volume.expect("a volume")["secret"]["secretName"]);
        let at = root.join(text(&mounted["mountPath"]).trim_start_matches('/'));
        std::fs::create_dir_all(&at).unwrap();
        for (name, content) in secrets.get(secret).expect("deploy/README.md makes it") {
            std::fs::write(at.join(name), content).unwrap();
        }
    }
}

/// The configuration from a workload's environment, each variable given by its flag.
fn configure<A, C>(secrets: &Secrets, name: &str, root: &Path, instead: &[(&str, String)]) -> C
where
    A: Parser + CommandFactory,
    C: TryFrom<A, Error = Problems>,
{
    let (_, container) = workload(name);
    let command = A::command();
    let flags = list(&container["env"]).iter().map(|variable| {
        let name = text(&variable["name"]);
        let reference = &variable["valueFrom"]["secretKeyRef"];
        let value = if let Some((_, value)) = instead.iter().find(|(other, _)| *other == name) {
            value.clone()
        } else if reference.is_object() {
            let secret = secrets
                .get(text(&reference["name"]))
                .expect("deploy/README.md makes it");
            let value = secret.get(text(&reference["key"])).expect("with this key");
            String::from_utf8(value.clone()).unwrap()
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
    C::try_from(A::parse_from(flags)).expect("the manifest's configuration")
}

async fn health(ops: SocketAddr, service: &str) -> ServingStatus {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(channel(ops)).check(request).await;
    answer.expect("an answer").into_inner().status()
}

/// Waits until a service is ready; it asks its database each second.
async fn becomes_ready(ops: SocketAddr) {
    let begun = Instant::now();
    while health(ops, "").await != ServingStatus::Serving {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{ops} is not ready"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_namespace_comes_to_a_served_request() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let secrets = secrets(database.url.expose());
    let root = tempfile::tempdir().unwrap();
    for name in ["auth-service", "requests-service"] {
        mount(&secrets, name, root.path());
    }
    let clock = Clock::system();

    let config =
        configure::<auth_service::config::Arguments, _>(&secrets, "auth-service", root.path(), &[]);
    let auth = auth_service::app::App::build(config, clock.clone())
        .await
        .unwrap();
    let internal = format!("http://{}", auth.internal_address());
    let config = configure::<requests_service::config::Arguments, _>(
        &secrets,
        "requests-service",
        root.path(),
        &[("AUTH_SERVICE_URL", internal)],
    );
    let requests = requests_service::app::App::build(config, clock.clone())
        .await
        .unwrap();
    let (public, requests_public) = (auth.public_address(), requests.public_address());
    let ops = [auth.ops_address(), requests.ops_address()];
    let stop = CancellationToken::new();
    let _stopped_at_the_end = stop.clone().drop_guard();
    tokio::spawn(auth.run(stop.clone()));
    tokio::spawn(requests.run(stop));

    // the pods run, and are not ready, until the Job is done
    for ops in ops {
        assert_eq!(health(ops, LIVENESS).await, ServingStatus::Serving);
        assert_eq!(health(ops, "").await, ServingStatus::NotServing);
    }
    let (_, job) = workload("migrate");
    assert_eq!(
        job["command"],
        serde_json::json!(["/usr/local/bin/migrate", "up"])
    );
    migrations::up(&database.open(&clock).await).await.unwrap();
    for ops in ops {
        becomes_ready(ops).await;
    }

    // who registers is a customer, and refused by an answer that went all the way
    let request = RegisterRequest {
        name: "First".to_owned(),
        email: "first@example.com".to_owned(),
        phone: "+966 50 000 0000".to_owned(),
        password: "correct horse battery".to_owned(),
        ..RegisterRequest::default()
    };
    let registered = AuthServiceClient::new(channel(public))
        .register(request)
        .await;
    let token = registered
        .unwrap()
        .into_inner()
        .tokens
        .unwrap()
        .access_token;
    let mut client = PartnerRequestsServiceClient::new(channel(requests_public));
    let list = || with_token(ListPartnerRequestsRequest::default(), &token);
    let (code, _) = refusal(client.list_partner_requests(list()).await);
    assert_eq!(code, Code::PermissionDenied);

    // made administrator by the very statement of deploy/README.md
    let commands = readme_commands("## 4. Call it").concat();
    let (_, statement) = commands
        .split_once("psql \"$DATABASE_URL\" -c \"")
        .expect("psql");
    database.execute(statement.split('"').next().unwrap()).await;
    let answer = client
        .list_partner_requests(list())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.partner_requests.len(), 0);
}
