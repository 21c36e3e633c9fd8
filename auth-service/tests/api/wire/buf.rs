//! buf: a client of Connect that speaks Protocol Buffers, by the types in the proto files.

use super::connect::{LOG_IN, credentials, serving_sara};
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use testing::tools;
use tokio::process::Command;

async fn buf(url: &str, message: &str, arguments: &[&str]) -> Output {
    let cache = tempfile::tempdir().unwrap();
    let mut buf = Command::new(tools::find("buf"));
    buf.args(["curl", "--protocol", "connect", "--schema"])
        .arg(tools::workspace().join("proto"))
        .args(arguments)
        .args(["--data", message, url])
        .env("BUF_CACHE_DIR", cache.path())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    buf.output().await.expect("`.ci/test` installs it")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buf_logs_in_and_reads_a_refusal_with_its_details() {
    let (_auth, server) = serving_sara().await;
    let url = format!("{server}{LOG_IN}");
    for by in [&[][..], &["--http2-prior-knowledge"]] {
        let output = buf(&url, &credentials(), by).await;
        let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(answer["user"]["email"], "sara@example.com", "{output:?}");

        let wrong = json!({ "email": "sara@example.com", "password": "wrong" });
        let output = buf(&url, &wrong.to_string(), by).await;
        assert!(!output.status.success());
        let told = String::from_utf8_lossy(&output.stderr);
        for part in ["unauthenticated", "CREDENTIALS_INVALID", "ticketing"] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }
}
