//! The rules of deploy/alerts: they parse, they fire where they must, and what they
//! ask for is there.

use crate::process::Running;
use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Output},
};
use testing::{metrics, tools};

pub(super) const RULES: &str = "deploy/alerts/ticketing.rules.yaml";

fn promtool(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(tools::find("promtool"));
    let output = command.args(arguments).current_dir(directory).output();
    output.expect("promtool runs")
}

fn text(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// The names of metrics in a text of rules.
fn names(rules: &str) -> BTreeSet<&str> {
    let not_of_a_name = |character: char| !(character.is_ascii_alphanumeric() || character == '_');
    let words = rules.split(not_of_a_name);
    words
        .filter(|word| word.starts_with("ticketing_") && *word != "ticketing_")
        .collect()
}

#[test]
fn each_alert_fires_where_it_must_and_none_in_a_quiet_hour() {
    let shown = promtool(
        &tools::workspace().join("deploy/alerts"),
        &["test", "rules", "ticketing.test.yaml"],
    );
    assert!(shown.status.success(), "{}", text(&shown));
    let rules = std::fs::read_to_string(tools::workspace().join(RULES)).unwrap();
    let tests = tools::workspace().join("deploy/alerts/ticketing.test.yaml");
    let tests = std::fs::read_to_string(tests).unwrap();
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    for alert in alerts {
        assert!(
            tests.contains(&format!("\"{alert}\"")),
            "{alert} is not shown"
        );
    }
}

#[test]
fn an_alert_that_does_not_fire_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ticketing.rules.yaml", "ticketing.test.yaml"] {
        let text = std::fs::read_to_string(tools::workspace().join("deploy/alerts").join(name));
        let dulled = text.unwrap().replace("> 7200", "> 8000");
        std::fs::write(folder.path().join(name), dulled).unwrap();
    }
    let shown = promtool(folder.path(), &["test", "rules", "ticketing.test.yaml"]);
    assert!(!shown.status.success());
    assert!(
        text(&shown).contains("TicketingHousekeepingBehind"),
        "{}",
        text(&shown)
    );
}

#[tokio::test]
async fn the_metrics_that_the_alerts_ask_for_are_there_from_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start(directory.path(), &["--demo-requests=0"]);
    let mut served = String::new();
    for address in running.metrics() {
        served += &metrics::scrape(address).await.body;
    }
    let there: BTreeSet<_> = names(&served);
    let rules = std::fs::read_to_string(tools::workspace().join(RULES)).unwrap();
    let missing: Vec<_> = names(&rules).difference(&there).copied().collect();
    assert!(missing.is_empty(), "{missing:?} in {served}");
    assert_eq!(
        names("sum(ticketing_auth_calls_total{x=\"y\"}) > ticketing_a"),
        BTreeSet::from(["ticketing_auth_calls_total", "ticketing_a"])
    );
}
