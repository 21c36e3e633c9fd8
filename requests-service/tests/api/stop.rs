//! A stop is heard from the program's first moment on, also where it is the first
//! process of a container, and a start that is told to stop ends.

use std::path::Path;
use testing::{
    auth::SERVICE_TOKEN,
    first_process::{FirstProcess, MOMENTS, SilentFile, SilentServer},
};

fn start(token: &Path, database: &SilentServer) -> FirstProcess {
    let variables = [
        ("REQUESTS_PUBLIC_LISTEN", "127.0.0.1:0"),
        ("REQUESTS_OPS_LISTEN", "127.0.0.1:0"),
        ("AUTH_SERVICE_URL", "http://127.0.0.1:1"),
        ("DATABASE_URL", &database.url()),
        ("SERVICE_TOKEN_FILE", token.to_str().unwrap()),
    ];
    FirstProcess::start(env!("CARGO_BIN_EXE_requests-service"), &[], variables)
}

#[test]
fn a_start_that_waits_for_a_file_is_ended_by_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let token = SilentFile::make(&path);
    let process = start(&path, &SilentServer::start());
    let _waits = token.opened();
    let (code, said) = process.stopped();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("told to stop before it served"), "{said}");
}

#[test]
fn a_stop_at_any_moment_of_a_start_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, SERVICE_TOKEN).unwrap();
    let database = SilentServer::start();
    for moment in MOMENTS {
        let (code, said) = start(&token, &database).stopped_at(moment);
        assert_eq!(code, Some(0), "at {moment}: {said}");
        if said.contains("stopping") {
            // it served; from here on each stop is the same
            break;
        }
        assert!(
            said.contains("told to stop before it served"),
            "at {moment}: {said}"
        );
    }
}
