//! Each check finds what it is for: faults planted in an overlay, one at a time.

use super::{CHECKS, Check, DEV, Manifests, PRODUCTION};
use serde_json::Value;
use std::collections::BTreeSet;

/// Faults of what both overlays have. A line each: the check that finds it; kind and name
/// of the object; where in it (`POD` a pod's specification, `C` its first container; elements of
/// lists by number or name, `+` a further one); what is put there, or `-` where something is taken away; words of what is found.
const SHARED: &str = r#"
schema | Deployment auth-service | C/livenesProbe | {} | no field livenesProbe
schema | Deployment auth-service | C/readinessProbe/grpc/prot | 1 | no field prot
schema | Deployment auth-service | /spec/replicas | "two" | invalid type
schema | NetworkPolicy names | /spec/policyType | [] | no field policyType
variables | Deployment auth-service | C/env/AUTH_PUBLIC_LISTEN/name | "AUTH_PUBLIC_LITSEN" | does not read AUTH_PUBLIC_LITSEN
variables | Deployment requests-service | C/env/DATABASE_URL | - | needs DATABASE_URL
variables | Job migrate-0.1.0 | POD/initContainers/0/env | [] | needs DATABASE_URL
files | Deployment auth-service | C/env/AUTH_KEYS_DIRECTORY/value | "/etc/ticketing/kyes" | AUTH_KEYS_DIRECTORY names no mount
listeners | Deployment auth-service | C/ports/internal/containerPort | 50059 | and names
probes | Deployment auth-service | C/readinessProbe/grpc/port | 50051 | readinessProbe asks
probes | Deployment requests-service | C/livenessProbe/grpc/service | "" | livenessProbe asks
probes | Deployment requests-service | POD/terminationGracePeriodSeconds | 10 | before it drained
auth-service | Deployment requests-service | C/env/AUTH_SERVICE_URL/value | "http://auth-service:50052" | internal port alone
auth-service | Deployment requests-service | C/env/AUTH_SERVICE_URL/value | "http://auth-service-internal:50051" | internal port alone
programs | Deployment auth-service | C/command/0 | "/usr/local/bin/auth" | the image has no
programs | CronJob purge-audit | /spec/jobTemplate/spec/template/spec/containers/0/command/0 | "/bin/sh" | the image has no
release | Deployment auth-service | C/image | "registry.example.com/ticketing:0.2.0" | is not named after
release | Job migrate-0.1.0 | /metadata/name | "migrate-0.2.0" | is not named after
selectors | Deployment auth-service | /spec/selector/matchLabels | {"app": "auth"} | selects []
selectors | Service auth-service | /spec/selector | {"app.kubernetes.io/part-of": "ticketing"} | Service auth-service selects
selectors | PodDisruptionBudget auth-service | /spec/selector/matchLabels/app | "auth" | selects []
ports | Service auth-service-internal | /spec/ports/internal/port | 50051 | leads to no port
ports | Service auth-service | /spec/clusterIP | - | not headless
memory | Deployment auth-service | C/resources/limits/memory | "128Mi" | does not ask
memory | Deployment auth-service | C/env/AUTH_HASHING_CONCURRENCY/value | "3" | needs 352
memory | Deployment requests-service | C/resources/limits/cpu | "1" | limit on it
references | Deployment auth-service | C/env/DATABASE_URL/valueFrom/secretKeyRef/key | "uri" | has no uri
references | Deployment auth-service | C/env/DATABASE_URL/valueFrom | - | DATABASE_URL has no value
references | Deployment auth-service | POD/volumes/signing-keys/secret/secretName | "keys" | nothing makes the Secret keys
references | Deployment auth-service | POD/volumes/signing-keys/name | "token" | and mounts
references | Deployment auth-service | POD/serviceAccountName | "default" | no ServiceAccount of its own
references | Deployment auth-service | C/volumeMounts/signing-keys/subPath | "key" | by subPath
urls | Deployment auth-service | C/env/DATABASE_URL/valueFrom/secretKeyRef/name | "ticketing-database-owner" | as ticketing_owner
urls | Deployment auth-service | C/env/DATABASE_URL/valueFrom/secretKeyRef/key | "password" | its database URL is none
restricted | Deployment auth-service | POD/automountServiceAccountToken | true | /automountServiceAccountToken
restricted | Deployment auth-service | POD/securityContext/runAsUser | 0 | root
restricted | Deployment auth-service | POD/securityContext/runAsUser | 1000 | not the image's user
restricted | Deployment auth-service | POD/securityContext/seccompProfile | - | RuntimeDefault
restricted | Deployment auth-service | POD/volumes/+ | {"name": "node", "hostPath": {"path": "/"}} | hostPath
restricted | Deployment requests-service | C/securityContext/capabilities/add | ["NET_ADMIN"] | capabilities
restricted | Deployment requests-service | C/securityContext/readOnlyRootFilesystem | false | readOnlyRootFilesystem
restricted | Deployment requests-service | C/ports/public/hostPort | 50061 | a port of the node
restricted | Deployment auth-service | POD/volumes/signing-keys/secret/defaultMode | 292 | group alone
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
references | Cluster ticketing-database | /spec/managed/roles/ticketing_auth/passwordSecret/name | "auth" | nothing makes the Secret auth
references | Cluster ticketing-database | /spec/plugins/barman-cloud.cloudnative-pg.io/parameters/barmanObjectName | "store" | no ObjectStore
references | ScheduledBackup ticketing-database | /spec/cluster/name | "database" | no Cluster
references | ObjectStore ticketing-database | /spec/configuration/s3Credentials/accessKeyId/key | "id" | has no id
references | Deployment auth-service | POD/volumes/database-authority/secret/items | - | can sign anything
urls | Deployment auth-service | POD/volumes/database-authority/secret/secretName | "ticketing-signing-keys" | nothing vouches
urls | Cluster ticketing-database | /metadata/name | "database" | no database is at ticketing-database-rw
urls | Cluster ticketing-database | /spec/managed/roles/ticketing_auth/name | "ticketing_sessions" | for ticketing_auth
connections | Cluster ticketing-database | /spec/managed/roles/ticketing_auth/connectionLimit | 50 | and needs 108
connections | Cluster ticketing-database | /spec/postgresql/parameters/max_connections | "100" | takes 100
connections | HorizontalPodAutoscaler auth-service | /spec/maxReplicas | 12 | and needs 216
targets | HorizontalPodAutoscaler auth-service | /spec/scaleTargetRef/name | "auth" | scales nothing
targets | HorizontalPodAutoscaler auth-service | /spec/minReplicas | 1 | one pod alone
targets | Deployment auth-service | /spec/replicas | 2 | both count
targets | Deployment auth-service | C/resources/requests/cpu | - | no share
schema | Issuer ticketing-self-signed | /spec/selfsigned | {} | no field spec.selfsigned
schema | Certificate auth-service-public | /spec/dnsName | "a" | no field spec.dnsName
references | Certificate auth-service-public | /spec/issuerRef/name | "public" | no Issuer public
references | Issuer ticketing-authority | /spec/ca/secretName | "authority" | nothing makes the Secret authority
references | Deployment auth-service | POD/volumes/public-certificate/secret/secretName | "public" | nothing makes the Secret public
certificates | Certificate auth-service-internal | /spec/dnsNames/0 | "auth-service-internal" | not for auth-service-internal.ticketing.svc
certificates | Certificate auth-service-internal | /spec/usages/1 | "client auth" | not for server auth
certificates | Certificate requests-service-client | /spec/uris/0 | "spiffe://cluster.local/ns/ticketing/sa/requests" | certifies no
certificates | Certificate requests-service-client | /spec/usages/+ | "server auth" | certifies no
certificates | Certificate auth-service-public | /spec/uris | ["spiffe://cluster.local/ns/ticketing/sa/requests-service"] | auth-service-public could stand for
certificates | Certificate auth-service-internal | /spec/issuerRef/name | "ticketing-self-signed" | is not by ticketing-authority
certificates | Certificate ticketing-authority | /spec/isCA | - | no authority
certificates | Deployment auth-service | C/env/AUTH_PUBLIC_TLS_KEY_FILE/value | "/etc/ticketing/tls/internal/tls.key" | AUTH_PUBLIC_TLS_KEY_FILE
certificates | Deployment auth-service | C/env/AUTH_INTERNAL_TLS_CLIENT_AUTHORITY_FILE | - | AUTH_INTERNAL_TLS_CLIENT_AUTHORITY_FILE
certificates | Deployment auth-service | C/env/AUTH_INTERNAL_TLS_CLIENT_AUTHORITY_FILE/value | "/etc/ticketing/tls/internal/tls.crt" | AUTH_INTERNAL_TLS_CLIENT_AUTHORITY_FILE
certificates | Deployment requests-service | C/env/AUTH_SERVICE_URL/value | "http://auth-service-internal.ticketing.svc:50052" | without TLS
policies | NetworkPolicy database-cluster | /spec/ingress/0/from/1/namespaceSelector | - | cloudnative-pg → database status is closed
"#;

