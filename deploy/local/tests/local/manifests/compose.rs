//! deploy/compose.yaml: what it starts, with what, and in which order.

use super::{dockerfile, environment, file, list, rotated, text};
use crate::shell;
use contract::config;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Stdio,
    sync::LazyLock,
};
use testing::{documents::commands, tools};

/// The file as a value.
static COMPOSE: LazyLock<Value> = LazyLock::new(|| {
    // kubectl reads YAML, of objects alone: so this is made the part of one
    let command = "{ printf 'apiVersion: tests/v1\\nkind: Compose\\nmetadata: {name: compose}\\nspec:\\n'
         sed 's/^/  /' deploy/compose.yaml; } | kubectl annotate --local -f - -o json read-by=tests";
    let outcomes = shell::run(&[command], tools::workspace(), Stdio::null());
    let mut object: Value = serde_json::from_str(outcomes[0].succeeded()).expect("JSON");
    object["spec"].take()
});

fn services(compose: &Value) -> &Map<String, Value> {
    compose["services"].as_object().expect("services")
}

/// A service as a container of a pod: the same checks fit.
fn container(service: &Value) -> Value {
    let variables = service["environment"].as_object();
    let variables = variables.into_iter().flatten();
    let variables: Vec<_> = variables
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({ "command": service["command"], "env": variables })
}

/// What is wrong with a compose file.
fn check(compose: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, service) in services(compose) {
        for (needed, how) in service["depends_on"].as_object().into_iter().flatten() {
            let condition = text(&how["condition"]);
            let needed_service = &compose["services"][needed];
            let waits = match needed.as_str() {
                "database" => "service_healthy",
                _ => "service_completed_successfully",
            };
            if needed_service.is_null() || condition != waits {
                found.push(format!("{name} waits for {needed} by {condition:?}"));
            }
        }
        for volume in list(&service["volumes"]) {
            let from = text(volume).split(':').next().unwrap_or_default();
            let is_there = match from.strip_prefix("./") {
                Some(path) => tools::workspace().join("deploy").join(path).exists(),
                None => compose["volumes"].get(from).is_some(),
            };
            if !is_there {
                found.push(format!("{name} mounts {from}, which is not there"));
            }
        }
        for port in list(&service["ports"]) {
            if !text(port).starts_with("127.0.0.1:") {
                found.push(format!("{name} is reached from elsewhere by {port}"));
            }
        }
        if text(&service["image"]).starts_with("ticketing:") {
            found.extend(of_ours(compose, name, service));
            // the drain of a service, as Kubernetes gives it time
            if service["stop_grace_period"] != "45s" {
                found.push(format!("{name} is killed before it drained"));
            }
        }
    }
    let builds = |service: &&Value| !service["build"].is_null();
    if services(compose).values().filter(builds).count() != 1 {
        found.push("the image is not built once".to_owned());
    }
    for (name, service) in services(compose) {
        let pulls = service["build"].is_null() && service["pull_policy"] != "never";
        if text(&service["image"]).starts_with("ticketing:") && pulls {
            found.push(format!("{name} pulls an image that no registry has"));
        }
    }
    // root alone may read a file of the checkout, where it was made under umask 077
    let mounts = list(&compose["services"]["database"]["volumes"]);
    if mounts.iter().any(|mount| text(mount).starts_with('.')) {
        found.push("database reads a file of the checkout".to_owned());
    }
    found
}

