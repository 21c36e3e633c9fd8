//! TLS: each listener and each end of a connection has a certificate for what it is
//! asked for, by one authority.

use super::{Manifests, Object, Workload, environment, list, text};
use serde_json::{Value, json};
use std::path::Path;

/// In an overlay with certificates, all that should have one has; in one without, nothing
/// asks for any.
pub(super) fn check(manifests: &Manifests) -> Vec<String> {
    if manifests.of_kind("Certificate").next().is_none() {
        return Vec::new();
    }
    let mut found = of_authority(manifests);
    let auth = Service::of(manifests, "auth-service");
    let requests = Service::of(manifests, "requests-service");
    for (container, certificate, name, usage) in [
        (
            &auth,
            "AUTH_PUBLIC_TLS",
            "auth-service.ticketing.svc",
            "server auth",
        ),
        (&auth, "AUTH_INTERNAL_TLS", host(&requests), "server auth"),
        (
            &requests,
            "REQUESTS_PUBLIC_TLS",
            "requests-service.ticketing.svc",
            "server auth",
        ),
        (&requests, "AUTH_SERVICE_TLS", "", "client auth"),
    ] {
        found.extend(container.own(certificate, name, usage));
    }
    for (container, variable) in [
        (&auth, "AUTH_INTERNAL_TLS_CLIENT_AUTHORITY_FILE"),
        (&requests, "AUTH_SERVICE_TLS_AUTHORITY_FILE"),
    ] {
        // each Secret has the authority's certificate beside its own
        if container
            .file(variable)
            .is_none_or(|(_, name)| name != "ca.crt")
        {
            found.push(format!("{variable} is no authority's"));
        }
    }
    found.extend(identities(manifests, &auth, &requests));
    found
}

/// One issuer signs all but the authority itself, with the authority's key.
fn of_authority(manifests: &Manifests) -> Vec<String> {
    let mut found = Vec::new();
    let issuers = || manifests.of_kind("Issuer");
    let issuer = issuers().find(|issuer| issuer.spec()["ca"].is_object());
    let issuer = issuer.map_or("", Object::name);
    let (authorities, others): (Vec<_>, Vec<_>) = manifests
        .of_kind("Certificate")
        .partition(|certificate| certificate.spec()["isCA"] == true);
    let [authority] = authorities.as_slice() else {
        return vec!["there is no authority, or more than one".to_owned()];
    };
    let signs =
        issuers().any(|issuer| issuer.spec()["ca"]["secretName"] == authority.spec()["secretName"]);
    let self_signed = issuers().any(|issuer| {
        issuer.0["metadata"]["name"] == authority.spec()["issuerRef"]["name"]
            && issuer.spec()["selfSigned"].is_object()
    });
    // a new key would part the services until all their certificates are renewed
    if !signs || !self_signed || authority.spec()["privateKey"]["rotationPolicy"] != "Never" {
        found.push(format!(
            "{} does not sign for the others",
            authority.title()
        ));
    }
    for other in others {
        if other.spec()["issuerRef"]["name"] != issuer {
            found.push(format!("{} is not by {issuer}", other.title()));
        }
        if other.spec()["privateKey"]["rotationPolicy"] != "Always" {
            found.push(format!("{} keeps its key", other.title()));
        }
    }
    found
}

/// The host that requests-service asks for a certificate.
fn host<'a>(requests: &Service<'a>) -> &'a str {
    let url = environment::value(requests.container, "AUTH_SERVICE_URL").unwrap_or_default();
    let host = url.strip_prefix("https://").unwrap_or("(without TLS)");
    host.split(':').next().unwrap_or_default()
}

/// The names that auth-service lets in are those of the certificate that
/// requests-service presents, and no other certificate could stand for one.
fn identities(manifests: &Manifests, auth: &Service<'_>, requests: &Service<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let names = environment::value(auth.container, "AUTH_INTERNAL_CLIENT_IDENTITIES");
    let client = requests.certificate("AUTH_SERVICE_TLS_CERTIFICATE_FILE");
    for identity in names.unwrap_or_default().split(',') {
        let has = |certificate: &Object| {
            let spec = certificate.spec();
            let names = [&spec["dnsNames"], &spec["uris"]];
            names
                .iter()
                .any(|names| list(names).contains(&json!(identity)))
        };
        let is_client = |certificate: &Object| {
            certificate.spec()["usages"] == json!(["digital signature", "client auth"])
        };
        if !client.is_some_and(|client| has(client) && is_client(client)) {
            found.push(format!("requests-service certifies no {identity}"));
        }
        for other in manifests.of_kind("Certificate") {
            if client.is_none_or(|client| client.name() != other.name()) && has(other) {
                found.push(format!("{} could stand for {identity}", other.title()));
            }
        }
    }
    found
}

/// A service, with what its files come from.
struct Service<'a> {
    manifests: &'a Manifests,
    workload: Workload<'a>,
    container: &'a Value,
}

impl<'a> Service<'a> {
    fn of(manifests: &'a Manifests, name: &str) -> Self {
        let workload = manifests.workload(name);
        Self {
            manifests,
            workload,
            container: workload.containers().next().expect("a container"),
        }
    }

    /// The Secret that a variable's file is of, and its name there.
    fn file(&self, variable: &str) -> Option<(&'a str, &'a str)> {
        let file = Path::new(environment::value(self.container, variable)?);
        let mut mounts = list(&self.container["volumeMounts"]).iter();
        let mount =
            mounts.find(|mount| file.parent() == Some(Path::new(text(&mount["mountPath"]))))?;
        let mut volumes = list(&self.workload.pod()["volumes"]).iter();
        let volume = volumes.find(|volume| volume["name"] == mount["name"])?;
        let secret = text(&volume["secret"]["secretName"]);
        Some((secret, file.file_name()?.to_str()?))
    }

    /// The Certificate that a variable's file is of.
    fn certificate(&self, variable: &str) -> Option<&'a Object> {
        let (secret, name) = self.file(variable)?;
        let mut certificates = self.manifests.of_kind("Certificate");
        let found = certificates.find(|certificate| certificate.spec()["secretName"] == secret);
        found.filter(|_| name == "tls.crt")
    }

    /// What is wrong with the certificate and the key of variables that begin alike.
    fn own(&self, start: &str, name: &str, usage: &str) -> Option<String> {
        let (variable, key) = (
            format!("{start}_CERTIFICATE_FILE"),
            format!("{start}_KEY_FILE"),
        );
        let Some(certificate) = self.certificate(&variable) else {
            return Some(format!("{variable} is no certificate's"));
        };
        let secret = text(&certificate.spec()["secretName"]);
        if self.file(&key) != Some((secret, "tls.key")) {
            return Some(format!("{key} is not that of {}", certificate.title()));
        }
        if !name.is_empty() && !list(&certificate.spec()["dnsNames"]).contains(&json!(name)) {
            return Some(format!("{} is not for {name}", certificate.title()));
        }
        let usages = list(&certificate.spec()["usages"]);
        (!usages.contains(&json!(usage)))
            .then(|| format!("{} is not for {usage}", certificate.title()))
    }
}
