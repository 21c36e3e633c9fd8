//! A real Prometheus on both services.

use super::alerts::RULES;
use crate::process::Running;
use serde_json::Value;
use std::{
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::{Duration, Instant},
};
use testing::{PATIENCE, metrics, port_that_stays_free, program::Program, tools};

struct Prometheus {
    address: SocketAddr,
    _program: Program,
}

impl Prometheus {
    fn start(folder: &Path, targets: &[SocketAddr]) -> Self {
        let rules = tools::workspace().join(RULES);
        let mut config = "global: {scrape_interval: 200ms}\n".to_owned();
        writeln!(config, "rule_files: [{}]", rules.display()).unwrap();
        writeln!(
            config,
            "scrape_configs:\n- job_name: ticketing\n  static_configs:"
        )
        .unwrap();
        for target in targets {
            writeln!(config, "  - targets: ['{target}']").unwrap();
        }
        let file = folder.join("prometheus.yaml");
        std::fs::write(&file, config).unwrap();
        // it takes no port 0
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port_that_stays_free()));
        let arguments = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address={address}"),
        ];
        let log = folder.join("log");
        let program = Program::start(&tools::find("prometheus"), &arguments, &log);
        Self {
            address,
            _program: program,
        }
    }

    /// What its API answers, once it is what is wanted.
    async fn wait_for(&self, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let answer = metrics::get(self.address, path).await;
            let value = answer.and_then(|answer| serde_json::from_str::<Value>(&answer.body).ok());
            match value {
                Some(value) if is_wanted(&value) => return value,
                last => assert!(begun.elapsed() < PATIENCE, "{path}: {last:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn prometheus_scrapes_both_services_and_knows_the_alerts() {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start(directory.path(), &["--demo-requests=0"]);
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::start(folder.path(), &running.metrics());

    // a scrape has as long as there is between two, and may be too slow; not all are
    prometheus
        .wait_for("/api/v1/targets", |answer| {
            let targets = answer["data"]["activeTargets"].as_array();
            let is_up = |target: &Value| target["health"] == "up";
            targets.is_some_and(|targets| targets.len() == 2 && targets.iter().all(is_up))
        })
        .await;
    let calls = "/api/v1/query?query=count(ticketing_auth_calls_total)";
    let calls = prometheus
        .wait_for(calls, |answer| !answer["data"]["result"][0].is_null())
        .await;
    let series: f64 = calls["data"]["result"][0]["value"][1]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    // a method has one a code, and there is one for what is no method
    assert!(series > 0.0 && series % 17.0 == 0.0, "{calls}");
    let rules = prometheus
        .wait_for("/api/v1/rules", |answer| {
            answer["data"]["groups"][0]["rules"]
                .as_array()
                .is_some_and(|rules| !rules.is_empty())
        })
        .await;
    assert!(rules.to_string().contains("TicketingTokenReuse"), "{rules}");
}
