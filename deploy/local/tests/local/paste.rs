//! The very lines that the program prints, pasted.

use crate::{process::Running, shell};
use serde_json::Value;
use std::process::Stdio;
use testing::{Kind, TestDatabase};

/// A comment, and the commands under it.
#[derive(Debug)]
struct Block {
    title: String,
    commands: String,
}

/// The blocks of the printed text: paragraphs of one comment and its commands. A
/// paragraph without a command is no block, a command without a comment a breach.
fn blocks(printed: &str) -> Vec<Block> {
    let block = |paragraph: &str| {
        let is_comment = |line: &&str| line.starts_with('#');
        let (comments, commands): (Vec<_>, Vec<_>) = paragraph.lines().partition(is_comment);
        if commands.is_empty() {
            return None;
        }
        let [title] = comments.as_slice() else {
            panic!("commands have one comment: {paragraph}");
        };
        assert!(paragraph.trim_start().starts_with(title), "{paragraph}");
        Some(Block {
            title: title.trim_start_matches(['#', ' ']).to_owned(),
            commands: commands.join("\n"),
        })
    };
    printed.split("\n\n").filter_map(block).collect()
}

fn requests(answer: &Value) -> &[Value] {
    answer["partnerRequests"].as_array().expect("requests")
}

testing::on_both_databases! {
    async fn every_printed_line_works_as_pasted(kind: Kind) {
        // a shell and a URL would both read this name as something else
        let folder = tempfile::Builder::new().prefix("it's 50%25 $HOME? ").tempdir().unwrap();
        let database = TestDatabase::empty(kind).await;
        let url = format!("--database-url={}", database.url.expose());
        let flags: &[&str] = match kind {
            Kind::Postgres => &[&url],
            Kind::Sqlite => &[],
        };
        let running = Running::start(&folder.path().join("data"), flags);
        let blocks = blocks(&running.printed);
        let titles: Vec<_> = blocks.iter().map(|block| block.title.as_str()).collect();
        // each is asked below for what it did
        assert_eq!(titles, [
            "log in, by JSON",
            "list, by JSON",
            "whose token it is, by introspection",
            "log in",
            "list",
            "filter by status",
            "next page",
            "one request",
            "whose token it is, as other services ask",
            "log out",
            "list, and be refused",
            "log in again, and list",
            "how many, by status",
            "confirm one that waits for it",
        ]);

        let show_token = "echo \"$TOKEN\"".to_owned();
        let commands: Vec<_> = blocks
            .into_iter()
            .map(|block| block.commands)
            .chain([show_token])
            .collect();
        let elsewhere = tempfile::tempdir().unwrap();
        let outcomes = shell::run(&commands, elsewhere.path(), Stdio::null());
        let [log_in_by_json, list_by_json, introspected, log_in, list, filter, next, one, whose, log_out, refused, again, counted, confirmed, token] =
            outcomes.as_slice()
        else {
            panic!("{outcomes:?}");
        };

        assert_eq!(log_in_by_json.succeeded(), "", "the token goes into the variable");
        let introspected = introspected.json();
        assert_eq!(introspected["active"], true);
        assert_eq!(introspected["username"], "Swift dispatcher");

        assert_eq!(log_in.succeeded(), "", "the token goes into the variable");
        assert_eq!(token.succeeded().split('.').count(), 3, "{token:?}");

        let list = list.json();
        assert_eq!(requests(&list).len(), 2);
        assert_eq!(list_by_json.json(), list, "JSON is the same as grpcurl prints");
        for request in requests(&list) {
            assert_eq!(request["partner"]["name"], "Swift Roadside");
        }

        let filter = filter.json();
        let next = next.json();
        for page in [&filter, &next] {
            assert_eq!(requests(page).len(), 2);
            for request in requests(page) {
                assert_eq!(request["status"], "PARTNER_REQUEST_STATUS_ASSIGNED");
            }
        }
        let ids = |page| requests(page).iter().map(|request| request["requestId"].as_i64());
        assert!(ids(&next).all(|id| id.is_some() && !ids(&filter).any(|other| other == id)));

        assert_eq!(one.json()["partnerRequest"]["number"], requests(&list)[0]["number"]);

        let principal = &whose.json()["principal"];
        assert_eq!(principal["name"], "Swift dispatcher");
        assert_eq!(principal["userType"], "USER_TYPE_PARTNER");
        assert_eq!(principal["partnerId"], requests(&list)[0]["partner"]["id"]);

        assert_eq!(log_out.json(), serde_json::json!({}));
        assert_ne!(refused.status, 0);
        assert!(refused.output.contains("Code: Unauthenticated"), "{}", refused.output);
        assert!(refused.output.contains(r#""reason":"SESSION_ENDED""#), "{}", refused.output);
        assert_eq!(again.json()["partnerRequests"], list["partnerRequests"]);
        let counted = counted.json();
        assert!(counted["counts"].as_array().is_some_and(|counts| counts.len() > 3), "{counted}");
        let confirmed = &confirmed.json()["partnerRequest"];
        assert_eq!(confirmed["status"], "PARTNER_REQUEST_STATUS_CONFIRMED");
        assert_eq!(confirmed["requestId"], requests(&filter)[0]["requestId"]);
    }
}

#[test]
fn a_comment_without_commands_is_no_block() {
    let found = blocks("# about\n#\n\n# log in\nA=1\necho $A\n\n# the end\n");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].title, "log in");
    assert_eq!(found[0].commands, "A=1\necho $A");
}

#[test]
#[should_panic(expected = "commands have one comment: echo")]
fn a_command_without_a_comment_is_found() {
    blocks("# log in\nA=1\n\necho $A\n");
}
