//! What an object refers to is there: Secrets with their keys, ConfigMaps, volumes,
//! ServiceAccounts, clusters.

use super::{Manifests, Object, Workload, environment, list, secrets, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(manifests: &Manifests) -> Vec<String> {
    let known = Known::of(manifests);
    let mut found: Vec<_> = manifests
        .workloads()
        .flat_map(|workload| known.of_workload(manifests, workload))
        .collect();
    for object in &manifests.objects {
        found.extend(known.of_custom(manifests, object));
    }
    found
}

/// Secrets and ConfigMaps, with their keys.
struct Known {
    secrets: BTreeMap<String, BTreeSet<String>>,
    config_maps: BTreeMap<String, BTreeSet<String>>,
}

impl Known {
    fn of(manifests: &Manifests) -> Self {
        let keys = |data: &Value| {
            let data = data.as_object();
            data.into_iter()
                .flat_map(|data| data.keys().cloned())
                .collect()
        };
        let commands = secrets::of(manifests.overlay).iter();
        let by_commands =
            commands.map(|(name, files)| (name.clone(), files.keys().cloned().collect()));
        let clusters = manifests.of_kind("Cluster");
        // CloudNativePG's own, of which the key is for nobody else
        let by_operator = clusters.map(|cluster| {
            let keys = ["ca.crt", "ca.key"].map(str::to_owned);
            (format!("{}-ca", cluster.name()), keys.into())
        });
        let certificates = manifests.of_kind("Certificate");
        let by_certificates = certificates.map(|certificate| {
            let name = text(&certificate.spec()["secretName"]).to_owned();
            (
                name,
                ["ca.crt", "tls.crt", "tls.key"].map(str::to_owned).into(),
            )
        });
        let config_maps = manifests.of_kind("ConfigMap");
        Self {
            secrets: by_commands
                .chain(by_operator)
                .chain(by_certificates)
                .collect(),
            config_maps: config_maps
                .map(|map| (map.name().to_owned(), keys(&map.0["data"])))
                .collect(),
        }
    }

    fn of_workload(&self, manifests: &Manifests, workload: Workload<'_>) -> Vec<String> {
        let title = workload.title();
        let pod = workload.pod();
        let mut found = Vec::new();

        let account = text(&pod["serviceAccountName"]);
        let account = manifests.find("ServiceAccount", account);
        if workload.is_ours() && account.is_none() {
            found.push(format!("{title} has no ServiceAccount of its own"));
        }

        let claims = list(&workload.object.spec()["volumeClaimTemplates"]).iter();
        let claims = claims.map(|claim| text(&claim["metadata"]["name"]));
        let volumes = list(&pod["volumes"]);
        let named: BTreeSet<_> = volumes
            .iter()
            .map(|volume| text(&volume["name"]))
            .chain(claims)
            .collect();
        let mut mounted = BTreeSet::new();
        for container in workload.containers() {
            for mount in list(&container["volumeMounts"]) {
                mounted.insert(text(&mount["name"]));
                if !mount["subPath"].is_null() {
                    found.push(format!(
                        "{title}: what is mounted by subPath stays as it was"
                    ));
                }
            }
            for (name, variable) in environment::environment(container) {
                let reference = &variable["valueFrom"]["secretKeyRef"];
                if reference.is_object() {
                    let fault = self.secret(text(&reference["name"]), [text(&reference["key"])]);
                    found.extend(fault.map(|fault| format!("{title}: {name}: {fault}")));
                } else if !variable["value"].is_string() {
                    found.push(format!("{title}: {name} has no value"));
                }
            }
        }
        if named != mounted {
            found.push(format!(
                "{title} has volumes {named:?}, and mounts {mounted:?}"
            ));
        }
        for volume in volumes {
            found.extend(self.volume(volume).map(|fault| format!("{title}: {fault}")));
        }
        found
    }

    fn volume(&self, volume: &Value) -> Option<String> {
        let items = |source: &Value| -> Vec<String> {
            let items = list(&source["items"]).iter();
            items.map(|item| text(&item["key"]).to_owned()).collect()
        };
        let secret = &volume["secret"];
        if secret.is_object() {
            let (name, items) = (text(&secret["secretName"]), items(secret));
            let all = self.secrets.get(name).into_iter().flatten();
            if all.clone().any(|key| key == "ca.key")
                && (items.is_empty() || items.iter().any(|key| key == "ca.key"))
            {
                return Some(format!("the key of {name} can sign anything"));
            }
            return self.secret(name, items.iter().map(String::as_str));
        }
        let map = &volume["configMap"];
        let name = text(&map["name"]);
        (map.is_object() && !self.config_maps.contains_key(name))
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

    fn of_custom(&self, manifests: &Manifests, object: &Object) -> Vec<String> {
        let spec = object.spec();
        let mut secrets: Vec<(&Value, Vec<&str>)> = Vec::new();
        let mut objects: Vec<(&str, &Value)> = Vec::new();
        match object.kind() {
            "Cluster" => {
                let owner = &spec["bootstrap"]["initdb"]["secret"]["name"];
                secrets.push((owner, vec!["username", "password"]));
                for role in list(&spec["managed"]["roles"]) {
                    let password = &role["passwordSecret"]["name"];
                    secrets.push((password, vec!["username", "password"]));
                }
                for plugin in list(&spec["plugins"]) {
                    objects.push(("ObjectStore", &plugin["parameters"]["barmanObjectName"]));
                }
            }
            "ScheduledBackup" => objects.push(("Cluster", &spec["cluster"]["name"])),
            "Certificate" => {
                let issuer = &spec["issuerRef"];
                objects.push((text(&issuer["kind"]), &issuer["name"]));
            }
            "Issuer" if spec["ca"].is_object() => {
                secrets.push((&spec["ca"]["secretName"], vec!["tls.crt", "tls.key"]));
            }
            "ObjectStore" => {
                let credentials = &spec["configuration"]["s3Credentials"];
                for reference in ["accessKeyId", "secretAccessKey"] {
                    let reference = &credentials[reference];
                    secrets.push((&reference["name"], vec![text(&reference["key"])]));
                }
            }
            _ => {}
        }
        let of_secrets = secrets.into_iter();
        let of_secrets = of_secrets.filter_map(|(name, keys)| self.secret(text(name), keys));
        let of_objects = objects.into_iter().filter_map(|(kind, name)| {
            let missing = manifests.find(kind, text(name)).is_none();
            missing.then(|| format!("there is no {kind} {}", text(name)))
        });
        of_secrets
            .chain(of_objects)
            .map(|fault| format!("{}: {fault}", object.title()))
            .collect()
    }
}
