//! The image holds what the manifests run, made from what the workspace has.

use super::{PRODUCTION, Workload, file, list, text};
use serde_json::Value;
use std::{collections::BTreeSet, process::Command};
use testing::tools;

/// Where the image's programs are.
pub(super) const PROGRAMS: &str = "/usr/local/bin/";

/// The words of the Dockerfile, its comments and line ends aside.
fn words() -> Vec<String> {
    let dockerfile = file("deploy/Dockerfile");
    let lines = dockerfile.lines().filter(|line| !line.starts_with('#'));
    lines
        .flat_map(str::split_whitespace)
        .filter(|word| *word != "\\")
        .map(str::to_owned)
        .collect()
}

/// The programs that are copied into the image.
pub(super) fn installed() -> BTreeSet<String> {
    let built = |word: &String| word.strip_prefix("/target/dist/").map(str::to_owned);
    words().iter().filter_map(built).collect()
}

#[test]
fn the_programs_are_where_the_manifests_run_them() {
    assert!(words().contains(&PROGRAMS.to_owned()));
}

/// What cargo tells of the workspace's own packages.
pub(super) fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(tools::workspace())
        .output()
        .expect("cargo");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The programs of the workspace, each with its package.
pub(super) fn programs() -> Vec<(String, String)> {
    let of = |package: &Value| -> Vec<_> {
        let targets = list(&package["targets"]).iter();
        targets
            .filter(|target| list(&target["kind"]).contains(&Value::from("bin")))
            .map(|target| {
                let names = [&package["name"], &target["name"]];
                let [package, program] = names.map(|name| text(name).to_owned());
                (package, program)
            })
            .collect()
    };
    list(&metadata()["packages"]).iter().flat_map(of).collect()
}

#[test]
fn the_image_has_all_programs_of_the_workspace() {
    let programs = programs().into_iter().map(|(_, program)| program);
    assert_eq!(installed(), programs.collect());
}

#[test]
fn the_image_exposes_each_port_of_its_services() {
    let words = words();
    let exposed: BTreeSet<_> = words
        .iter()
        .skip_while(|word| *word != "EXPOSE")
        .filter_map(|word| word.parse::<u64>().ok())
        .collect();
    let ours = PRODUCTION.workloads().filter(Workload::is_ours);
    let containers = ours.flat_map(|workload| workload.containers());
    let ports = containers.flat_map(|container| list(&container["ports"]));
    let ports: BTreeSet<_> = ports
        .filter_map(|port| port["containerPort"].as_u64())
        .collect();
    assert_eq!(exposed, ports);
}
