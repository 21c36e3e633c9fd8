//! Commands as a reader pastes them: block by block into one bash, with the real
//! grpcurl.

use std::{
    fmt::Write as _,
    path::Path,
    process::{Command, Stdio},
};
use testing::tools;

/// What one block did.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What stood on the terminal after it.
    pub(crate) output: String,
    /// The exit status of its last command that failed, or 0; what fails inside of a
    /// pipe or a substitution counts.
    pub(crate) status: i32,
}

impl Outcome {
    /// The output of a block of which nothing failed.
    #[track_caller]
    pub(crate) fn succeeded(&self) -> &str {
        assert_eq!(self.status, 0, "{}", self.output);
        &self.output
    }

    /// The same, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.succeeded()).expect("JSON")
    }
}

/// Runs blocks in one bash in a directory; variables carry over.
pub(crate) fn run<T: AsRef<str>>(blocks: &[T], directory: &Path, stdin: Stdio) -> Vec<Outcome> {
    let outputs = tempfile::tempdir().unwrap();
    let mut script = "trap 'STATUS=$?' ERR\n".to_owned();
    for (number, block) in blocks.iter().enumerate() {
        script.push_str("STATUS=0\n{\n");
        script.push_str(block.as_ref());
        let to = format!("\"$OUTPUTS/{number}");
        writeln!(script, "\n}} >{to}\" 2>&1\necho $STATUS >{to}.status\"").unwrap();
    }
    let status = Command::new("bash")
        .args(["--norc", "-u", "-E", "-o", "pipefail", "-c", &script])
        .env("PATH", path())
        .env("HOME", directory)
        .env("OUTPUTS", outputs.path())
        // no cluster of the reader's is to be touched
        .env("KUBECONFIG", "/dev/null")
        .current_dir(directory)
        .stdin(stdin)
        .status()
        .expect("bash");
    let read = |name: String| std::fs::read_to_string(outputs.path().join(name)).ok();
    let outcomes: Vec<_> = (0..blocks.len())
        .map_while(|number| {
            Some(Outcome {
                output: read(number.to_string())?,
                status: read(format!("{number}.status"))?.trim().parse().ok()?,
            })
        })
        .collect();
    let ended_at = outcomes.len();
    assert_eq!(
        ended_at,
        blocks.len(),
        "bash ended ({status}) in block {ended_at}: {:?}",
        read(ended_at.to_string())
    );
    outcomes
}

/// PATH with the tools that the tests install before all else.
fn path() -> std::ffi::OsString {
    let tools = ["grpcurl", "kubectl"].map(|name| tools::find(name).parent().unwrap().to_owned());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = tools.into_iter().chain(std::env::split_paths(&path));
    std::env::join_paths(all).expect("no colon in it")
}

#[test]
fn variables_carry_over_and_no_failure_is_lost() {
    let blocks = [
        "X=5",
        "echo $X; echo $X >&2",
        "false | true; true",
        "Y=$(false); true",
    ];
    let directory = tempfile::tempdir().unwrap();
    let outcomes = run(&blocks, directory.path(), Stdio::null());
    assert_eq!(outcomes[1].succeeded(), "5\n5\n");
    assert_eq!(outcomes[2].status, 1);
    assert_eq!(outcomes[3].status, 1);
}
