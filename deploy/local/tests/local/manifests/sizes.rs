//! What is asked of nodes and of the database, by the formulas that stand beside it.

use super::{Manifests, environment, list, text};
use clap::CommandFactory;
use serde_json::Value;

/// What a service takes besides the passwords that it hashes, in MiB.
const AUTH_SERVICE: u64 = 96;
const REQUESTS_SERVICE: u64 = 64;

/// A variable's number, from the manifest or else by default.
fn number<A: CommandFactory>(container: &Value, name: &str) -> u64 {
    let command = A::command();
    let mut arguments = command.get_arguments();
    let argument = arguments.find(|argument| argument.get_env() == Some(name.as_ref()));
    let default = argument.expect(name).get_default_values()[0].to_str();
    let value = environment::value(container, name).or(default);
    value.and_then(|value| value.parse().ok()).expect(name)
}

fn mebibytes(quantity: &Value) -> Option<u64> {
    text(quantity).strip_suffix("Mi")?.parse().ok()
}

/// Requests are limits, and as much as the formula says.
pub(super) fn memory(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for workload in manifests.workloads() {
        for container in workload.containers() {
            let resources = &container["resources"];
            let limit = mebibytes(&resources["limits"]["memory"]);
            let title = workload.title();
            if limit.is_none() || limit != mebibytes(&resources["requests"]["memory"]) {
                found.push(format!("{title} does not ask for the memory of its limit"));
            }
            if !resources["requests"]["cpu"].is_string() || !resources["limits"]["cpu"].is_null() {
                found.push(format!("{title} asks for no CPU, or has a limit on it"));
            }
            let needed = match title.as_str() {
                "Deployment auth-service" => {
                    let number = number::<auth_service::config::Config>;
                    let hash = number(container, "AUTH_ARGON2_MEMORY_KIB").div_ceil(1024);
                    let at_once = number(container, "AUTH_HASHING_CONCURRENCY");
                    // a stored hash may take four times what one of ours takes
                    (AUTH_SERVICE + at_once * 4 * hash).next_multiple_of(32)
                }
                "Deployment requests-service" => 2 * REQUESTS_SERVICE,
                _ => continue,
            };
            if limit != Some(needed) {
                found.push(format!(
                    "{title} has {limit:?} MiB of memory, and needs {needed}"
                ));
            }
        }
    }
    found
}

/// Each Job ends some day, also one that waits for a connection that died without a word.
pub(super) fn deadlines(manifests: &Manifests) -> Vec<String> {
    let jobs = manifests.objects.iter().filter_map(|object| {
        let spec = match object.kind() {
            "Job" => object.spec(),
            "CronJob" => &object.spec()["jobTemplate"]["spec"],
            _ => return None,
        };
        (!spec["activeDeadlineSeconds"].is_u64()).then(|| object.title())
    });
    jobs.map(|title| format!("{title} may run for good"))
        .collect()
}

/// The database takes the connections of twice the pods that there may be, since the
/// old ones of a roll-out drain while the new ones work.
pub(super) fn connections(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for cluster in manifests.of_kind("Cluster") {
        let mut all = 0;
        for (name, role) in [
            ("auth-service", "ticketing_auth"),
            ("requests-service", "ticketing_requests"),
        ] {
            let scaler = manifests.find("HorizontalPodAutoscaler", name);
            let pods = scaler.and_then(|scaler| scaler.spec()["maxReplicas"].as_u64());
            let workload = manifests.workload(name);
            let container = workload.containers().next().expect("a container");
            let of_one = if name == "auth-service" {
                // and the two that validate
                number::<auth_service::config::Config>(container, "DATABASE_CONNECTIONS") + 2
            } else {
                number::<requests_service::config::Config>(container, "DATABASE_CONNECTIONS")
            };
            let needed = 2 * pods.expect(name) * of_one;
            let mut roles = list(&cluster.spec()["managed"]["roles"]).iter();
            let role = roles.find(|managed| managed["name"] == role);
            let limit = role.and_then(|role| role["connectionLimit"].as_u64());
            if limit != Some(needed) {
                found.push(format!(
                    "{name} may have {limit:?} connections, and needs {needed}"
                ));
            }
            all += needed;
        }
        let most = text(&cluster.spec()["postgresql"]["parameters"]["max_connections"]);
        if most.parse::<u64>().unwrap_or_default() < all + 20 {
            found.push(format!(
                "{} takes {most} connections of {all}",
                cluster.title()
            ));
        }
        if list(&cluster.spec()["managed"]["roles"]).len() != 2 {
            found.push(format!("{} has roles of nobody", cluster.title()));
        }
    }
    found
}

/// The defaults that the formulas take are arguments' own.
#[test]
fn a_variable_that_is_not_set_counts_by_its_default() {
    let unset = Value::Null;
    let hash = number::<auth_service::config::Config>(&unset, "AUTH_ARGON2_MEMORY_KIB");
    assert_eq!(hash, 19 * 1024);
}
