//! What the programs offer stands somewhere in the documents.

use super::variables;
use crate::{process::Running, tidy::none};
use prost::Message as _;
use proto::FILE_DESCRIPTOR_SET;
use std::collections::BTreeSet;
use testing::{
    documents::{documents, mentions},
    metrics,
};

/// The names of all RPCs.
fn rpcs() -> BTreeSet<String> {
    let files = prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let ours = files
        .file
        .into_iter()
        .filter(|file| file.package().starts_with("ticketing."));
    let services = ours.flat_map(|file| file.service);
    let methods = services.flat_map(|service| service.method);
    methods.map(|method| method.name().to_owned()).collect()
}

/// The metrics in an answer to Prometheus.
fn metrics_in(served: &str) -> BTreeSet<String> {
    let families = served
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    let names = families.filter_map(|family| family.split(' ').next());
    names.map(str::to_owned).collect()
}

/// Whether a text names an RPC in code, or calls it: some are words of English, too.
fn has_rpc(text: &str, name: &str) -> bool {
    let end = |letter: char| !letter.is_ascii_alphanumeric();
    let mut called = text.split("Service/").skip(1);
    text.contains(&format!("`{name}`")) || called.any(|rest| rest.split(end).next() == Some(name))
}

/// Whether a text names a metric, whole or from `…_` on, where both services have it.
fn has_metric(text: &str, name: &str) -> bool {
    let common = name.splitn(3, '_').nth(2).unwrap_or_default();
    // what OpenMetrics adds to the name of a counter, and of an info
    let mut endings = ["", "_total", "_info"].into_iter();
    endings.any(|ending| {
        mentions(text, &format!("{name}{ending}")) || text.contains(&format!("…_{common}{ending}`"))
    })
}

#[tokio::test]
async fn every_rpc_variable_and_metric_is_mentioned_in_the_documents() {
    let text: String = documents().into_iter().map(|file| file.text).collect();
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start(directory.path(), &["--demo-requests=0"]);
    let mut metrics = BTreeSet::new();
    for address in running.metrics() {
        let found = metrics_in(&metrics::scrape(address).await.body);
        assert!(!found.is_empty(), "{address} tells no metric");
        metrics.extend(found);
    }
    let (rpcs, variables) = (rpcs(), variables());
    assert!(!rpcs.is_empty() && !variables.is_empty());
    let rpcs = rpcs.iter().filter(|name| !has_rpc(&text, name));
    let variables = variables.iter().filter(|name| !mentions(&text, name));
    let metrics = metrics.iter().filter(|name| !has_metric(&text, name));
    none(
        &rpcs
            .chain(variables)
            .chain(metrics)
            .map(|name| format!("no document mentions {name}"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn the_first_page_names_every_rpc_once() {
    let documents = documents();
    let first = documents.iter().find(|file| file.path == "README.md");
    let text = &first.expect("README.md").text;
    let times = |name: &String| text.matches(&format!("`{name}`")).count();
    let rpcs = rpcs();
    let wrong = rpcs.iter().filter(|name| times(name) != 1);
    none(
        &wrong
            .map(|name| format!("README.md names {name} {} times", times(name)))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_longer_name_is_no_mention() {
    assert!(mentions("`A_URL`, A_FILE=x", "A_FILE"));
    assert!(!mentions("`THE_A_URL`, `A_URLS`", "A_URL"));
    assert!(has_rpc("x.v1.AService/Register'", "Register"));
    assert!(!has_rpc("Register first. AService/Registered", "Register"));
    assert!(has_metric("`…_calls_total`", "t_a_calls"));
    assert!(has_metric("t_a_calls_total", "t_a_calls"));
    assert!(!has_metric(
        "`…_calls_shed_total`, `t_b_calls`",
        "t_a_calls"
    ));
}
