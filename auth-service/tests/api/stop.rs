//! A stop is heard from the program's first moment on, also where it is the first
//! process of a container, and a start that is told to stop ends.

use auth_service::tokens::generate_key;
use std::path::Path;
use testing::{
    auth::SERVICE_TOKEN,
    first_process::{FirstProcess, MOMENTS, SilentFile, SilentServer},
};

/// A right configuration but for what is put into its folder afterwards: the service
/// token, and a database that answers.
struct Configured {
    folder: tempfile::TempDir,
    database: SilentServer,
}

impl Configured {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        let name = "20200101T000000Z".parse().unwrap();
        generate_key(&folder.path().join("keys"), name).unwrap();
        Self {
            folder,
            database: SilentServer::start(),
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn start(&self, arguments: &[&str]) -> FirstProcess {
        let variables = [
            ("AUTH_PUBLIC_LISTEN", "127.0.0.1:0"),
            ("AUTH_INTERNAL_LISTEN", "127.0.0.1:0"),
            ("AUTH_OPS_LISTEN", "127.0.0.1:0"),
            ("DATABASE_URL", &self.database.url()),
            ("AUTH_KEYS_DIRECTORY", &self.path("keys")),
            ("SERVICE_TOKEN_FILE", &self.path("token")),
        ];
        FirstProcess::start(env!("CARGO_BIN_EXE_auth-service"), arguments, variables)
    }
}

#[test]
fn a_start_that_waits_for_a_file_is_ended_by_a_stop() {
    let configured = Configured::new();
    let token = SilentFile::make(Path::new(&configured.path("token")));
    let process = configured.start(&[]);
    let _waits = token.opened();
    let (code, said) = process.stopped();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("told to stop before it served"), "{said}");
}

#[test]
fn a_command_on_keys_that_waits_for_a_file_is_ended_by_a_stop_and_says_so() {
    let configured = Configured::new();
    let key = SilentFile::make(Path::new(&configured.path("keys/20200201T000000Z.pem")));
    for arguments in [
        &["keys", "list"][..],
        &["keys", "generate"],
        &["keys", "retire", "20200101T000000Z"],
    ] {
        let process = configured.start(arguments);
        let _waits = key.opened();
        let (code, said) = process.stopped();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("told to stop before it was done"), "{said}");
    }
}

const END_ALL: [&str; 3] = ["sessions", "end-all", "--reason=restore"];

#[test]
fn a_command_that_waits_for_its_database_is_ended_by_a_stop_and_says_so() {
    let configured = Configured::new();
    let process = configured.start(&END_ALL);
    let _waits = configured.database.called();
    let (code, said) = process.stopped();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("told to stop before it was done"), "{said}");
}

#[test]
fn a_stop_at_any_moment_of_a_start_ends_it() {
    let configured = Configured::new();
    std::fs::write(configured.path("token"), SERVICE_TOKEN).unwrap();
    for moment in MOMENTS {
        let (code, said) = configured.start(&[]).stopped_at(moment);
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

#[test]
fn a_stop_at_any_moment_ends_a_command() {
    let configured = Configured::new();
    for moment in MOMENTS {
        let (code, said) = configured.start(&END_ALL).stopped_at(moment);
        assert_eq!(code, Some(1), "at {moment}: {said}");
        assert!(
            said.contains("told to stop before it was done"),
            "at {moment}: {said}"
        );
    }
}
