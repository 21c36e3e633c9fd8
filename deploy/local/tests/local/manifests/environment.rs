//! What a container's environment names is there: variables, ports, files.

use super::{Manifests, Workload, list, text};
use clap::CommandFactory as _;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// The variables that a container's program reads, and whether it cannot start without.
pub(super) fn known(container: &Value) -> BTreeMap<String, bool> {
    let words: Vec<_> = list(&container["command"]).iter().map(text).collect();
    let program = Path::new(words[0]).file_name().unwrap().to_string_lossy();
    let command = match (program.as_ref(), words.len()) {
        ("auth-service", 1) => auth_service::config::Config::command(),
        ("requests-service", 1) => requests_service::config::Config::command(),
        // commands on a database; their flags are a matter of their own
        ("migrate" | "auth-service" | "ticketing-local", _) => {
            return [("DATABASE_URL".to_owned(), true)].into();
        }
        (other, _) => panic!("{other} is a program of ours"),
    };
    let of = |argument: &clap::Arg| {
        let variable = argument.get_env()?.to_str()?.to_owned();
        Some((variable, argument.is_required_set()))
    };
    command.get_arguments().filter_map(of).collect()
}

/// A container's variables by name: plain values and references.
pub(super) fn environment(container: &Value) -> impl Iterator<Item = (&str, &Value)> {
    list(&container["env"])
        .iter()
        .map(|variable| (text(&variable["name"]), variable))
}

/// The plain value of a variable.
pub(super) fn value<'a>(container: &'a Value, name: &str) -> Option<&'a str> {
    environment(container)
        .find(|(other, _)| *other == name)
        .and_then(|(_, variable)| variable["value"].as_str())
}

/// The containers that run a program of ours.
fn ours(manifests: &Manifests) -> impl Iterator<Item = (Workload<'_>, &Value)> {
    let ours = manifests.workloads().filter(Workload::is_ours);
    ours.flat_map(|workload| {
        workload
            .containers()
            .map(move |container| (workload, container))
    })
}

/// Each program gets the variables that it needs and no others.
pub(super) fn variables(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for (workload, container) in ours(manifests) {
        let known = known(container);
        let set: Vec<_> = environment(container).map(|(name, _)| name).collect();
        let unknown = set.iter().filter(|name| !known.contains_key(**name));
        found.extend(unknown.map(|name| format!("{} does not read {name}", workload.title())));
        let needed = known.iter().filter(|(_, required)| **required);
        let missing = needed.filter(|(name, _)| !set.contains(&name.as_str()));
        found.extend(missing.map(|(name, _)| format!("{} needs {name}", workload.title())));
    }
    found
}

/// Each file that a variable names is in a mounted directory.
pub(super) fn files(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for (workload, container) in ours(manifests) {
        for (name, variable) in environment(container) {
            let file = Path::new(text(&variable["value"]));
            let mut mounts = list(&container["volumeMounts"]).iter();
            let is_mounted = mounts.any(|mount| file.starts_with(text(&mount["mountPath"])));
            if file.is_absolute() && !is_mounted {
                found.push(format!("{}: {name} names no mount", workload.title()));
            }
        }
    }
    found
}

/// A container's ports, by name.
pub(super) fn ports(container: &Value) -> BTreeMap<&str, u64> {
    let ports = list(&container["ports"]).iter();
    ports
        .filter_map(|port| Some((text(&port["name"]), port["containerPort"].as_u64()?)))
        .collect()
}

fn deployments(manifests: &Manifests) -> impl Iterator<Item = (Workload<'_>, &Value)> {
    ours(manifests).filter(|(workload, _)| workload.object.kind() == "Deployment")
}

/// Each listener has its port, by its name.
pub(super) fn listeners(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for (workload, container) in deployments(manifests) {
        let listeners: BTreeMap<_, _> = environment(container)
            .filter_map(|(name, variable)| {
                let name = name.strip_suffix("_LISTEN")?.rsplit('_').next()?;
                let port = text(&variable["value"]).strip_prefix("0.0.0.0:")?;
                Some((name.to_lowercase(), port.parse::<u64>().ok()?))
            })
            .collect();
        let named: BTreeMap<_, _> = ports(container)
            .into_iter()
            .map(|(name, port)| (name.to_owned(), port))
            .collect();
        if listeners != named {
            let title = workload.title();
            found.push(format!(
                "{title} listens on {listeners:?}, and names {named:?}"
            ));
        }
    }
    found
}

/// Each probe asks the plain port, and a service that answers there.
pub(super) fn probes(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for (workload, container) in deployments(manifests) {
        for (probe, service) in [
            ("startupProbe", server::serve::LIVENESS),
            ("livenessProbe", server::serve::LIVENESS),
            ("readinessProbe", ""),
        ] {
            let check = &container[probe]["grpc"];
            let of_ops = check["port"].as_u64() == ports(container).get("ops").copied();
            if !of_ops || check["service"].as_str() != Some(service) {
                found.push(format!("{}: {probe} asks {check}", workload.title()));
            }
        }
        // the wait and the drain deadline of server::serve, and the last writes
        if workload.pod()["terminationGracePeriodSeconds"].as_u64() < Some(3 + 15 + 5) {
            found.push(format!("{} is killed before it drained", workload.title()));
        }
    }
    found
}

/// requests-service asks the internal port of auth-service, by a name that has no other.
pub(super) fn auth_service(manifests: &Manifests) -> Vec<String> {
    let workload = manifests.workload("requests-service");
    let container = workload.containers().next().expect("a container");
    let url: http::Uri = value(container, "AUTH_SERVICE_URL")
        .and_then(|url| url.parse().ok())
        .unwrap_or_default();
    let host = url.host().unwrap_or_default();
    let (name, rest) = host.split_once('.').unwrap_or((host, "ticketing.svc"));
    let service = manifests.find("Service", name);
    let ports = service.map(|service| list(&service.spec()["ports"]));
    let fits = rest == "ticketing.svc"
        && ports.is_some_and(|ports| {
            ports.len() == 1
                && ports[0]["name"] == "internal"
                && ports[0]["port"].as_u64() == url.port_u16().map(u64::from)
        });
    if fits {
        Vec::new()
    } else {
        vec![format!("{url} is not auth-service's internal port alone")]
    }
}
