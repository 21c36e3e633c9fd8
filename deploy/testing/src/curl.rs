//! curl: a caller that knows HTTP and JSON, and no gRPC.

use crate::tools;
use serde_json::Value;
use std::{fmt::Display, process::Stdio};
use tokio::process::Command;

/// What curl was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The lines of the head, names in lower case.
    pub head: String,
    /// The body, unpacked.
    pub body: String,
}

impl Answer {
    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(header, _)| *header == name)
            .map(|(_, value)| value)
    }

    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status, Connect's code, and our reason, as people read it.
    #[must_use]
    #[track_caller]
    pub fn refusal(&self) -> (u16, String, String) {
        let error = self.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let reason = text(&self.detail("google.rpc.ErrorInfo")["reason"]);
        (self.status, text(&error["code"]), reason)
    }

    /// The paths of the fields that are wrong.
    #[must_use]
    #[track_caller]
    pub fn fields(&self) -> Vec<String> {
        let request = self.detail("google.rpc.BadRequest");
        let violations = request["fieldViolations"].as_array().cloned();
        let violations = violations.unwrap_or_default().into_iter();
        violations
            .map(|violation| violation["field"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// A detail of an error, as people read it.
    #[must_use]
    #[track_caller]
    pub fn detail(&self, type_name: &str) -> Value {
        let details = self.json()["details"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut details = details.into_iter();
        let detail = details.find(|detail| detail["type"] == type_name);
        detail.map_or(Value::Null, |detail| detail["debug"].clone())
    }
}

/// Runs curl with these arguments.
pub async fn curl<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Answer {
    let mut curl = Command::new(tools::find("curl"));
    curl.args(["--silent", "--show-error", "--include", "--max-time", "60"])
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = curl.output().await.expect("`.ci/test` installs it");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let (mut head, mut body) = printed.split_once("\r\n\r\n").unwrap_or_default();
    while head.contains(" 100") && head.lines().count() == 1 {
        (head, body) = body.split_once("\r\n\r\n").unwrap_or_default();
    }
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| {
        let error = String::from_utf8_lossy(&output.stderr);
        panic!("curl was not answered: {error}{printed}")
    });
    let lower = |line: &str| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}\n", name.to_ascii_lowercase()),
        None => format!("{line}\n"),
    };
    Answer {
        status,
        head: head.lines().map(lower).collect(),
        body: body.to_owned(),
    }
}

/// Posts JSON, with more arguments.
pub async fn post(url: impl Display, json: &str, arguments: &[&str]) -> Answer {
    let url = url.to_string();
    let own = [
        "--header",
        "content-type: application/json",
        "--data-raw",
        json,
    ];
    curl(own.iter().chain(arguments).copied().chain([url.as_str()])).await
}
