//! Objects find each other by names, labels and ports.

use super::{Manifests, Object, Workload, dockerfile, environment, list, selects, text};
use serde_json::{Value, json};
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

/// Each selector selects the pods of one workload: of its own, where it makes them.
pub(super) fn selectors(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for object in &manifests.objects {
        let spec = object.spec();
        let selector = match object.kind() {
            // equality alone, without the word
            "Service" => json!({ "matchLabels": spec["selector"] }),
            "PodDisruptionBudget" | "Deployment" | "StatefulSet" => spec["selector"].clone(),
            _ => continue,
        };
        let selected: Vec<_> = manifests
            .workloads()
            .filter(|workload| selects(&selector, workload.labels()))
            .map(|workload| workload.title())
            .collect();
        let own = object.workload().map(|workload| workload.title());
        if selected.len() != 1 || own.is_some_and(|own| own != selected[0]) {
            found.push(format!("{} selects {selected:?}", object.title()));
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
        let selector = json!({ "matchLabels": service.spec()["selector"] });
        let selected = manifests
            .workloads()
            .find(|workload| selects(&selector, workload.labels()));
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

/// Each autoscaler scales a Deployment, which leaves the count to it.
pub(super) fn targets(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for scaler in manifests.of_kind("HorizontalPodAutoscaler") {
        let target = &scaler.spec()["scaleTargetRef"];
        let scaled = manifests.find(text(&target["kind"]), text(&target["name"]));
        let Some(scaled) = scaled.filter(|scaled| scaled.0["apiVersion"] == target["apiVersion"])
        else {
            found.push(format!("{} scales nothing", scaler.title()));
            continue;
        };
        if !scaled.spec()["replicas"].is_null() {
            found.push(format!(
                "{} and {} both count",
                scaler.title(),
                scaled.title()
            ));
        }
        let least = scaler.spec()["minReplicas"].as_u64().unwrap_or_default();
        if least < 2 || scaler.spec()["maxReplicas"].as_u64() < Some(least) {
            found.push(format!("{} may leave one pod alone", scaler.title()));
        }
        let asks_for_cpu =
            |container: &Value| container["resources"]["requests"]["cpu"].is_string();
        if !scaled
            .workload()
            .is_some_and(|workload| workload.containers().all(asks_for_cpu))
        {
            found.push(format!("{} has no share to count from", scaler.title()));
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
