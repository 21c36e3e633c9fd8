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

#[test]
fn the_image_is_built_from_packages_that_have_its_programs() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(tools::workspace())
        .output()
        .expect("cargo");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let words = words();
    let named: BTreeSet<_> = words
        .windows(2)
        .filter(|pair| pair[0] == "-p")
        .map(|pair| pair[1].as_str())
        .collect();
    let packages: Vec<_> = list(&metadata["packages"])
        .iter()
        .filter(|package| named.contains(text(&package["name"])))
        .collect();
    assert_eq!(packages.len(), named.len(), "{named:?}");
    let programs: BTreeSet<_> = packages
        .iter()
        .flat_map(|package| list(&package["targets"]))
        .filter(|target| list(&target["kind"]).contains(&Value::from("bin")))
        .map(|target| text(&target["name"]).to_owned())
        .collect();
    assert_eq!(installed(), programs);

    let profile = words
        .windows(2)
        .find(|pair| pair[0] == "--profile")
        .expect("a profile");
    assert!(file("Cargo.toml").contains(&format!("[profile.{}]", profile[1])));
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
