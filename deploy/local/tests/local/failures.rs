//! What cannot work is one clear line, and an exit code.

use crate::process::{self, Failure, PROGRAM, Running, flags};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};
use testing::{Kind, TestDatabase};

fn start(data_directory: &Path, more: &[&str]) -> Failure {
    process::fail(Command::new(PROGRAM).args(flags(data_directory)).args(more))
}

impl Failure {
    /// It is one line, exits with a code, and holds some words.
    #[track_caller]
    fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{}", self.message);
        assert!(
            self.message.starts_with("ticketing-local: "),
            "{}",
            self.message
        );
        assert_eq!(self.message.lines().count(), 1, "{}", self.message);
        for word in words {
            assert!(self.message.contains(word), "{word} in {}", self.message);
        }
    }
}

#[test]
fn a_taken_port_is_named_with_what_it_was_for() {
    let folder = tempfile::tempdir().unwrap();
    for (flag, listener) in [
        ("--web-listen", "the web page"),
        ("--auth-public-listen", "auth public"),
        ("--auth-internal-listen", "auth internal"),
        ("--auth-ops-listen", "auth ops"),
        ("--requests-public-listen", "requests public"),
        ("--requests-ops-listen", "requests ops"),
    ] {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let mut flags = flags(folder.path());
        flags.retain(|other| !other.starts_with(flag));
        flags.push(format!("{flag}={address}"));
        let failure = process::fail(Command::new(PROGRAM).args(flags));
        failure.says(1, &[&address, listener, "in use", "--help"]);
    }
}

#[test]
fn a_data_directory_in_use_is_left_alone_even_by_a_fresh_start() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), &["--demo-requests=0"]);
    let names = || {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let token = std::fs::read(folder.path().join("service-token")).unwrap();
    let before = names();
    start(folder.path(), &["--fresh"]).says(1, &["in use by another run", "--data-directory"]);
    assert_eq!(names(), before);
    assert_eq!(
        std::fs::read(folder.path().join("service-token")).unwrap(),
        token
    );
    drop(running);
}

