//! Each check finds what it is for: faults planted in an overlay, one at a time.

use super::{CHECKS, Check, DEV, Manifests, PRODUCTION};
use serde_json::Value;
use std::collections::BTreeSet;

/// Faults of what both overlays have. A line each: the check that finds it; kind and name
/// of the object; where in it (`POD` a pod's specification, `C` its first container); what
/// is put there, or `-` where something is taken away; words of what is found.
const SHARED: &str = r#"
schema | Deployment auth-service | C/livenesProbe | {} | no field livenesProbe
schema | Deployment auth-service | C/readinessProbe/grpc/prot | 1 | no field prot
schema | Deployment auth-service | /spec/replicas | "two" | invalid type
schema | NetworkPolicy names | /spec/policyType | [] | no field policyType
variables | Deployment auth-service | C/env/0/name | "AUTH_PUBLIC_LITSEN" | does not read AUTH_PUBLIC_LITSEN
variables | Deployment requests-service | C/env/2 | - | needs DATABASE_URL
variables | Job migrate-0.1.0 | POD/initContainers/0/env | [] | needs DATABASE_URL
files | Deployment auth-service | C/env/4/value | "/etc/ticketing/kyes" | AUTH_KEYS_DIRECTORY names no mount
listeners | Deployment auth-service | C/ports/1/containerPort | 50059 | and names
probes | Deployment auth-service | C/readinessProbe/grpc/port | 50051 | readinessProbe asks
probes | Deployment requests-service | C/livenessProbe/grpc/service | "" | livenessProbe asks
probes | Deployment requests-service | POD/terminationGracePeriodSeconds | 10 | before it drained
auth-service | Deployment requests-service | C/env/3/value | "http://auth-service:50052" | internal port alone
auth-service | Deployment requests-service | C/env/3/value | "http://auth-service-internal:50051" | internal port alone
programs | Deployment auth-service | C/command/0 | "/usr/local/bin/auth" | the image has no
programs | CronJob purge-audit | /spec/jobTemplate/spec/template/spec/containers/0/command/0 | "/bin/sh" | the image has no
release | Deployment auth-service | C/image | "registry.example.com/ticketing:0.2.0" | is not named after
release | Job migrate-0.1.0 | /metadata/name | "migrate-0.2.0" | is not named after
selectors | Deployment auth-service | /spec/selector/matchLabels | {"app": "auth"} | selects []
selectors | Service auth-service | /spec/selector | {"app.kubernetes.io/part-of": "ticketing"} | Service auth-service selects
selectors | PodDisruptionBudget auth-service | /spec/selector/matchLabels/app | "auth" | selects []
ports | Service auth-service-internal | /spec/ports/0/port | 50051 | leads to no port
ports | Service auth-service | /spec/clusterIP | - | not headless
memory | Deployment auth-service | C/resources/limits/memory | "128Mi" | does not ask
memory | Deployment auth-service | C/env/7/value | "3" | needs 352
memory | Deployment requests-service | C/resources/limits/cpu | "1" | limit on it
references | Deployment auth-service | C/env/3/valueFrom/secretKeyRef/key | "uri" | has no uri
references | Deployment auth-service | C/env/3/valueFrom | - | DATABASE_URL has no value
references | Deployment auth-service | POD/volumes/0/secret/secretName | "keys" | nothing makes the Secret keys
references | Deployment auth-service | POD/volumes/1/name | "token" | and mounts
references | Deployment auth-service | POD/serviceAccountName | "default" | no ServiceAccount of its own
references | Deployment auth-service | C/volumeMounts/0/subPath | "key" | by subPath
urls | Deployment auth-service | C/env/3/valueFrom/secretKeyRef/name | "ticketing-database-owner" | as ticketing_owner
urls | Deployment auth-service | C/env/3/valueFrom/secretKeyRef/key | "password" | its database URL is none
restricted | Deployment auth-service | POD/automountServiceAccountToken | true | /automountServiceAccountToken
restricted | Deployment auth-service | POD/securityContext/runAsUser | 0 | root
restricted | Deployment auth-service | POD/securityContext/runAsUser | 1000 | not the image's user
restricted | Deployment auth-service | POD/securityContext/seccompProfile | - | RuntimeDefault
restricted | Deployment auth-service | POD/volumes/+ | {"name": "node", "hostPath": {"path": "/"}} | hostPath
restricted | Deployment requests-service | C/securityContext/capabilities/add | ["NET_ADMIN"] | capabilities
restricted | Deployment requests-service | C/securityContext/readOnlyRootFilesystem | false | readOnlyRootFilesystem
restricted | Deployment requests-service | C/ports/0/hostPort | 50061 | a port of the node
restricted | Deployment requests-service | POD/volumes/0/secret/defaultMode | 292 | group alone
restricted | Namespace ticketing | /metadata/labels/pod-security.kubernetes.io~1enforce | "baseline" | enforces
restricted | ServiceAccount migrate | /automountServiceAccountToken | true | mounts its token
restricted | Service auth-service | /metadata/namespace | "default" | another namespace
spread | Deployment auth-service | POD/topologySpreadConstraints/0/labelSelector/matchLabels | {"app": "auth"} | not spread over kubernetes.io/hostname
spread | Deployment auth-service | /spec/strategy/rollingUpdate/maxUnavailable | 1 | may take what serves
spread | PodDisruptionBudget auth-service | /spec/maxUnavailable | 2 | a drain may take
policies | NetworkPolicy default-deny | /spec/podSelector | {"matchLabels": {"app": "none"}} | is open
policies | NetworkPolicy auth-service | /spec/ingress/1/from | - | stranger → auth-service internal is open
policies | NetworkPolicy auth-service | /spec/ingress/1/ports/0/port | "internl" | requests-service → auth-service internal is closed
policies | NetworkPolicy auth-service | /spec/ingress/2/ports/+ | {"port": "internal"} | prometheus → auth-service internal is open
policies | NetworkPolicy requests-service | /spec/egress/1 | - | requests-service → database postgresql is closed
policies | NetworkPolicy database | /spec/podSelector/matchLabels | {"cnpg.io/cluster": "database"} | auth-service → database postgresql is closed
policies | NetworkPolicy names | /spec/egress/0/to | - | stranger dns is open
"#;

