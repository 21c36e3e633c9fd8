//! The kustomize overlays, the Dockerfile, the compose file and the documents' commands
//! for them: that they fit each other, Kubernetes and the services.
//!
//! A check is a function from an overlay's objects to what is wrong with them. Each
//! finds nothing in either overlay, and finds the faults that `faults` plants.

mod compose;
mod database;
mod dockerfile;
mod environment;
mod envoy;
mod faults;
mod names;
mod references;
mod rotated;
mod secrets;
mod sizes;
mod started;

use crate::shell;
use serde_json::Value;
use std::{collections::BTreeSet, process::Stdio, sync::LazyLock};
use testing::tools;

/// What an overlay applies, with the namespace that it is applied to.
#[derive(Clone, Debug)]
struct Manifests {
    overlay: &'static str,
    objects: Vec<Object>,
}

static DEV: LazyLock<Manifests> = LazyLock::new(|| Manifests::build("dev"));
static DEV_ENVOY: LazyLock<Manifests> = LazyLock::new(|| Manifests::build("dev-envoy"));
static PRODUCTION: LazyLock<Manifests> = LazyLock::new(|| Manifests::build("production"));

/// What is wrong, a sentence each.
type Check = fn(&Manifests) -> Vec<String>;

/// All checks, for the overlays and for the faults planted in them.
const CHECKS: [(&str, Check); 14] = [
    ("variables", environment::variables),
    ("files", environment::files),
    ("listeners", environment::listeners),
    ("probes", environment::probes),
    ("auth-service", environment::auth_service),
    ("programs", names::programs),
    ("ports", names::ports),
    ("release", names::release),
    ("references", references::check),
    ("urls", secrets::urls),
    ("memory", sizes::memory),
    ("deadlines", sizes::deadlines),
    ("connections", sizes::connections),
    ("locale", database::locale),
];

impl Manifests {
    fn build(overlay: &'static str) -> Self {
        // kubectl itself turns YAML into JSON, where it is asked for a change
        let command = format!(
            "{} | kubectl annotate --local -f - -o json read-by=tests",
            applied(overlay)
        );
        let outcomes = shell::run(&[command], tools::workspace(), Stdio::null());
        let objects = serde_json::Deserializer::from_str(outcomes[0].succeeded()).into_iter();
        Self {
            overlay,
            objects: objects
                .map(|object| Object(object.expect("JSON")))
                .collect(),
        }
    }

    fn of_kind<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Object> + use<'a> {
        let kind = kind.to_owned();
        self.objects
            .iter()
            .filter(move |object| object.kind() == kind)
    }

    fn find(&self, kind: &str, name: &str) -> Option<&Object> {
        self.of_kind(kind).find(|object| object.name() == name)
    }

    /// The objects that make pods of which this is the template.
    fn workloads(&self) -> impl Iterator<Item = Workload<'_>> {
        self.objects.iter().filter_map(Object::workload)
    }

    /// The workload that runs a program of ours.
    fn workload(&self, name: &str) -> Workload<'_> {
        let found = self.workloads().find(|workload| workload.name() == name);
        found.unwrap_or_else(|| panic!("{name} is in {}", self.overlay))
    }
}

/// Prints, in a shell, the YAML that is applied for an overlay.
fn applied(overlay: &str) -> String {
    format!(
        "{{ cat deploy/kubernetes/namespace.yaml; echo ---; \
         kubectl kustomize deploy/kubernetes/overlays/{overlay}; }}"
    )
}

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

    fn title(&self) -> String {
        format!("{} {}", self.kind(), self.name())
    }

    fn spec(&self) -> &Value {
        &self.0["spec"]
    }

    fn workload(&self) -> Option<Workload<'_>> {
        let spec = self.spec();
        let template = match self.kind() {
            "CronJob" => &spec["jobTemplate"]["spec"]["template"],
            _ => &spec["template"],
        };
        template["spec"].is_object().then_some(Workload {
            object: self,
            template,
        })
    }
}

/// An object that makes pods.
#[derive(Clone, Copy, Debug)]
struct Workload<'a> {
    object: &'a Object,
    /// Of its pods.
    template: &'a Value,
}

impl<'a> Workload<'a> {
    /// What its pods are called by: a Job's own name ends with the release.
    fn name(&self) -> &'a str {
        text(&self.labels()["app.kubernetes.io/name"])
    }

    fn title(&self) -> String {
        self.object.title()
    }

    fn labels(&self) -> &'a Value {
        &self.template["metadata"]["labels"]
    }

    fn pod(&self) -> &'a Value {
        &self.template["spec"]
    }

    fn containers(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        let lists = ["initContainers", "containers"].map(|kind| list(&self.pod()[kind]));
        lists.into_iter().flatten()
    }

    /// Whether it runs the image of deploy/Dockerfile.
    fn is_ours(&self) -> bool {
        self.containers()
            .all(|container| text(&container["image"]).contains("/ticketing:"))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A file of the workspace.
fn file(path: &str) -> String {
    std::fs::read_to_string(tools::workspace().join(path)).expect(path)
}

/// What any overlay applies, as kubectl names it: `deployment/auth-service`.
pub(crate) fn objects() -> BTreeSet<String> {
    let objects = [&*DEV, &*DEV_ENVOY, &*PRODUCTION]
        .into_iter()
        .flat_map(|manifests| &manifests.objects);
    let name = |object: &Object| format!("{}/{}", object.kind().to_lowercase(), object.name());
    objects.map(name).collect()
}

#[test]
fn the_checks_find_nothing_in_any_overlay() {
    for manifests in [&*DEV, &*DEV_ENVOY, &*PRODUCTION] {
        for (name, check) in CHECKS {
            let found = check(manifests);
            let overlay = manifests.overlay;
            assert!(found.is_empty(), "{name}, {overlay}:\n{}", found.join("\n"));
        }
    }
}

/// Validates what an overlay applies, changed by a filter, by Kubernetes' published schemas.
fn validate(overlay: &str, filter: &str) -> shell::Outcome {
    let applied = applied(overlay);
    let command = format!("{applied} | {filter} | kubernetes-validate --strict /dev/stdin");
    let mut outcomes = shell::run(&[command], tools::workspace(), Stdio::null());
    outcomes.remove(0)
}

#[test]
fn kubernetes_knows_each_field_of_all_overlays() {
    for overlay in ["dev", "dev-envoy", "production"] {
        let validated = validate(overlay, "cat");
        for line in validated.succeeded().lines() {
            // operators' own kinds have no schema here
            let is_operators = ["cnpg.io/v1 ", "cert-manager.io/v1 "];
            let is_known = line.contains(" passed for resource ");
            assert!(
                is_known || is_operators.iter().any(|group| line.contains(group)),
                "{line}"
            );
        }
        for fault in [
            "s/livenessProbe:/livenesProbe:/",
            "s/terminationGracePeriodSeconds: .*/terminationGracePeriodSeconds: soon/",
            "s/podSelector:/podSelectr:/",
        ] {
            let refused = validate(overlay, &format!("sed '{fault}'"));
            assert_ne!(refused.status, 0, "{fault}: {}", refused.output);
        }
    }
}