/// The same, of a service that runs the image.
fn of_ours(compose: &Value, name: &str, service: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let program = Path::new(text(&list(&service["command"])[0]));
    let program = program.strip_prefix(dockerfile::PROGRAMS).ok();
    if !program.is_some_and(|program| dockerfile::installed().contains(program.to_str().unwrap())) {
        return vec![format!("{name}: the image has no {}", service["command"])];
    }
    let container = container(service);
    let known = environment::known(&container);
    let set: BTreeSet<_> = environment::environment(&container)
        .map(|(variable, _)| variable)
        .collect();
    let unknown = set
        .iter()
        .filter(|variable| !known.contains_key(**variable));
    found.extend(unknown.map(|variable| format!("{name} does not read {variable}")));
    let required = known.iter().filter(|(_, required)| **required);
    let missing = required.filter(|(variable, _)| !set.contains(variable.as_str()));
    found.extend(missing.map(|(variable, _)| format!("{name} needs {variable}")));

    let mounts = || {
        let volumes = list(&service["volumes"]).iter();
        volumes.filter_map(|volume| text(volume).split(':').nth(1))
    };
    for (variable, value) in environment::environment(&container) {
        let value = Path::new(text(&value["value"]));
        if value.is_absolute() && !mounts().any(|mount| value.starts_with(mount)) {
            found.push(format!("{name}: {variable} names no mount"));
        }
    }
    found.extend(of_url(
        compose,
        name,
        environment::value(&container, "DATABASE_URL"),
    ));

    // a port that is published is one on which the service listens by default
    let command = match name {
        "auth-service" => <auth_service::config::Config as clap::CommandFactory>::command(),
        _ => <requests_service::config::Config as clap::CommandFactory>::command(),
    };
    let listens = |port: &str| {
        let mut arguments = command.get_arguments();
        arguments
            .any(|argument| argument.get_default_values() == [format!("0.0.0.0:{port}").as_str()])
    };
    for port in list(&service["ports"]) {
        let inside = text(port).rsplit(':').next().unwrap_or_default();
        if !listens(inside) {
            found.push(format!("{name} does not listen on {inside}"));
        }
    }
    found
}

/// The role is one that roles.sh makes, with the password that it is given.
fn of_url(compose: &Value, name: &str, url: Option<&str>) -> Option<String> {
    let role = match name {
        "auth-service" => "auth",
        "requests-service" => "requests",
        _ => "owner",
    };
    let variable = format!("{}_PASSWORD", role.to_uppercase());
    let password = text(&compose["services"]["database"]["environment"][&variable]);
    let wanted = format!("postgres://ticketing_{role}:{password}@database:5432/ticketing");
    (url != Some(&wanted)).then(|| format!("{name} comes to the database by {url:?}"))
}

#[test]
fn the_compose_file_fits_the_image_and_the_services() {
    let found = check(&COMPOSE);
    assert!(found.is_empty(), "{}", found.join("\n"));
    let names: Vec<_> = services(&COMPOSE).keys().collect();
    assert_eq!(
        names,
        [
            "auth-service",
            "database",
            "demo",
            "grants",
            "migrate",
            "page",
            "requests-service",
            "secrets"
        ]
    );
    let published = services(&COMPOSE).values();
    let published: Vec<_> = published
        .flat_map(|service| list(&service["ports"]))
        .collect();
    assert_eq!(
        published,
        [
            "127.0.0.1:50051:50051",
            "127.0.0.1:50080:8080",
            "127.0.0.1:50061:50061"
        ]
    );
}

