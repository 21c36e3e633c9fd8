//! Each field is one that Kubernetes knows, or a custom resource's definition.

use super::{Manifests, Object};
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::{CronJob, Job},
    core::v1::{ConfigMap, Namespace, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The fields of custom resources that we set, as their definitions have them
/// (cloudnative-pg 1.30, plugin-barman-cloud 0.16, cert-manager 1.18). `[]` is each element of a list,
/// `*` any key. A field that is set for the first time is looked up there first.
const CUSTOM: &[(&str, &str, &[&str])] = &[
    (
        "postgresql.cnpg.io/v1",
        "Cluster",
        &[
            "spec.instances",
            "spec.imageName",
            "spec.enableSuperuserAccess",
            "spec.bootstrap.initdb.database",
            "spec.bootstrap.initdb.owner",
            "spec.bootstrap.initdb.secret.name",
            "spec.managed.roles[].name",
            "spec.managed.roles[].ensure",
            "spec.managed.roles[].login",
            "spec.managed.roles[].connectionLimit",
            "spec.managed.roles[].passwordSecret.name",
            "spec.postgresql.synchronous.method",
            "spec.postgresql.synchronous.number",
            "spec.postgresql.synchronous.dataDurability",
            "spec.postgresql.synchronous.failoverQuorum",
            "spec.postgresql.parameters.*",
            "spec.postgresql.pg_hba[]",
            "spec.affinity.enablePodAntiAffinity",
            "spec.affinity.podAntiAffinityType",
            "spec.affinity.topologyKey",
            "spec.storage.size",
            "spec.walStorage.size",
            "spec.resources.requests.*",
            "spec.resources.limits.*",
            "spec.plugins[].name",
            "spec.plugins[].isWALArchiver",
            "spec.plugins[].parameters.*",
        ],
    ),
    (
        "postgresql.cnpg.io/v1",
        "ScheduledBackup",
        &[
            "spec.schedule",
            "spec.immediate",
            "spec.backupOwnerReference",
            "spec.cluster.name",
            "spec.method",
            "spec.pluginConfiguration.name",
        ],
    ),
    (
        "barmancloud.cnpg.io/v1",
        "ObjectStore",
        &[
            "spec.retentionPolicy",
            "spec.configuration.destinationPath",
            "spec.configuration.endpointURL",
            "spec.configuration.s3Credentials.accessKeyId.name",
            "spec.configuration.s3Credentials.accessKeyId.key",
            "spec.configuration.s3Credentials.secretAccessKey.name",
            "spec.configuration.s3Credentials.secretAccessKey.key",
            "spec.configuration.wal.compression",
            "spec.configuration.data.compression",
        ],
    ),
    (
        "cert-manager.io/v1",
        "Issuer",
        &["spec.selfSigned", "spec.ca.secretName"],
    ),
    (
        "cert-manager.io/v1",
        "Certificate",
        &[
            "spec.secretName",
            "spec.isCA",
            "spec.commonName",
            "spec.dnsNames[]",
            "spec.uris[]",
            "spec.usages[]",
            "spec.duration",
            "spec.renewBefore",
            "spec.privateKey.algorithm",
            "spec.privateKey.size",
            "spec.privateKey.rotationPolicy",
            "spec.issuerRef.kind",
            "spec.issuerRef.name",
        ],
    ),
];

pub(super) fn check(manifests: &Manifests) -> Vec<String> {
    manifests.objects.iter().flat_map(unknown).collect()
}

/// The fields of an object that its kind has not.
fn unknown(object: &Object) -> Vec<String> {
    let value = &object.0;
    let version = super::text(&value["apiVersion"]);
    let back = match (version, object.kind()) {
        ("v1", "Namespace") => typed::<Namespace>(value),
        ("v1", "ServiceAccount") => typed::<ServiceAccount>(value),
        ("v1", "ConfigMap") => typed::<ConfigMap>(value),
        ("v1", "Service") => typed::<Service>(value),
        ("apps/v1", "Deployment") => typed::<Deployment>(value),
        ("apps/v1", "StatefulSet") => typed::<StatefulSet>(value),
        ("batch/v1", "Job") => typed::<Job>(value),
        ("batch/v1", "CronJob") => typed::<CronJob>(value),
        ("policy/v1", "PodDisruptionBudget") => typed::<PodDisruptionBudget>(value),
        ("networking.k8s.io/v1", "NetworkPolicy") => typed::<NetworkPolicy>(value),
        ("autoscaling/v2", "HorizontalPodAutoscaler") => typed::<HorizontalPodAutoscaler>(value),
        (version, kind) => return custom(object, version, kind),
    };
    match back {
        Ok(back) => {
            let mut lost = Vec::new();
            compare(value, &back, &object.title(), &mut lost);
            lost
        }
        Err(error) => vec![format!("{}: {error}", object.title())],
    }
}

/// An object as its type has it: what the type does not know is not in it.
fn typed<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(serde_json::from_value::<T>(value.clone())?)
}

/// Notes what is in one value and not, or otherwise, in the one read back.
fn compare(written: &Value, back: &Value, at: &str, lost: &mut Vec<String>) {
    match (written, back) {
        (Value::Object(fields), Value::Object(known)) => {
            for (name, value) in fields {
                match known.get(name) {
                    Some(back) => compare(value, back, &format!("{at}.{name}"), lost),
                    None => lost.push(format!("{at} has no field {name}")),
                }
            }
        }
        (Value::Array(elements), Value::Array(known)) if elements.len() == known.len() => {
            for (number, (value, back)) in elements.iter().zip(known).enumerate() {
                compare(value, back, &format!("{at}[{number}]"), lost);
            }
        }
        _ if written == back => {}
        _ => lost.push(format!("{at} is {back}, not {written}")),
    }
}

fn custom(object: &Object, version: &str, kind: &str) -> Vec<String> {
    let definition = CUSTOM
        .iter()
        .find(|(of, name, _)| (*of, *name) == (version, kind));
    let Some((_, _, known)) = definition else {
        return vec![format!("{version} has no {kind}")];
    };
    let mut paths = Vec::new();
    leaves(object.spec(), "spec", &mut paths);
    let is_known = |path: &str| {
        known.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => path.strip_prefix(start).is_some_and(|key| !key.is_empty()),
            None => path == *pattern,
        })
    };
    let unknown = paths.into_iter().filter(|path| !is_known(path));
    unknown
        .map(|path| format!("{} has no field {path}", object.title()))
        .collect()
}

/// The paths to whatever has nothing in it.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                leaves(value, &format!("{at}.{name}"), found);
            }
        }
        Value::Array(elements) => {
            for value in elements {
                leaves(value, &format!("{at}[]"), found);
            }
        }
        _ => found.push(at.to_owned()),
    }
}