const OF_PRODUCTION: &str = r#"
schema | Cluster ticketing-database | /spec/instance | 3 | no field spec.instance
schema | Cluster ticketing-database | /apiVersion | "postgresql.cnpg.io/v2" | has no Cluster
schema | HorizontalPodAutoscaler auth-service | /spec/behaviour | {} | no field behaviour
references | Cluster ticketing-database | /spec/managed/roles/0/passwordSecret/name | "auth" | nothing makes the Secret auth
references | Cluster ticketing-database | /spec/plugins/0/parameters/barmanObjectName | "store" | no ObjectStore
references | ScheduledBackup ticketing-database | /spec/cluster/name | "database" | no Cluster
references | ObjectStore ticketing-database | /spec/configuration/s3Credentials/accessKeyId/key | "id" | has no id
references | Deployment auth-service | POD/volumes/0/secret/items | - | can sign anything
urls | Deployment auth-service | POD/volumes/0/secret/secretName | "ticketing-service-token" | nothing vouches
urls | Cluster ticketing-database | /metadata/name | "database" | no database is at ticketing-database-rw
urls | Cluster ticketing-database | /spec/managed/roles/0/name | "ticketing_sessions" | for ticketing_auth
connections | Cluster ticketing-database | /spec/managed/roles/0/connectionLimit | 50 | and needs 108
connections | Cluster ticketing-database | /spec/postgresql/parameters/max_connections | "100" | takes 100
connections | HorizontalPodAutoscaler auth-service | /spec/maxReplicas | 12 | and needs 216
targets | HorizontalPodAutoscaler auth-service | /spec/scaleTargetRef/name | "auth" | scales nothing
targets | HorizontalPodAutoscaler auth-service | /spec/minReplicas | 1 | one pod alone
targets | Deployment auth-service | /spec/replicas | 2 | both count
targets | Deployment auth-service | C/resources/requests/cpu | - | no share
policies | NetworkPolicy database-cluster | /spec/ingress/0/from/1/namespaceSelector | - | cloudnative-pg → database status is closed
"#;

