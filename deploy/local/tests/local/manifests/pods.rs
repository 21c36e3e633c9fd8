//! How pods run: as the restricted Pod Security Standard asks, and spread over nodes.

use super::{Manifests, Workload, file, list, selects, text};
use serde_json::{Value, json};

/// Volumes that the restricted standard lets be.
const VOLUMES: [&str; 6] = [
    "configMap",
    "downwardAPI",
    "emptyDir",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// The user and group that the image runs as.
fn user_of_the_image() -> (u64, u64) {
    let dockerfile = file("deploy/Dockerfile");
    let mut lines = dockerfile.lines();
    let user = lines.find_map(|line| line.strip_prefix("USER ")?.split_once(':'));
    let (user, group) = user.expect("a USER with its group");
    (
        user.parse().expect("by number"),
        group.parse().expect("by number"),
    )
}

/// Pods are what the namespace lets in, and a little less.
pub(super) fn restricted(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    let namespace = manifests.of_kind("Namespace").next();
    let enforced = namespace.map(|namespace| {
        text(&namespace.0["metadata"]["labels"]["pod-security.kubernetes.io/enforce"])
    });
    if enforced != Some("restricted") {
        found.push(format!("the namespace enforces {enforced:?}"));
    }
    for object in &manifests.objects {
        let own = object.kind() == "Namespace"
            || object.0["metadata"]["namespace"] == json!(namespace.map(super::Object::name));
        if !own {
            found.push(format!("{} is in another namespace", object.title()));
        }
        if object.kind() == "ServiceAccount" && object.0["automountServiceAccountToken"] != false {
            found.push(format!("{} mounts its token", object.title()));
        }
    }
    for workload in manifests.workloads() {
        let faults = pod(workload).into_iter();
        found.extend(faults.map(|fault| format!("{}: {fault}", workload.title())));
    }
    found
}

fn pod(workload: Workload<'_>) -> Vec<String> {
    let pod = workload.pod();
    let mut wrong: Vec<_> = [
        ("/automountServiceAccountToken", json!(false)),
        ("/enableServiceLinks", json!(false)),
        ("/hostNetwork", Value::Null),
        ("/hostPID", Value::Null),
        ("/hostIPC", Value::Null),
        ("/securityContext/runAsNonRoot", json!(true)),
        (
            "/securityContext/seccompProfile/type",
            json!("RuntimeDefault"),
        ),
    ]
    .iter()
    .filter(|(at, value)| pod.pointer(at).unwrap_or(&Value::Null) != value)
    .map(|(at, value)| format!("{at} is not {value}"))
    .collect();
    let security = &pod["securityContext"];
    let (user, group) = user_of_the_image();
    if user == 0 || security["runAsUser"] == 0 {
        wrong.push("root".to_owned());
    }
    if workload.is_ours()
        && (&security["runAsUser"], &security["runAsGroup"]) != (&json!(user), &json!(group))
    {
        wrong.push("not the image's user".to_owned());
    }
    for volume in list(&pod["volumes"]) {
        let mut kinds = volume.as_object().expect("a volume").keys();
        if !kinds.all(|kind| kind == "name" || VOLUMES.contains(&kind.as_str())) {
            wrong.push(format!("volume {volume}"));
        }
        // the pod's group reads it, nobody else
        if volume["secret"].is_object() && volume["secret"]["defaultMode"] != 0o440 {
            wrong.push(format!(
                "volume {} is not read by the group alone",
                volume["name"]
            ));
        }
    }
    for container in workload.containers() {
        let container_wrong = [
            ("/securityContext/allowPrivilegeEscalation", json!(false)),
            ("/securityContext/readOnlyRootFilesystem", json!(true)),
            ("/securityContext/capabilities", json!({ "drop": ["ALL"] })),
            ("/securityContext/privileged", Value::Null),
            ("/securityContext/runAsUser", Value::Null),
            ("/securityContext/seccompProfile", Value::Null),
        ];
        let differs = container_wrong
            .iter()
            .filter(|(at, value)| container.pointer(at).unwrap_or(&Value::Null) != value);
        wrong.extend(differs.map(|(at, value)| format!("{at} is not {value}")));
        let ports = list(&container["ports"]).iter();
        if ports.clone().any(|port| !port["hostPort"].is_null()) {
            wrong.push("a port of the node".to_owned());
        }
    }
    wrong
}

/// Replicas are kept apart, and a drain takes one at a time.
pub(super) fn spread(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    for workload in manifests
        .workloads()
        .filter(|workload| workload.object.kind() == "Deployment")
    {
        let title = workload.title();
        let constraints = list(&workload.pod()["topologySpreadConstraints"]);
        for topology in ["kubernetes.io/hostname", "topology.kubernetes.io/zone"] {
            let over = constraints
                .iter()
                .find(|over| over["topologyKey"] == topology);
            if !over.is_some_and(|over| selects(&over["labelSelector"], workload.labels())) {
                found.push(format!("{title} is not spread over {topology}"));
            }
        }
        let mut budgets = manifests.of_kind("PodDisruptionBudget");
        let budget = budgets.find(|budget| selects(&budget.spec()["selector"], workload.labels()));
        if !budget.is_some_and(|budget| budget.spec()["maxUnavailable"] == 1) {
            found.push(format!("a drain may take all of {title}"));
        }
        if workload.object.spec()["strategy"]["rollingUpdate"]["maxUnavailable"] != 0 {
            found.push(format!("a roll-out of {title} may take what serves"));
        }
    }
    found
}
