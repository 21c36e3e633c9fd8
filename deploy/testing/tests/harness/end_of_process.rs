//! A cluster and the files of SQLite go with the process, whatever ends it.

use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use testing::{Kind, TestDatabase};

/// Set for the process that is to be ended.
const VICTIM: &str = "TESTING_END_OF_PROCESS";
const ROLE: &str = "end_of_process::the_process_that_is_ended";

/// Does nothing by itself: the tests below run it in a process of its own.
#[tokio::test]
async fn the_process_that_is_ended() {
    let Ok(end) = std::env::var(VICTIM) else {
        return;
    };
    let postgres = TestDatabase::migrated(Kind::Postgres).await;
    let sqlite = TestDatabase::migrated(Kind::Sqlite).await;
    let file = sqlite
        .url
        .expose()
        .trim_start_matches("sqlite://")
        .replace("?mode=rwc", "");
    println!("\nholds {} {file}", postgres.address());
    match end.as_str() {
        "panic" => panic!("as asked"),
        "exit" => std::process::exit(3),
        _ => std::thread::sleep(Duration::from_mins(5)),
    }
}

fn nothing_is_left_after(end: &str, signal: Option<&str>) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", ROLE])
        .env(VICTIM, end)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let line = lines
        .map_while(Result::ok)
        .find(|line| line.starts_with("holds "))
        .unwrap();
    let mut words = line.split(' ').skip(1);
    let address: SocketAddr = words.next().unwrap().parse().unwrap();
    let directory: PathBuf = Path::new(words.next().unwrap())
        .parent()
        .unwrap()
        .to_owned();
    if let Some(signal) = signal {
        let id = victim.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }
    victim.wait().unwrap();

    let begun = Instant::now();
    while TcpStream::connect(address).is_ok() || directory.exists() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{address} or {} is left",
            directory.display()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn nothing_is_left_after_kill_9() {
    nothing_is_left_after("wait", Some("-KILL"));
}

#[test]
fn nothing_is_left_after_an_interrupt() {
    nothing_is_left_after("wait", Some("-INT"));
}

#[test]
fn nothing_is_left_after_a_panic() {
    nothing_is_left_after("panic", None);
}

#[test]
fn nothing_is_left_after_an_exit() {
    nothing_is_left_after("exit", None);
}