const OF_DEV: &str = r#"
references | StatefulSet ticketing-database | POD/volumes/2/configMap/name | "roles" | no ConfigMap roles
ports | StatefulSet ticketing-database | C/ports/0/containerPort | 5433 | leads to no port
policies | StatefulSet ticketing-database | C/ports/0/name | "postgres" | database postgresql is closed
urls | Service ticketing-database-rw | /metadata/name | "database" | no database is at
"#;

/// A change of one object, and what is to be found.
#[derive(Debug)]
struct Fault {
    check: (&'static str, Check),
    object: &'static str,
    at: String,
    /// None: what is there is taken away.
    value: Option<Value>,
    found: &'static str,
}

fn faults(lines: &'static str) -> impl Iterator<Item = Fault> {
    lines.lines().filter(|line| !line.is_empty()).map(|line| {
        let [check, object, at, value, found] = line
            .split(" | ")
            .collect::<Vec<_>>()
            .try_into()
            .expect("five columns");
        let at = match at.strip_prefix('C') {
            Some(rest) => format!("POD/containers/0{rest}"),
            None => at.to_owned(),
        };
        let value = (value != "-").then(|| serde_json::from_str(value).expect(line));
        Fault {
            check: *CHECKS.iter().find(|(name, _)| *name == check).expect(check),
            object,
            at: at.replace("POD", "/spec/template/spec"),
            value,
            found,
        }
    })
}

/// Plants a fault; it must change something.
fn plant(manifests: &Manifests, fault: &Fault) -> Manifests {
    let mut planted = manifests.clone();
    let mut objects = planted.objects.iter_mut();
    let object = objects.find(|object| object.title() == fault.object);
    let object = object.unwrap_or_else(|| panic!("{fault:?}: no object"));
    let before = object.0.clone();
    let (parent, key) = fault.at.rsplit_once('/').expect("a pointer");
    let key = key.replace("~1", "/");
    let parent = object.0.pointer_mut(parent);
    match (parent, fault.value.clone()) {
        (Some(Value::Object(fields)), Some(value)) => {
            fields.insert(key, value);
        }
        (Some(Value::Object(fields)), None) => {
            fields.remove(&key);
        }
        (Some(Value::Array(elements)), Some(value)) if key == "+" => elements.push(value),
        (Some(Value::Array(elements)), Some(value)) => {
            elements[key.parse::<usize>().expect("an index")] = value;
        }
        (Some(Value::Array(elements)), None) => {
            elements.remove(key.parse().expect("an index"));
        }
        (parent, _) => panic!("{fault:?}: {parent:?}"),
    }
    assert_ne!(object.0, before, "{fault:?}: nothing to change");
    planted
}

/// Plants each fault by itself, and gives the names of the checks that found one.
fn find(manifests: &Manifests, lines: &'static str) -> BTreeSet<&'static str> {
    faults(lines)
        .map(|fault| {
            let (name, check) = fault.check;
            let found = check(&plant(manifests, &fault));
            assert!(
                found.iter().any(|words| words.contains(fault.found)),
                "{} at {} of {}: {found:?}",
                fault.object,
                fault.at,
                manifests.overlay
            );
            name
        })
        .collect()
}

#[test]
fn each_check_finds_the_faults_that_are_planted() {
    let mut found = find(&DEV, SHARED);
    found.extend(find(&PRODUCTION, SHARED));
    found.extend(find(&DEV, OF_DEV));
    found.extend(find(&PRODUCTION, OF_PRODUCTION));
    assert_eq!(found, CHECKS.iter().map(|(name, _)| *name).collect());
}