const OF_DEV: &str = r#"
references | StatefulSet ticketing-database | POD/volumes/roles/configMap/name | "roles" | no ConfigMap roles
ports | StatefulSet ticketing-database | C/ports/postgresql/containerPort | 5433 | leads to no port
policies | StatefulSet ticketing-database | C/ports/postgresql/name | "postgres" | database postgresql is closed
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

/// The number of a list's element, from its number or its name.
fn index(elements: &[Value], key: &str) -> Option<usize> {
    let named = || elements.iter().position(|element| element["name"] == key);
    key.parse().ok().or_else(named)
}

/// Plants a fault; it must change something.
fn plant(manifests: &Manifests, fault: &Fault) -> Manifests {
    let mut planted = manifests.clone();
    let mut objects = planted.objects.iter_mut();
    let object = objects.find(|object| object.title() == fault.object);
    let object = object.unwrap_or_else(|| panic!("{fault:?}: no object"));
    let before = object.0.clone();
    let mut keys: Vec<_> = fault.at[1..]
        .split('/')
        .map(|key| key.replace("~1", "/"))
        .collect();
    let last = keys.pop().expect("a place");
    let mut parent = &mut object.0;
    for key in keys {
        parent = match parent {
            Value::Array(elements) => index(elements, &key).map(|index| &mut elements[index]),
            other => other.get_mut(&key),
        }
        .unwrap_or_else(|| panic!("{fault:?}: no {key}"));
    }
    match (parent, fault.value.clone()) {
        (Value::Object(fields), Some(value)) => {
            fields.insert(last, value);
        }
        (Value::Object(fields), None) => {
            fields.remove(&last);
        }
        (Value::Array(elements), Some(value)) if last == "+" => elements.push(value),
        (Value::Array(elements), value) => {
            let index = index(elements, &last).unwrap_or_else(|| panic!("{fault:?}: no {last}"));
            elements.splice(index..=index, value);
        }
        (other, _) => panic!("{fault:?}: {other}"),
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
