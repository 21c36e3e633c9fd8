//! Programs, ports and releases that one object names and another has.

use super::{Manifests, Object, Workload, dockerfile, environment, list, text};
use std::{collections::BTreeSet, path::Path};

/// Each container of ours runs a program of the image.
pub(super) fn programs(manifests: &Manifests) -> Vec<String> {
    let installed = dockerfile::installed();
    let mut found = Vec::new();
    for workload in manifests.workloads().filter(Workload::is_ours) {
        for container in workload.containers() {
            let program = Path::new(text(&list(&container["command"])[0]));
            let name = program.strip_prefix(dockerfile::PROGRAMS);
            if !name.is_ok_and(|name| installed.contains(name.to_str().unwrap_or_default())) {
                let title = workload.title();
                found.push(format!("{title}: the image has no {}", program.display()));
            }
        }
    }
    found
}

/// Each Service has no address of its own, and leads to a port of the pods it selects.
pub(super) fn ports(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for service in manifests.of_kind("Service") {
        if service.spec()["clusterIP"] != "None" {
            found.push(format!("{} is not headless", service.title()));
        }
        let selector = service.spec()["selector"].as_object();
        let selected = manifests.workloads().find(|workload| {
            let mut wanted = selector.into_iter().flatten();
            wanted.all(|(label, value)| workload.labels()[label] == *value)
        });
        let container = selected.and_then(|workload| workload.containers().last());
        let ports = container.map(environment::ports).unwrap_or_default();
        for port in list(&service.spec()["ports"]) {
            // a headless name resolves to pods, whose own port is then asked
            if port["port"].as_u64() != ports.get(text(&port["targetPort"])).copied() {
                found.push(format!("{} leads to no port by {port}", service.title()));
            }
        }
    }
    found
}

/// All run one release, after which the Job is named.
pub(super) fn release(manifests: &Manifests) -> Vec<String> {
    let images: BTreeSet<_> = manifests
        .workloads()
        .filter(Workload::is_ours)
        .flat_map(|workload| workload.containers())
        .map(|container| text(&container["image"]))
        .collect();
    let tag = images.first().and_then(|image| image.rsplit(':').next());
    let job = manifests.of_kind("Job").next().map(Object::name);
    if images.len() == 1 && job == tag.map(|tag| format!("migrate-{tag}")).as_deref() {
        Vec::new()
    } else {
        vec![format!("{job:?} is not named after {images:?}")]
    }
}
