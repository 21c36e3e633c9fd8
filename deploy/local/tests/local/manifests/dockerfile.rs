//! The image holds what the manifests run, made from what the workspace has.

use super::{PRODUCTION, Workload, file, list, text};
use serde_json::Value;
use std::{collections::BTreeSet, path::Path, process::Command};
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
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(tools::workspace())
        .output()
        .expect("cargo");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The workspace's targets of a kind: programs (`bin`) or benchmarks (`bench`).
fn targets(kind: &str) -> Vec<Value> {
    let metadata = metadata();
    let packages = list(&metadata["packages"]).iter();
    let targets = packages.flat_map(|package| list(&package["targets"]));
    let targets = targets.filter(|target| list(&target["kind"]).contains(&Value::from(kind)));
    targets.cloned().collect()
}

#[test]
fn the_image_has_all_programs_of_the_workspace() {
    let programs = targets("bin");
    let programs = programs.iter().map(|program| text(&program["name"]));
    assert_eq!(installed(), programs.map(str::to_owned).collect());
}

/// The step that compiles the dependencies has the manifests alone, and Cargo refuses a
/// manifest that names a benchmark which is not there.
#[test]
fn the_image_makes_each_benchmark_that_a_manifest_names() {
    let benchmarks = targets("bench");
    assert!(!benchmarks.is_empty());
    for benchmark in benchmarks {
        let path = Path::new(text(&benchmark["src_path"]));
        let path = path.strip_prefix(tools::workspace()).expect("ours");
        assert!(
            words().contains(&path.display().to_string()),
            "{}",
            path.display()
        );
    }
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