#[test]
fn a_wrong_url_is_refused_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let form = "postgres://user@host/database";
    for (url, advice) in [
        ("mysql://user:pass-word@host/database", form),
        ("postgres//user:pass-word@host/database", form),
        (
            "postgres://user:pass-word@host:port/database",
            "a port from 1 to 65535",
        ),
        ("pass-word", form),
    ] {
        let failure = start(folder.path(), &[&format!("--database-url={url}")]);
        failure.says(64, &["LOCAL_DATABASE_URL", advice]);
        assert!(
            !failure.message.contains("pass-word"),
            "{}",
            failure.message
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_is_one_line_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::empty(Kind::Postgres).await;
    let cluster = database.address();
    for (url, words) in [
        // nobody listens there
        (
            "postgres://user:pass-word@127.0.0.1:1/database".to_owned(),
            "runs",
        ),
        // no name at all, so that no name server is asked
        (
            "postgres://user:pass-word@nowhere..invalid/database".to_owned(),
            "look",
        ),
        (
            format!("postgres://postgres:pass-word@{cluster}/not_made"),
            "not_made",
        ),
        (
            format!("postgres://nobody:pass-word@{cluster}/postgres"),
            "nobody",
        ),
        (
            format!("sqlite://{}/not/there.db", folder.path().display()),
            "open",
        ),
    ] {
        let failure = start(folder.path(), &[&format!("--database-url={url}")]);
        failure.says(1, &["--database-url", words]);
        assert!(
            !failure.message.contains("pass-word"),
            "{}",
            failure.message
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_old_application_is_left_alone() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    database
        .execute("CREATE TABLE users (id serial PRIMARY KEY, name text)")
        .await;
    let folder = tempfile::tempdir().unwrap();
    for flags in [[].as_slice(), &["--fresh"]] {
        let url = format!("--database-url={}", database.url.expose());
        let flags = [&[url.as_str()], flags].concat();
        start(folder.path(), &flags).says(1, &["users", "nothing was changed"]);
    }
    let tables = "SELECT CAST(count(*) AS int) FROM information_schema.tables \
                  WHERE table_schema = 'public'";
    assert_eq!(database.query_number(tables).await, 1);
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    // root may write everywhere but below a file, and in /proc
    for directory in [file.join("data"), PathBuf::from("/proc/self/data")] {
        start(&directory, &[]).says(1, &[directory.to_str().unwrap()]);
    }
}

/// A shell line that runs the program on a disk of a size.
fn on_a_disk_of(size: &str, directory: &Path) -> Option<Command> {
    // a mount namespace of its own goes with the process
    ["--mount", "--map-root-user --mount"]
        .into_iter()
        .find_map(|namespace| {
            let directory = directory.display();
            let mount = format!("mount -t tmpfs -o size={size} none {directory}");
            let command = |last: &str| {
                let mut command = Command::new("sh");
                let script =
                    format!("exec unshare {namespace} sh -c '{mount} && {last}' sh \"$@\"");
                command.args(["-c", &script, "sh"]);
                command
            };
            let works = command("true").output().is_ok_and(|it| it.status.success());
            works.then(|| command("exec \"$@\""))
        })
}

/// The same where no disk can be mounted: no file may grow beyond some kilobytes.
fn with_files_up_to(kilobytes: u32) -> Command {
    let mut command = Command::new("bash");
    let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$@\"");
    command.args(["-c", &script, "bash"]);
    command
}

#[test]
fn a_full_disk_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    // full with the token, the keys, the tables, the demo data
    for (size, kilobytes) in [("4k", 0), ("12k", 1), ("200k", 100), ("1m", 300)] {
        let command = on_a_disk_of(size, folder.path());
        let mut command = command.unwrap_or_else(|| with_files_up_to(kilobytes));
        let failure = process::fail(command.arg(PROGRAM).args(flags(folder.path())));
        failure.says(1, &[]);
        let full = ["disk", "No space left", "File too large"];
        assert!(
            full.iter().any(|words| failure.message.contains(words)),
            "{}",
            failure.message
        );
    }
}

#[test]
fn what_a_full_disk_cut_short_is_made_anew_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let fail_within = |kilobytes| {
        let mut command = with_files_up_to(kilobytes);
        let failure = process::fail(command.arg(PROGRAM).args(flags(folder.path())));
        failure.says(1, &[]);
    };
    // at the key, at the tables, at the demo data; with a key, at the service token
    [0, 100, 300].into_iter().for_each(fail_within);
    std::fs::remove_file(folder.path().join("service-token")).unwrap();
    fail_within(0);
    let running = Running::start(folder.path(), &["--demo-requests=10"]);
    assert!(
        running.printed.contains("# log in\n"),
        "{}",
        running.printed
    );
}

#[test]
fn every_wrong_value_is_named_in_the_one_line() {
    let failure = process::fail(Command::new(PROGRAM).args([
        "--database-url=mysql://host",
        "--demo-requests=many",
        "--auth-public-listen=here",
        "--auth-internal-listen=127.0.0.1",
        "--auth-ops-listen=127.0.0.1:65536",
        "--requests-public-listen=",
        "--requests-ops-listen=:50063",
    ]));
    failure.says(
        64,
        &[
            "LOCAL_DATABASE_URL: ",
            "--demo-requests: ",
            "--auth-public-listen: ",
            "--auth-internal-listen: ",
            "--auth-ops-listen: ",
            "--requests-public-listen: ",
            "--requests-ops-listen: ",
        ],
    );
}

#[test]
fn an_unknown_flag_is_named() {
    for flags in [["--frsh"].as_slice(), &["--data-directory"], &["extra"]] {
        let failure = process::fail(Command::new(PROGRAM).args(flags));
        assert_eq!(failure.code, 64);
        let first = failure.message.lines().next().unwrap();
        assert!(first.contains(flags[0]), "{first}");
    }
}
