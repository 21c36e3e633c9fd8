//! The Secrets, made by the very commands of the documents.

use super::{Manifests, Workload, environment, list, text};
use crate::shell;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use database::DatabaseUrl;
use serde_json::Value;
use std::{collections::BTreeMap, fs::File, path::Path, sync::LazyLock};
use testing::documents::commands;

/// What the Secrets hold: by name, their files.
pub(super) type Secrets = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

static DEV: LazyLock<Secrets> = LazyLock::new(|| make("dev"));
static PRODUCTION: LazyLock<Secrets> = LazyLock::new(|| make("production"));

pub(super) fn of(overlay: &str) -> &'static Secrets {
    match overlay {
        "dev" | "dev-envoy" => &DEV,
        _ => &PRODUCTION,
    }
}

/// Runs the commands for an overlay.
fn make(overlay: &str) -> Secrets {
    let overlay = format!("OVERLAY={overlay}");
    let blocks = commands("secrets").into_iter();
    let blocks = blocks.map(|block| block.replace("OVERLAY=production", &overlay));
    made_by(blocks, "key-id\nsecret-key\n")
}

/// The Secrets that commands make; kubectl prints what it would create.
pub(super) fn made_by(blocks: impl Iterator<Item = String>, input: &str) -> Secrets {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("input");
    std::fs::write(&file, input).unwrap();
    // the namespace stands in a file of the tree, which kubectl would ask a cluster about
    let kubectl =
        "kubectl() { [ \"$1\" = apply ] || command kubectl \"$@\" --dry-run=client -o json; }";
    let blocks: Vec<_> = std::iter::once(kubectl.to_owned()).chain(blocks).collect();
    let outcomes = shell::run(&blocks, home.path(), File::open(file).unwrap().into());
    let objects = outcomes.iter().flat_map(|outcome| {
        let objects = serde_json::Deserializer::from_str(outcome.succeeded()).into_iter::<Value>();
        objects.map(|object| object.expect("JSON"))
    });
    objects
        .filter(|object| object["kind"] == "Secret")
        .map(|object| {
            assert_eq!(object["metadata"]["namespace"], "ticketing");
            let data = object["data"].as_object().expect("data").iter();
            let files = data
                .map(|(key, value)| (key.clone(), STANDARD.decode(text(value)).expect("base64")));
            (
                text(&object["metadata"]["name"]).to_owned(),
                files.collect(),
            )
        })
        .collect()
}

/// The text of a Secret's file.
pub(super) fn read(secrets: &Secrets, reference: &Value) -> Option<String> {
    let secret = secrets.get(text(&reference["name"]))?;
    let value = secret.get(text(&reference["key"]))?;
    String::from_utf8(value.clone()).ok()
}

/// What is wrong with the database URLs: each names the database of the overlay and a
/// role that it has, and in production asks for TLS and for an authority that is mounted.
pub(super) fn urls(manifests: &Manifests) -> Vec<String> {
    let secrets = of(manifests.overlay);
    let mut found = Vec::new();
    for workload in manifests.workloads().filter(Workload::is_ours) {
        for container in workload.containers() {
            let url = environment::environment(container)
                .find(|(name, _)| *name == "DATABASE_URL")
                .and_then(|(_, variable)| read(secrets, &variable["valueFrom"]["secretKeyRef"]));
            let url = url.unwrap_or_default();
            let faults = of_url(manifests, workload, container, &url).into_iter();
            found.extend(faults.map(|fault| format!("{}: {fault}", workload.title())));
        }
    }
    found
}

fn of_url(
    manifests: &Manifests,
    workload: Workload<'_>,
    container: &Value,
    url: &str,
) -> Option<String> {
    if url.parse::<DatabaseUrl>().is_err() {
        return Some("its database URL is none".to_owned());
    }
    let uri: http::Uri = url.parse().expect("a URL");
    let (user, host) = uri.authority()?.as_str().split_once('@')?;
    let role = user.split(':').next().unwrap_or_default();
    let wanted = match workload.name() {
        "auth-service" | "end-sessions" => "ticketing_auth",
        "requests-service" => "ticketing_requests",
        _ => "ticketing_owner",
    };
    if role != wanted {
        return Some(format!("it comes to the database as {role}, not {wanted}"));
    }
    let Some(cluster) = manifests.of_kind("Cluster").next() else {
        let service = manifests.find("Service", host.split(':').next()?);
        let made = super::file("deploy/kubernetes/overlays/dev/roles.sh");
        let has_role = made.contains(&format!("CREATE ROLE {role} LOGIN"));
        return (service.is_none() || !has_role || uri.path() != "/ticketing")
            .then(|| format!("no database is at {host} for {role}"));
    };
    let initdb = &cluster.spec()["bootstrap"]["initdb"];
    let roles = list(&cluster.spec()["managed"]["roles"]).iter();
    let mut roles = roles.map(|role| &role["name"]).chain([&initdb["owner"]]);
    let database = text(&initdb["database"]);
    if !roles.any(|known| known == role)
        || host != format!("{}-rw:5432", cluster.name())
        || uri.path() != format!("/{database}")
    {
        return Some(format!("no database is at {host} for {role}"));
    }
    let query = uri.query().unwrap_or_default();
    let file = query.strip_prefix("sslmode=verify-full&sslrootcert=");
    let mut mounts = list(&container["volumeMounts"]).iter();
    let of_authority = |mount: &Value| {
        let volumes = list(&workload.pod()["volumes"]).iter();
        let mut named = volumes.filter(|volume| volume["name"] == mount["name"]);
        let authority = format!("{}-ca", cluster.name());
        named.any(|volume| volume["secret"]["secretName"] == *authority)
    };
    let is_mounted = file.is_some_and(|file| {
        mounts.any(|mount| {
            of_authority(mount)
                && Path::new(file).parent() == Some(Path::new(text(&mount["mountPath"])))
                && file.ends_with("/ca.crt")
        })
    });
    (!is_mounted).then(|| format!("nothing vouches for the database: {query}"))
}
