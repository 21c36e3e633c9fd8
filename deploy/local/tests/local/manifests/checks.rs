//! What a manifest names is there: variables, ports, files of Secrets.

use super::{file, list, services, text, workload, workloads};
use clap::CommandFactory as _;
use serde_json::Value;
use std::collections::BTreeMap;

/// The variables that a program reads, and whether it cannot start without.
fn variables(program: &str) -> BTreeMap<String, bool> {
    let command = match program {
        "auth-service" => auth_service::config::Arguments::command(),
        "requests-service" => requests_service::config::Arguments::command(),
        // its arguments are a matter of its main.rs
        "migrate" => return [("DATABASE_URL".to_owned(), true)].into(),
        other => panic!("{other} is a program of ours"),
    };
    let of = |argument: &clap::Arg| {
        let variable = argument.get_env()?.to_str()?.to_owned();
        // an empty default is refused where it is parsed
        Some((variable, argument.get_default_values() == [""]))
    };
    command.get_arguments().filter_map(of).collect()
}

fn environment(container: &Value) -> impl Iterator<Item = (&str, &Value)> {
    list(&container["env"])
        .iter()
        .map(|variable| (text(&variable["name"]), variable))
}

#[test]
fn each_program_gets_the_variables_that_it_needs_and_no_others() {
    for (object, container) in workloads() {
        let known = variables(object.name());
        let set: Vec<_> = environment(container).map(|(name, _)| name).collect();
        for name in &set {
            assert!(
                known.contains_key(*name),
                "{} does not read {name}",
                object.name()
            );
        }
        for (name, _) in known.iter().filter(|(_, required)| **required) {
            assert!(
                set.contains(&name.as_str()),
                "{} needs {name}",
                object.name()
            );
        }
    }
}

/// The container's ports, by name.
fn ports(container: &'static Value) -> BTreeMap<&'static str, u64> {
    let port = |port: &'static Value| {
        (
            text(&port["name"]),
            port["containerPort"].as_u64().expect("a port"),
        )
    };
    list(&container["ports"]).iter().map(port).collect()
}

#[test]
fn each_listener_has_its_port_and_each_probe_asks_one() {
    for (object, container) in workloads().filter(|(object, _)| object.kind() == "Deployment") {
        let ports = ports(container);
        let listeners: BTreeMap<_, _> = environment(container)
            .filter_map(|(name, variable)| {
                let name = name.strip_suffix("_LISTEN")?.rsplit('_').next()?;
                let port = text(&variable["value"]).strip_prefix("0.0.0.0:")?;
                Some((name.to_lowercase(), port.parse().ok()?))
            })
            .collect();
        let named = ports
            .iter()
            .map(|(name, port)| ((*name).to_owned(), *port))
            .collect();
        assert_eq!(listeners, named, "{}", object.name());

        for (probe, service) in [
            ("startupProbe", shared::serve::LIVENESS),
            ("livenessProbe", shared::serve::LIVENESS),
            ("readinessProbe", ""),
        ] {
            let asks = &container[probe]["grpc"];
            assert_eq!(asks["port"].as_u64(), Some(ports["ops"]), "{probe}");
            assert_eq!(text(&asks["service"]), service, "{probe}");
        }
    }
}

#[test]
fn each_name_in_the_cluster_leads_to_a_port_of_a_pod() {
    for service in services() {
        let spec = &service.0["spec"];
        let selected: Vec<_> = workloads()
            .filter(|(object, _)| {
                let labels = &object.0["spec"]["template"]["metadata"]["labels"];
                let selector = spec["selector"].as_object().expect("a selector");
                selector
                    .iter()
                    .all(|(label, value)| labels[label] == *value)
            })
            .collect();
        assert_eq!(selected.len(), 1, "{} selects one workload", service.name());
        let ports = ports(selected[0].1);
        for port in list(&spec["ports"]) {
            // a headless name resolves to pods, whose own port is then asked
            assert_eq!(
                port["port"].as_u64(),
                ports.get(text(&port["targetPort"])).copied()
            );
        }
    }
}

#[test]
fn requests_service_asks_the_internal_listener() {
    let (_, container) = workload("requests-service");
    let (_, url) = environment(container)
        .find(|(name, _)| *name == "AUTH_SERVICE_URL")
        .unwrap();
    let url = text(&url["value"]).strip_prefix("http://").expect("a URL");
    let (host, port) = url.split_once(':').expect("a port");
    let service = services()
        .find(|service| service.name() == host)
        .expect("a Service");
    let ports = list(&service.0["spec"]["ports"]);
    assert_eq!(
        ports.len(),
        1,
        "what publishes one port cannot publish another with it"
    );
    assert_eq!(ports[0]["port"].to_string(), port);
    assert_eq!(text(&ports[0]["name"]), "internal");
}

#[test]
fn every_file_that_a_variable_names_is_mounted() {
    for (object, container) in workloads() {
        for (name, variable) in environment(container) {
            let value = text(&variable["value"]);
            if value.starts_with('/') {
                let mounts = list(&container["volumeMounts"]);
                let mounted = mounts.iter().any(|mount| {
                    let path = text(&mount["mountPath"]);
                    value == path
                        || value
                            .strip_prefix(path)
                            .is_some_and(|at| at.starts_with('/'))
                });
                assert!(mounted, "{} of {}", name, object.name());
            }
        }
    }
}

#[test]
fn pods_run_as_the_user_of_the_image_and_write_nothing() {
    let dockerfile = file("deploy/Dockerfile");
    let user = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("USER "))
        .expect("a USER");
    let (user, group) = user.split_once(':').expect("a group");
    let (user, group): (u32, u32) = (user.parse().unwrap(), group.parse().unwrap());
    assert!(user > 0 && group > 0, "not root");
    for (object, container) in workloads() {
        let security = &object.pod().unwrap()["securityContext"];
        assert_eq!(security["runAsUser"], user);
        assert_eq!(security["runAsGroup"], group);
        assert_eq!(security["runAsNonRoot"], true);
        let security = &container["securityContext"];
        assert_eq!(security["readOnlyRootFilesystem"], true);
        assert_eq!(security["allowPrivilegeEscalation"], false);
        assert_eq!(security["capabilities"]["drop"], serde_json::json!(["ALL"]));
    }
}

#[test]
fn a_pod_has_longer_to_end_than_its_service_takes() {
    // the wait and the drain deadline of shared::serve, and the last writes
    for (object, _) in workloads().filter(|(object, _)| object.kind() == "Deployment") {
        let pod = object.pod().unwrap();
        assert!(pod["terminationGracePeriodSeconds"].as_u64() > Some(3 + 15 + 5));
    }
}
