//! The kustomize overlays, the Dockerfile, the compose file and the commands of
//! deploy/README.md: that they fit each other, Kubernetes and the services.
//!
//! A check is a function from an overlay's objects to what is wrong with them. Each
//! finds nothing in either overlay, and finds the faults that `faults` plants.

mod certificates;
mod compose;
mod dockerfile;
mod environment;
mod faults;
mod names;
mod pods;
mod policies;
mod references;
mod rotated;
mod schema;
mod secrets;
mod sizes;
mod started;
mod steps;

use crate::shell;
use serde_json::Value;
use std::{process::Stdio, sync::LazyLock};
use testing::tools;

/// What an overlay applies, with the namespace that it is applied to.
#[derive(Clone, Debug)]
struct Manifests {
    overlay: &'static str,
    objects: Vec<Object>,
}

static DEV: LazyLock<Manifests> = LazyLock::new(|| Manifests::build("dev"));
static PRODUCTION: LazyLock<Manifests> = LazyLock::new(|| Manifests::build("production"));

/// What is wrong, a sentence each.
type Check = fn(&Manifests) -> Vec<String>;

/// All checks, for the overlays and for the faults planted in them.
const CHECKS: [(&str, Check); 19] = [
    ("schema", schema::check),
    ("variables", environment::variables),
    ("files", environment::files),
    ("listeners", environment::listeners),
    ("probes", environment::probes),
    ("auth-service", environment::auth_service),
    ("programs", names::programs),
    ("selectors", names::selectors),
    ("ports", names::ports),
    ("targets", names::targets),
    ("release", names::release),
    ("references", references::check),
    ("urls", secrets::urls),
    ("restricted", pods::restricted),
    ("spread", pods::spread),
    ("memory", sizes::memory),
    ("connections", sizes::connections),
    ("policies", policies::check),
    ("certificates", certificates::check),
];

impl Manifests {
    fn build(overlay: &'static str) -> Self {
        // kubectl itself turns YAML into JSON, where it is asked for a change
        let command = format!(
            "{{ cat deploy/kubernetes/namespace.yaml; echo ---; \
             kubectl kustomize deploy/kubernetes/overlays/{overlay}; }} \
             | kubectl annotate --local -f - -o json read-by=tests"
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

/// Whether a selector's `matchLabels` and `matchExpressions` select labels.
fn selects(selector: &Value, labels: &Value) -> bool {
    let equal = selector["matchLabels"].as_object();
    let equal =
        equal.is_none_or(|equal| equal.iter().all(|(label, value)| labels[label] == *value));
    let expressions = list(&selector["matchExpressions"]).iter();
    let mut among = expressions.map(|expression| {
        assert_eq!(expression["operator"], "In", "the one that is used");
        list(&expression["values"]).contains(&labels[text(&expression["key"])])
    });
    equal && among.all(|holds| holds)
}

/// A file of the workspace.
fn file(path: &str) -> String {
    std::fs::read_to_string(tools::workspace().join(path)).expect(path)
}

/// The ```sh blocks of deploy/README.md under a heading.
fn readme_commands(heading: &str) -> Vec<String> {
    let readme = file("deploy/README.md");
    let (_, section) = readme.split_once(heading).expect(heading);
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = section.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_checks_find_nothing_in_either_overlay() {
    for manifests in [&*DEV, &*PRODUCTION] {
        for (name, check) in CHECKS {
            let found = check(manifests);
            let overlay = manifests.overlay;
            assert!(found.is_empty(), "{name}, {overlay}:\n{}", found.join("\n"));
        }
    }
}

#[test]
fn an_overlay_has_what_its_readme_says() {
    let titles = |manifests: &Manifests| {
        let kinds = ["Deployment", "StatefulSet", "Cluster", "Job", "CronJob"];
        let made = manifests.objects.iter();
        let mut made: Vec<_> = made
            .filter(|object| kinds.contains(&object.kind()))
            .map(Object::title)
            .collect();
        made.sort();
        made
    };
    let shared = [
        "CronJob end-sessions",
        "CronJob purge-audit",
        "Deployment auth-service",
        "Deployment requests-service",
        "Job migrate-0.1.0",
    ];
    let with = |database: &'static str| {
        let mut all = shared.to_vec();
        all.push(database);
        all.sort_unstable();
        all
    };
    assert_eq!(titles(&DEV), with("StatefulSet ticketing-database"));
    assert_eq!(titles(&PRODUCTION), with("Cluster ticketing-database"));
}

#[test]
fn every_command_of_the_deployment_readme_is_bash() {
    let readme = file("deploy/README.md");
    let blocks: Vec<_> = readme.split("```sh\n").skip(1).collect();
    assert!(blocks.len() > 10);
    for block in blocks {
        let block = block.split("```").next().unwrap();
        let read = std::process::Command::new("bash")
            .args(["-n", "-c", block])
            .output()
            .unwrap();
        assert!(read.status.success(), "{block}");
    }
}
