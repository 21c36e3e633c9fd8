//! The kustomize base, the Dockerfile and the commands of deploy/README.md: that
//! they fit each other and the services.

mod checks;
mod dockerfile;
mod rotated;
mod started;

use crate::shell;
use serde_json::Value;
use std::{process::Stdio, sync::LazyLock};
use testing::tools;

/// The objects that `kubectl kustomize deploy/kubernetes/base` prints.
static OBJECTS: LazyLock<Vec<Object>> = LazyLock::new(|| {
    // kubectl itself turns YAML into JSON, where it is asked for a change
    let command = "kubectl kustomize deploy/kubernetes/base \
                   | kubectl annotate --local -f - -o json read-by=tests";
    let outcomes = shell::run(&[command], tools::workspace(), Stdio::null());
    let objects = serde_json::Deserializer::from_str(outcomes[0].succeeded()).into_iter();
    objects
        .map(|object| Object(object.expect("JSON")))
        .collect()
});

/// One object of the cluster.
#[derive(Clone, Debug)]
struct Object(Value);

impl Object {
    fn kind(&self) -> &str {
        text(&self.0["kind"])
    }

    fn name(&self) -> &str {
        text(&self.0["metadata"]["name"])
    }

    /// The pod that a Deployment or a Job makes.
    fn pod(&self) -> Option<&Value> {
        let pod = &self.0["spec"]["template"]["spec"];
        pod.is_object().then_some(pod)
    }

    /// Its one container.
    fn container(&self) -> Option<&Value> {
        let containers = list(&self.pod()?["containers"]);
        assert_eq!(containers.len(), 1, "{}", self.name());
        containers.first()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The objects that make pods.
fn workloads() -> impl Iterator<Item = (&'static Object, &'static Value)> {
    OBJECTS
        .iter()
        .filter_map(|object| Some((object, object.container()?)))
}

/// The workload that runs a program.
fn workload(name: &str) -> (&'static Object, &'static Value) {
    let found = workloads().find(|(object, _)| object.name() == name);
    found.unwrap_or_else(|| panic!("{name} is in the base"))
}

fn services() -> impl Iterator<Item = &'static Object> {
    OBJECTS.iter().filter(|object| object.kind() == "Service")
}

/// A file of the workspace.
fn file(path: &str) -> String {
    std::fs::read_to_string(tools::workspace().join(path)).expect(path)
}

/// The ```sh blocks of deploy/README.md under a heading.
fn readme_commands(heading: &str) -> Vec<String> {
    let readme = file("deploy/README.md");
    let (_, section) = readme.split_once(heading).expect(heading);
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = section.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_base_is_two_services_their_names_and_a_job() {
    let mut all: Vec<_> = OBJECTS
        .iter()
        .map(|object| format!("{} {}", object.kind(), object.name()))
        .collect();
    all.sort();
    assert_eq!(
        all,
        [
            "Deployment auth-service",
            "Deployment requests-service",
            "Job migrate",
            "Service auth-service",
            "Service auth-service-internal",
            "Service requests-service",
        ]
    );
}

#[test]
fn every_command_of_the_deployment_readme_is_bash() {
    let readme = file("deploy/README.md");
    let blocks: Vec<_> = readme.split("```sh\n").skip(1).collect();
    assert!(blocks.len() > 10);
    for block in blocks {
        let block = block.split("```").next().unwrap();
        let read = std::process::Command::new("bash")
            .args(["-n", "-c", block])
            .output()
            .unwrap();
        assert!(read.status.success(), "{block}");
    }
}
