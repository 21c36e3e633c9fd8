//! Calls that documents give within a sentence or a table.

use super::at_its_ports;
use crate::{process::Running, shell};
use std::process::Stdio;
use testing::documents::documents;

/// Tokens of each kind, and a request in each of two statuses.
const SET_UP: &str = r#"
log_in() { grpcurl -plaintext -d "{\"email\": \"$1\", \"password\": \"demo password\"}" 127.0.0.1:50051 ticketing.auth.v1.AuthService/CreateSession; }
text_of() { sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p"; }
first() { grpcurl -plaintext -H "authorization: Bearer $TOKEN" -d "{\"filter\": {\"statuses\": [\"PARTNER_REQUEST_STATUS_$1\"]}, \"pageSize\": 1}" 127.0.0.1:50061 ticketing.requests.v1.PartnerRequestsService/ListPartnerRequests | sed -n 's/.*"requestId": \([0-9]*\),/\1/p'; }
PAIR=$(log_in partner@swift.example)
TOKEN=$(echo "$PAIR" | text_of accessToken)
REFRESH=$(echo "$PAIR" | text_of refreshToken)
SESSION=$(echo "$PAIR" | text_of sessionId)
STAFF=$(log_in operation@platform.example | text_of accessToken)
ID=$(first ASSIGNED)
COMPLETED=$(first COMPLETED)
"#;

/// The calls between backquotes in a text, outside of fences.
fn calls(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    let code = prose.flat_map(|prose| prose.split('`').skip(1).step_by(2));
    code.filter(|code| code.starts_with("grpcurl -plaintext ") || code.starts_with("curl -s "))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_in_a_sentence_works_as_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("data"), &[]);
    let service_token = running.service_token();
    let documents = documents();
    let mut calls: Vec<_> = documents
        .iter()
        .flat_map(|file| calls(&file.text))
        .collect();
    // after all who log in with it
    calls.sort_by_key(|call| call.ends_with("ChangePassword"));
    // each call after a log-in of its own, since some end the session
    let blocks: Vec<String> = calls
        .into_iter()
        .map(|call| {
            let block = format!("{SET_UP}SERVICE=$(cat '{service_token}')\n{call}");
            at_its_ports(&running, &block)
        })
        .collect();
    for outcome in shell::run(&blocks, folder.path(), Stdio::null()) {
        outcome.json();
    }
}

#[test]
fn calls_are_told_from_other_code() {
    let text = "`TOKEN`, `grpcurl -plaintext a b/C`\n\n```sh\ngrpcurl -plaintext d e/F\n```\n\n\
                | `grpcurl -plaintext g h/I` |\n";
    assert_eq!(
        calls(text),
        ["grpcurl -plaintext a b/C", "grpcurl -plaintext g h/I"]
    );
}
