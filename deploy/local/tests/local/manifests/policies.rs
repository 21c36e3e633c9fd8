//! NetworkPolicies, evaluated as a network plugin does: who reaches which port.

use super::{Manifests, environment, list, selects};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const NAMESPACE: &str = "ticketing";

/// One end of a connection.
#[derive(Clone, Debug)]
struct Peer<'a> {
    name: &'a str,
    /// None: an address outside of the cluster's pods.
    namespace: Option<&'a str>,
    labels: Value,
    ports: BTreeMap<&'a str, u64>,
}

impl<'a> Peer<'a> {
    fn elsewhere(name: &'a str, namespace: Option<&'a str>, ports: &[(&'a str, u64)]) -> Self {
        Self {
            name,
            namespace,
            labels: json!({ "app.kubernetes.io/name": name }),
            ports: ports.iter().copied().collect(),
        }
    }

    fn is_ours(&self) -> bool {
        self.namespace == Some(NAMESPACE)
    }
}

/// The pods of an overlay, and whoever else they may meet.
fn peers(manifests: &Manifests) -> Vec<Peer<'_>> {
    let workloads = manifests.workloads().map(|workload| Peer {
        // a database is one by whatever makes it
        name: match workload.name() {
            "" => "database",
            name => name,
        },
        namespace: Some(NAMESPACE),
        labels: workload.labels().clone(),
        ports: workload.containers().flat_map(environment::ports).collect(),
    });
    let clusters = manifests.of_kind("Cluster").map(|cluster| Peer {
        name: "database",
        namespace: Some(NAMESPACE),
        labels: json!({ "cnpg.io/cluster": cluster.name() }),
        // as CloudNativePG names them
        ports: [("postgresql", 5432), ("status", 8000), ("metrics", 9187)].into(),
    });
    let elsewhere = [
        // a pod that was not thought of
        Peer::elsewhere("bystander", Some(NAMESPACE), &[("http", 8080)]),
        Peer::elsewhere("prometheus", Some("monitoring"), &[]),
        Peer::elsewhere("cloudnative-pg", Some("cnpg-system"), &[]),
        Peer::elsewhere("stranger", Some("default"), &[("dns", 53)]),
        Peer::elsewhere("coredns", Some("kube-system"), &[("dns", 53)]),
        Peer::elsewhere("world", None, &[("https", 443), ("http", 80)]),
    ];
    workloads.chain(clusters).chain(elsewhere).collect()
}

/// Whether a rule's peers (`from` or `to`) are the other end.
fn names(peers: &Value, other: &Peer<'_>) -> bool {
    if peers.is_null() {
        return true;
    }
    list(peers).iter().any(|peer| {
        let (pods, namespaces) = (&peer["podSelector"], &peer["namespaceSelector"]);
        assert!(pods.is_object() || namespaces.is_object(), "{peer}");
        let in_namespace = match other.namespace {
            None => false,
            Some(namespace) if namespaces.is_null() => namespace == NAMESPACE,
            Some(namespace) => selects(
                namespaces,
                &json!({ "kubernetes.io/metadata.name": namespace }),
            ),
        };
        in_namespace && (pods.is_null() || selects(pods, &other.labels))
    })
}

/// Whether what selects an end lets the connection pass in a direction.
fn passes(manifests: &Manifests, ends: [&Peer<'_>; 2], direction: &str, port: u64) -> bool {
    let [own, other, to] = match direction {
        "Egress" => [ends[0], ends[1], ends[1]],
        _ => [ends[1], ends[0], ends[1]],
    };
    if !own.is_ours() {
        return true;
    }
    let policies: Vec<_> = manifests
        .of_kind("NetworkPolicy")
        .map(super::Object::spec)
        .filter(|policy| list(&policy["policyTypes"]).contains(&json!(direction)))
        .filter(|policy| selects(&policy["podSelector"], &own.labels))
        .collect();
    let (rules, others) = match direction {
        "Egress" => ("egress", "to"),
        _ => ("ingress", "from"),
    };
    let mut all = policies.iter().flat_map(|policy| list(&policy[rules]));
    policies.is_empty()
        || all.any(|rule| {
            let is_port = |allowed: &Value| match &allowed["port"] {
                Value::String(name) => to.ports.get(name.as_str()) == Some(&port),
                number => number.as_u64() == Some(port),
            };
            let ports = &rule["ports"];
            names(&rule[others], other) && (ports.is_null() || list(ports).iter().any(is_port))
        })
}

/// All connections that are let through.
fn allowed(manifests: &Manifests) -> BTreeSet<String> {
    let peers = peers(manifests);
    let mut found = BTreeSet::new();
    for from in &peers {
        for to in peers.iter().filter(|to| from.is_ours() || to.is_ours()) {
            for (name, port) in &to.ports {
                let directions = ["Egress", "Ingress"];
                if directions
                    .iter()
                    .all(|way| passes(manifests, [from, to], way, *port))
                {
                    found.insert(format!("{} → {} {name}", from.name, to.name));
                }
            }
        }
    }
    found
}

/// What is to be let through, and nothing else.
fn wanted(manifests: &Manifests) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    let jobs = ["migrate", "purge-audit", "end-sessions"];
    let services = ["auth-service", "requests-service"];
    let mut allow = |from: &[&str], to: &[&str]| {
        for from in from {
            wanted.extend(to.iter().map(|to| format!("{from} → {to}")));
        }
    };
    allow(
        &[
            "prometheus",
            "cloudnative-pg",
            "stranger",
            "coredns",
            "world",
        ],
        &["auth-service public", "requests-service public"],
    );
    allow(&["requests-service"], &["auth-service internal"]);
    allow(&services, &["database postgresql"]);
    allow(&jobs, &["database postgresql"]);
    allow(
        &["prometheus"],
        &["auth-service ops", "requests-service ops"],
    );
    allow(&services, &["coredns dns"]);
    allow(&jobs, &["coredns dns"]);
    allow(&["database", "bystander"], &["coredns dns"]);
    if manifests.overlay == "production" {
        allow(&["prometheus"], &["database metrics"]);
        let instance = ["database postgresql", "database status"];
        allow(&["database", "cloudnative-pg"], &instance);
        allow(&["database"], &["world https"]);
    }
    wanted
}

pub(super) fn check(manifests: &Manifests) -> Vec<String> {
    let (allowed, wanted) = (allowed(manifests), wanted(manifests));
    let open = allowed
        .difference(&wanted)
        .map(|way| format!("{way} is open"));
    let closed = wanted
        .difference(&allowed)
        .map(|way| format!("{way} is closed"));
    open.chain(closed).collect()
}

/// The evaluation itself, on a policy of three lines.
#[test]
fn a_policy_selects_and_allows_as_kubernetes_says() {
    let policy = |spec: Value| Manifests {
        overlay: "none",
        objects: vec![super::Object(
            json!({ "kind": "NetworkPolicy", "spec": spec }),
        )],
    };
    let ours = |name| Peer::elsewhere(name, Some(NAMESPACE), &[("http", 8080)]);
    let (a, b) = (ours("a"), ours("b"));
    let stranger = Peer::elsewhere("b", Some("default"), &[]);
    let select = |name| json!({ "matchLabels": { "app.kubernetes.io/name": name } });
    let passes = |manifests: &Manifests, from, way| passes(manifests, [from, &a], way, 8080);

    // who is not selected is not held up
    let none = policy(json!({ "podSelector": select("c"), "policyTypes": ["Ingress"] }));
    assert!(passes(&none, &b, "Ingress"));
    // who is selected by no rule is
    let deny = policy(json!({ "podSelector": {}, "policyTypes": ["Ingress"] }));
    assert!(!passes(&deny, &b, "Ingress"));
    assert!(passes(&deny, &b, "Egress"));
    // a pod's selector alone means this namespace
    let from = |from: Value, port: Value| {
        policy(json!({ "podSelector": {}, "policyTypes": ["Ingress"],
            "ingress": [{ "from": [from], "ports": [{ "port": port }] }] }))
    };
    let by_pod = from(json!({ "podSelector": select("b") }), json!("http"));
    assert!(passes(&by_pod, &b, "Ingress"));
    assert!(!passes(&by_pod, &stranger, "Ingress"));
    assert!(!passes(&by_pod, &a, "Ingress"));
    // both together mean both
    let default = json!({ "matchLabels": { "kubernetes.io/metadata.name": "default" } });
    let both = json!({ "podSelector": select("b"), "namespaceSelector": default });
    assert!(passes(
        &from(both.clone(), json!(8080)),
        &stranger,
        "Ingress"
    ));
    assert!(!passes(&from(both.clone(), json!(8080)), &b, "Ingress"));
    assert!(!passes(&from(both, json!("https")), &stranger, "Ingress"));
}