#[test]
fn faults_of_a_compose_file_are_found() {
    for (at, value, words) in [
        (
            "/services/auth-service/environment/AUTH_KEY_DIRECTORY",
            json!("/k"),
            "does not read AUTH_KEY_DIRECTORY",
        ),
        (
            "/services/requests-service/environment/AUTH_SERVICE_URL",
            Value::Null,
            "needs AUTH_SERVICE_URL",
        ),
        (
            "/services/auth-service/environment/AUTH_KEYS_DIRECTORY",
            json!("/keys"),
            "names no mount",
        ),
        (
            "/services/auth-service/environment/DATABASE_URL",
            json!("postgres://ticketing_owner:laptop-owner@database:5432/ticketing"),
            "comes to the database by",
        ),
        (
            "/services/database/environment/AUTH_PASSWORD",
            json!("other"),
            "auth-service comes to the database by",
        ),
        (
            "/services/auth-service/ports/0",
            json!("50051:50051"),
            "from elsewhere",
        ),
        (
            "/services/auth-service/ports/0",
            json!("127.0.0.1:50051:50061"),
            "does not listen on 50061",
        ),
        (
            "/services/grants/command/0",
            json!("migrate"),
            "the image has no",
        ),
        (
            "/services/grants/depends_on/migrate/condition",
            json!("service_started"),
            "grants waits for migrate",
        ),
        (
            "/services/secrets/volumes/0",
            json!("./compose/keys.sh:/secrets.sh:ro"),
            "not there",
        ),
        ("/volumes/keys", Value::Null, "mounts keys"),
        (
            "/services/auth-service/stop_grace_period",
            Value::Null,
            "killed before it drained",
        ),
        (
            "/services/auth-service/build",
            json!({ "context": ".." }),
            "not built once",
        ),
        (
            "/services/grants/pull_policy",
            Value::Null,
            "grants pulls an image",
        ),
        (
            "/services/database/volumes/1",
            json!("./kubernetes/overlays/dev/roles.sh:/docker-entrypoint-initdb.d/roles.sh:ro"),
            "reads a file of the checkout",
        ),
    ] {
        let mut planted = COMPOSE.clone();
        let (parent, key) = at.rsplit_once('/').unwrap();
        match (planted.pointer_mut(parent).expect(at), value) {
            (Value::Object(fields), Value::Null) => {
                drop(fields.remove(key).or_else(|| panic!("{at}")));
            }
            (Value::Object(fields), value) => drop(fields.insert(key.to_owned(), value)),
            (Value::Array(elements), value) => elements[key.parse::<usize>().unwrap()] = value,
            (other, _) => panic!("{at} is in {other}"),
        }
        let found = check(&planted);
        assert!(
            found.iter().any(|fault| fault.contains(words)),
            "{at}: {found:?}"
        );
    }
}

#[test]
fn the_script_makes_a_key_that_signs_and_a_token_once() {
    let home = tempfile::tempdir().unwrap();
    let script = file("deploy/compose/secrets.sh")
        .replace("/keys", "keys")
        .replace("/service-token", "service-token")
        .replace(" /roles", " roles")
        // another user's files are root's to make
        .replace("chown", "true");
    let blocks = [
        "umask 077; mkdir keys service-token roles; echo 'true' > roles.sh",
        &format!("cat > secrets.sh <<'END'\n{script}END"),
        "sh secrets.sh",
        "sh secrets.sh",
    ];
    for outcome in shell::run(&blocks, home.path(), Stdio::null()) {
        outcome.succeeded();
    }
    let list = rotated::run(
        "auth-service keys --directory /keys list",
        &home.path().join("keys"),
    );
    let list = list.unwrap();
    assert_eq!(list.lines().count(), 1, "{list}");
    assert!(list.contains(": signs"), "{list}");
    let token = fs::read_to_string(home.path().join("service-token/token")).unwrap();
    assert!(token.len() > 40, "{token}");
    let roles = fs::metadata(home.path().join("roles/roles.sh")).unwrap();
    assert_eq!(
        roles.permissions().mode() & 0o777,
        0o755,
        "for the database"
    );
}

#[test]
fn the_image_alone_is_run_with_what_its_program_takes() {
    let command = commands("image").concat().replace("\\\n", " ");
    let (docker, arguments) = command.split_once("ticketing-local").expect("the program");
    let arguments = std::iter::once("ticketing-local").chain(arguments.split_whitespace());
    let config: local::Config = config::from_flags(arguments).unwrap();
    let directory = config.data_directory.display();
    assert!(
        docker.contains(&format!("--tmpfs {directory}:uid=65532")),
        "{docker}"
    );
    for address in [config.auth_public_listen, config.requests_public_listen] {
        assert!(address.ip().is_unspecified(), "{address}");
        let port = address.port();
        assert!(
            docker.contains(&format!("--publish 127.0.0.1:{port}:{port}")),
            "{docker}"
        );
    }
}
