//! Each Secret and each ConfigMap that a pod refers to is made by somebody, with the keys
//! that the pod reads.

use super::{Manifests, Workload, environment, list, secrets, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(manifests: &Manifests) -> Vec<String> {
    let known = Known::of(manifests);
    let of = |workload| known.of_workload(workload);
    manifests.workloads().flat_map(of).collect()
}

/// The Secrets with their keys, and the ConfigMaps.
struct Known {
    secrets: BTreeMap<String, BTreeSet<String>>,
    config_maps: BTreeSet<String>,
}

impl Known {
    fn of(manifests: &Manifests) -> Self {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let commands = secrets::of(manifests.overlay).iter();
        let by_commands =
            commands.map(|(name, files)| (name.clone(), files.keys().cloned().collect()));
        let by_cloudnative_pg = manifests.of_kind("Cluster").map(|cluster| {
            (
                format!("{}-ca", cluster.name()),
                keys(&["ca.crt", "ca.key"]),
            )
        });
        let by_cert_manager = manifests.of_kind("Certificate").map(|certificate| {
            let name = text(&certificate.spec()["secretName"]).to_owned();
            (name, keys(&["ca.crt", "tls.crt", "tls.key"]))
        });
        let config_maps = manifests.of_kind("ConfigMap");
        Self {
            secrets: by_commands
                .chain(by_cloudnative_pg)
                .chain(by_cert_manager)
                .collect(),
            config_maps: config_maps.map(|map| map.name().to_owned()).collect(),
        }
    }

    fn of_workload(&self, workload: Workload<'_>) -> Vec<String> {
        let mut found = Vec::new();
        let containers = workload.containers();
        for (name, variable) in containers.flat_map(environment::environment) {
            let reference = &variable["valueFrom"]["secretKeyRef"];
            if reference.is_object() {
                found.extend(self.secret(text(&reference["name"]), [text(&reference["key"])]));
            } else if !variable["value"].is_string() {
                found.push(format!("{name} has no value"));
            }
        }
        let volumes = list(&workload.pod()["volumes"]);
        found.extend(volumes.iter().filter_map(|volume| self.volume(volume)));
        let title = workload.title();
        let found = found.into_iter();
        found.map(|fault| format!("{title}: {fault}")).collect()
    }

    fn volume(&self, volume: &Value) -> Option<String> {
        let secret = &volume["secret"];
        if secret.is_object() {
            let items = list(&secret["items"]).iter();
            let items = items.map(|item| text(&item["key"]));
            return self.secret(text(&secret["secretName"]), items);
        }
        let map = &volume["configMap"];
        let name = text(&map["name"]);
        (map.is_object() && !self.config_maps.contains(name))
            .then(|| format!("there is no ConfigMap {name}"))
    }

    fn secret<'a>(&self, name: &str, keys: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let Some(known) = self.secrets.get(name) else {
            return Some(format!("nothing makes the Secret {name}"));
        };
        let mut keys = keys.into_iter();
        let missing = keys.find(|key| !known.contains(*key))?;
        Some(format!("the Secret {name} has no {missing}"))
    }
}
