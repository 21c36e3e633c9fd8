//! Each check finds what it is for: faults planted in an overlay, one at a time.

use super::{CHECKS, Check, DEV, Manifests, PRODUCTION};
use serde_json::Value;
use std::collections::BTreeSet;

/// Faults of what both overlays have. A line each: the check that finds it; kind and name
/// of the object; where in it (`POD` a pod's specification, `C` its first container; elements of
/// lists by number or name, `+` a further one); what is put there, or `-` where something is taken away; words of what is found.
const SHARED: &str = r#"
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
ports | Service auth-service-internal | /spec/ports/internal/port | 50051 | leads to no port
ports | Service auth-service | /spec/clusterIP | - | not headless
memory | Deployment auth-service | C/resources/limits/memory | "128Mi" | does not ask
memory | Deployment auth-service | C/env/AUTH_HASHING_CONCURRENCY/value | "3" | needs 352
memory | Deployment requests-service | C/resources/limits/cpu | "1" | limit on it
deadlines | Job migrate-0.1.0 | /spec/activeDeadlineSeconds | - | may run for good
deadlines | CronJob purge-audit | /spec/jobTemplate/spec/activeDeadlineSeconds | - | may run for good
references | Deployment auth-service | C/env/DATABASE_URL/valueFrom/secretKeyRef/key | "uri" | has no uri
references | Deployment auth-service | C/env/DATABASE_URL/valueFrom | - | DATABASE_URL has no value
references | Deployment auth-service | POD/volumes/signing-keys/secret/secretName | "keys" | nothing makes the Secret keys
urls | Deployment auth-service | C/env/DATABASE_URL/valueFrom/secretKeyRef/name | "ticketing-database-owner" | as ticketing_owner
urls | Deployment auth-service | C/env/DATABASE_URL/valueFrom/secretKeyRef/key | "password" | its database URL is none
"#;

const OF_PRODUCTION: &str = r#"
urls | Deployment auth-service | POD/volumes/database-authority/secret/secretName | "ticketing-signing-keys" | nothing vouches
urls | Cluster ticketing-database | /metadata/name | "database" | no database is at ticketing-database-rw
urls | Cluster ticketing-database | /spec/managed/roles/ticketing_auth/name | "ticketing_sessions" | for ticketing_auth
locale | Cluster ticketing-database | /spec/bootstrap/initdb/localeCType | - | localeCType is ""
locale | Cluster ticketing-database | /spec/bootstrap/initdb/localeCollate | "C" | localeCollate is "C"
connections | Cluster ticketing-database | /spec/managed/roles/ticketing_auth/connectionLimit | 50 | and needs 120
connections | Cluster ticketing-database | /spec/postgresql/parameters/max_connections | "100" | takes 100
connections | HorizontalPodAutoscaler auth-service | /spec/maxReplicas | 12 | and needs 240
references | Deployment auth-service | POD/volumes/public-certificate/secret/secretName | "public" | nothing makes the Secret public
"#;

const OF_DEV: &str = r#"
references | StatefulSet ticketing-database | POD/volumes/roles/configMap/name | "roles" | no ConfigMap roles
ports | StatefulSet ticketing-database | C/ports/postgresql/containerPort | 5433 | leads to no port
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
