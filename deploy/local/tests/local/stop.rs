//! A stop is heard from the program's first moment on, also where it is the first
//! process of a container, and a start that is told to stop ends.

use crate::process::{PROGRAM, Running, flags};
use std::path::Path;
use testing::first_process::{FirstProcess, MOMENTS, SilentServer};

fn start(arguments: &[String]) -> FirstProcess {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    FirstProcess::start(PROGRAM, &arguments, [])
}

fn run(data_directory: &Path, more: &[String]) -> FirstProcess {
    start(&[&flags(data_directory), more].concat())
}

#[test]
fn a_start_that_waits_for_its_database_is_ended_by_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let server = SilentServer::start();
    let process = run(folder.path(), &[format!("--database-url={}", server.url())]);
    let _waits = server.called();
    let (code, said) = process.stopped();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("told to stop before it served"), "{said}");
}

#[test]
fn a_generation_that_waits_for_its_database_is_ended_by_a_stop_and_says_so() {
    let server = SilentServer::start();
    let url = format!("--database-url={}", server.url());
    let process = start(&["generate".to_owned(), url]);
    let _waits = server.called();
    let (code, said) = process.stopped();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("told to stop before it was done"), "{said}");
}

#[test]
fn a_start_that_was_told_to_stop_at_any_moment_is_finished_by_the_next() {
    // each goes on where the one before it was ended: at the keys, the tables, the
    // demo data
    let folder = tempfile::tempdir().unwrap();
    for moment in MOMENTS {
        let (code, said) = run(folder.path(), &[]).stopped_at(moment);
        assert_eq!(code, Some(0), "at {moment}: {said}");
        let stops = ["told to stop before it served", "stopping"];
        let stopped = stops.iter().any(|stopped| said.contains(stopped));
        assert!(stopped, "at {moment}: {said}");
    }
    assert!(Running::start(folder.path(), &[]).terminate().success());
}
