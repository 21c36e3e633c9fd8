//! The `migrate` program: exit codes, and what it prints.

use crate::{OLD_APPLICATION, newest_first};
use migrations::NAMES;
use std::process::Output;
use testing::{Kind, TestDatabase, later_migrations::added_columns};
use tokio::process::Command;

/// Runs the program with only this much of an environment.
pub(crate) async fn migrate(arguments: &[&str], url: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
    command.args(arguments).env_clear();
    if let Some(url) = url {
        command.env("DATABASE_URL", url);
    }
    command.output().await.expect("the program runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

testing::on_both_databases! {
    async fn a_database_comes_and_goes(kind: Kind) {
        let database = TestDatabase::empty(kind).await;
        let url = Some(database.url.expose());
        let all = |state: &str, names: &[&str]| -> String {
            names.iter().flat_map(|name| [state, "  ", *name, "\n"]).collect()
        };
        let (applied, dropped) = (all("applied", &NAMES), all("dropped", &newest_first()));
        let anew = format!("{dropped}{applied}");
        for (arguments, code, printed) in [
            (&["status"][..], 0, all("pending", &NAMES).as_str()),
            (&["up"], 0, &applied),
            (&["up"], 0, "nothing to do\n"),
            (&["down"], 1, ""),
            (&["fresh", "--drop-data"], 0, &anew),
            (&["down", "--drop-data"], 0, &dropped),
            (&["down", "--drop-data"], 0, "nothing to do\n"),
        ] {
            let output = migrate(arguments, url).await;
            assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
            assert_eq!(text(&output.stdout), printed, "{arguments:?}");
        }
    }

    async fn the_url_may_be_an_argument(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let output = migrate(&["status", "--database-url", database.url.expose()], None).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(text(&output.stdout).starts_with("applied  0001_tables  created 20"), "{output:?}");
    }
}

#[tokio::test]
async fn a_table_in_no_known_shape_is_one_clear_line_and_exit_code_1() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database.execute(OLD_APPLICATION).await;
    database
        .execute("ALTER TABLE user_sessions ADD COLUMN token text")
        .await;
    let output = migrate(&["up"], Some(database.url.expose())).await;
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("token text nullable") && said.contains("nothing was changed"),
        "{said}"
    );
}

#[tokio::test]
async fn up_says_what_stops_working_before_it_begins() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database.execute(OLD_APPLICATION).await;
    database
        .execute("ALTER TABLE user_sessions DROP COLUMN session_id, ADD COLUMN token text, ADD COLUMN refresh_token text")
        .await;
    let url = Some(database.url.expose());
    let mut status = NAMES.map(|name| format!("applied  {name}  created "));
    status[0] = format!("applied  {}  adopted ", NAMES[0]);
    let status = status.each_ref().map(String::as_str);
    let up = |end: &[&'static str]| -> Vec<&'static str> {
        let begin = [
            "found ", "stops ", "goes ", "goes ", "makes ", "makes ", "locks ", "leaves ",
            "makes ", "builds ",
        ];
        let columns = added_columns().map(|_| "makes ");
        begin
            .into_iter()
            .chain(columns)
            .chain(end.iter().copied())
            .collect()
    };
    let down = |begin: &[&'static str], end: &[&'static str]| -> Vec<&'static str> {
        let columns = added_columns().map(|_| "goes ");
        let begin = begin.iter().copied().chain(["goes ", "goes "]);
        let audit_log = ["goes "].into_iter();
        begin
            .chain(columns)
            .chain(audit_log)
            .chain(end.iter().copied())
            .collect()
    };
    let kept = [
        "found ", "stops ", "stays ", "goes ", "stays ", "goes ", "locks ",
    ];
    let not_kept = [
        "found ", "stops ", "stops ", "goes ", "makes ", "goes ", "stays ", "goes ", "locks ",
    ];
    for (arguments, expected) in [
        (&["up", "--plan"][..], &up(&["applies "])[..]),
        (&["up"], &up(&["done ", "built "])),
        (&["up", "--plan"], &["nothing to do"]),
        (&["down", "--plan"], &down(&not_kept, &[])),
        (&["down", "--plan", "--keep-session-id"], &down(&kept, &[])),
        (&["status"], &status),
        (
            &["down", "--keep-session-id"],
            &down(&kept, &["done ", "done ", "done ", "dropped "]),
        ),
        (&["down"], &["nothing to do"]),
    ] {
        let output = migrate(arguments, url).await;
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        let printed = text(&output.stdout);
        println!("$ migrate {}\n{printed}", arguments.join(" "));
        assert!(
            printed
                .lines()
                .zip(expected)
                .all(|(line, start)| line.starts_with(start)),
            "{arguments:?}: {printed}"
        );
        assert!(printed.lines().count() >= expected.len(), "{printed}");
    }
}

#[tokio::test]
async fn wrong_usage_is_exit_code_64() {
    for (arguments, url) in [
        (&[][..], None),
        (&["sideways"], None),
        (&["up", "--drop-data"], None),
        (&["down", "--drop-data", "--keep-session-id"], None),
        (&["up"], None),
        (&["up"], Some("")),
        (&["up"], Some("mysql://localhost/ticketing")),
        (&["purge-audit"], None),
        (&["purge-audit", "--older-than", "0d"], None),
        (&["purge-audit", "--older-than", "+1d"], None),
        (&["purge-audit", "--older-than", "1.5d"], None),
        (&["purge-audit", "--older-than", "65536d"], None),
        (&["purge-audit", "--older-than", "١d"], None),
        (&["purge-audit", "--older-than", "400"], None),
    ] {
        let output = migrate(arguments, url).await;
        assert_eq!(
            output.status.code(),
            Some(64),
            "{arguments:?} {url:?}: {output:?}"
        );
        assert!(!output.stderr.is_empty());
    }
}

#[tokio::test]
async fn help_is_no_error_and_shows_no_url() {
    let output = migrate(
        &["--help"],
        Some("postgres://ada:secret@localhost/ticketing"),
    )
    .await;
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("DATABASE_URL"));
    assert!(!text(&output.stdout).contains("secret"));
}

#[tokio::test]
async fn a_password_is_never_printed() {
    let cluster = TestDatabase::empty(Kind::Postgres).await;
    let nobody = format!("postgres://ada:secret@{}/nowhere", cluster.address());
    let wrong = "postgres://ada:secret@localhost:port/ticketing";
    for (arguments, url, code) in [
        (&["up"][..], Some(wrong), 64),
        (&["up", "--database-url", wrong], None, 64),
        (&["up", wrong], None, 64),
        (&[wrong], None, 64),
        (&["up"], Some(&nobody), 1),
        (&["status"], Some(&nobody), 1),
    ] {
        let output = migrate(arguments, url).await;
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?} {url:?}: {output:?}"
        );
        let said = text(&output.stderr);
        assert!(
            !said.is_empty() && !said.contains("secret"),
            "{arguments:?} {url:?}: {said}"
        );
    }
}

#[tokio::test]
async fn no_database_is_exit_code_1_and_says_so() {
    // a port that nobody listens on, and a directory that is not there
    for (url, said) in [
        (
            "postgres://ada:secret@127.0.0.1:1/ticketing",
            "cannot reach the database",
        ),
        ("sqlite:///nowhere/ticketing.db", "cannot open the database"),
    ] {
        let output = migrate(&["up"], Some(url)).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text(&output.stderr).contains(said), "{output:?}");
        assert!(!text(&output.stderr).contains("secret"), "{output:?}");
    }
}
