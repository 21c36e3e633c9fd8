//! README's API table is what the contract's descriptors say, and every line in it
//! works as pasted.

use crate::{process::Running, shell};
use proto::FILE_DESCRIPTOR_SET;
use shared::session_layer::{AccessRule, AccessRules, UserType};
use std::process::Stdio;

const SERVICES: [&str; 4] = [
    auth_service::app::AUTH_SERVICE,
    auth_service::app::VALIDATION_SERVICE,
    requests_service::app::PARTNER_REQUESTS_SERVICE,
    requests_service::app::PARTNERS_SERVICE,
];

/// What each RPC is sent in its line. Shell variables are set as in [`SET_UP`].
const MESSAGES: &[(&str, &str)] = &[
    (
        "Register",
        r#"{"name": "Mona", "email": "mona@example.com", "phone": "+20 100", "password": "a quiet harbour"}"#,
    ),
    (
        "CreateSession",
        r#"{"email": "partner@swift.example", "password": "demo password"}"#,
    ),
    ("RefreshSession", r#"{"refreshToken": "'$REFRESH'"}"#),
    ("RevokeSession", r#"{"token": "'$TOKEN'"}"#),
    ("ListSessions", "{}"),
    ("RevokeAllSessions", r#"{"keepCurrent": true}"#),
    ("RevokeOwnSession", r#"{"sessionId": "'$SESSION'"}"#),
    (
        "RevokeUserSessions",
        r#"{"userId": 1, "reason": "a lost laptop", "validateOnly": true}"#,
    ),
    (
        "ChangePassword",
        r#"{"currentPassword": "demo password", "newPassword": "a quiet harbour"}"#,
    ),
    (
        "ListAuditEvents",
        r#"{"filter": {"types": ["AUDIT_EVENT_TYPE_CREATE_SESSION"], "outcome": "AUDIT_OUTCOME_REFUSED"}, "pageSize": 5}"#,
    ),
    ("GetJwks", "{}"),
    ("ValidateSession", r#"{"accessToken": "'$TOKEN'"}"#),
    ("ListPartnerRequests", r#"{"pageSize": 1}"#),
    ("GetPartnerRequest", r#"{"requestId": '$ID'}"#),
    (
        "CountPartnerRequests",
        r#"{"groupBy": "PARTNER_REQUEST_GROUP_CATEGORY"}"#,
    ),
    (
        "UpdatePartnerRequestStatus",
        r#"{"requestId": '$ID', "change": "PARTNER_REQUEST_CHANGE_REJECT", "reason": "no car is free"}"#,
    ),
    (
        "AssignPartnerRequest",
        r#"{"requestId": '$ID', "partnerId": 1, "branchId": 1}"#,
    ),
    (
        "ClosePartnerRequest",
        r#"{"requestId": '$COMPLETED', "idempotencyKey": "close-once"}"#,
    ),
    (
        "ListPartners",
        r#"{"filter": {"name": "swift"}, "includeCounts": true}"#,
    ),
];

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

/// Who may call, in the README's words.
fn who(rule: &AccessRule) -> String {
    let name = |user_type: &UserType| format!("{user_type:?}").to_lowercase();
    match rule {
        AccessRule::Public => "anyone".to_owned(),
        AccessRule::Service => "services, by service token or certificate".to_owned(),
        AccessRule::Session {
            permission,
            user_types,
        } => {
            let users: Vec<String> = user_types.iter().map(name).collect();
            let users = match users.join(", ") {
                none if none.is_empty() => "any session".to_owned(),
                some => format!("sessions of {some} users"),
            };
            let with = permission.as_ref().map(|name| format!(" with `{name}`"));
            users + &with.unwrap_or_default()
        }
    }
}

/// The line that calls an RPC, as its rule and the ports of `cargo run` have it.
fn line(path: &str, rule: &AccessRule) -> String {
    let path = path.trim_start_matches('/');
    let (service, method) = path.split_once('/').expect("a service and a method");
    let port = match service {
        auth_service::app::AUTH_SERVICE => 50051,
        auth_service::app::VALIDATION_SERVICE => 50052,
        _ => 50061,
    };
    let token = match rule {
        AccessRule::Public => None,
        AccessRule::Service => Some("SERVICE"),
        AccessRule::Session { user_types, .. }
            if user_types.is_empty() || user_types.contains(&UserType::Partner) =>
        {
            Some("TOKEN")
        }
        AccessRule::Session { .. } => Some("STAFF"),
    };
    let header = token.map_or_else(String::new, |token| {
        format!(r#"-H "authorization: Bearer ${token}" "#)
    });
    let message = MESSAGES.iter().find(|(name, _)| *name == method);
    let (_, message) = message.unwrap_or_else(|| panic!("{method} needs a message here"));
    format!("grpcurl -plaintext {header}-d '{message}' 127.0.0.1:{port} {path}")
}

fn rules() -> AccessRules {
    AccessRules::read(FILE_DESCRIPTOR_SET, &SERVICES).unwrap()
}

#[test]
fn the_readmes_api_table_is_the_contract() {
    let mut rows: Vec<String> = rules()
        .iter()
        .map(|(path, rule)| {
            let name = path.rsplit(['/', '.']).next().unwrap_or_default();
            format!("| {name} | {} | `{}` |", who(rule), line(path, rule))
        })
        .collect();
    rows.sort_unstable();
    let table = format!(
        "| RPC | who may call | how |\n| --- | --- | --- |\n{}\n\n",
        rows.join("\n")
    );
    let readme = include_str!("../../../../../README.md");
    assert!(readme.contains(&table), "README needs this table:\n{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_readmes_api_table_works_as_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("data"), &[]);
    let service_token = running.service_token();
    let ports = [
        ("127.0.0.1:50051", running.auth()),
        ("127.0.0.1:50052", running.auth_internal()),
        ("127.0.0.1:50061", running.requests()),
    ];
    let rules = rules();
    let mut calls: Vec<_> = rules.iter().collect();
    // after all who log in with it
    calls.sort_by_key(|(path, _)| path.ends_with("ChangePassword"));
    // each line after a log-in of its own, since some end the session
    let blocks: Vec<String> = calls
        .into_iter()
        .map(|(path, rule)| {
            let line = line(path, rule);
            let block = format!("{SET_UP}SERVICE=$(cat '{service_token}')\n{line}");
            ports.iter().fold(block, |block, (written, real)| {
                block.replace(written, &real.to_string())
            })
        })
        .collect();
    for outcome in shell::run(&blocks, folder.path(), Stdio::null()) {
        outcome.json();
    }
}
