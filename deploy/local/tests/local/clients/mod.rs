//! Programs that people write against the services, with the libraries that they use: clients of
//! Connect in JavaScript, and libraries that verify tokens.

mod connect;
mod introspection;
mod tokens;

use std::{path::Path, process::Stdio};
use testing::tools;
use tokio::process::Command;

/// The folder of the scripts.
const SCRIPTS: &str = "deploy/local/tests/local/clients";

/// Runs one of the scripts by Node, and gives what it prints. The script is copied beside the
/// packages that it imports, because Node looks for them in the folders above a script.
async fn node(script: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let packages = tools::workspace().join("target/tools/clients/node_modules");
    std::os::unix::fs::symlink(packages, folder.path().join("node_modules")).unwrap();
    let copy = folder.path().join(script);
    std::fs::copy(tools::workspace().join(SCRIPTS).join(script), &copy).unwrap();
    run(tools::node(), &copy, arguments).await
}

/// Runs one of the scripts by the Python that has the packages.
async fn python(script: &str, arguments: &[&str]) -> String {
    let script = tools::workspace().join(SCRIPTS).join(script);
    let python = Command::new(tools::find("python"));
    run(python, &script, arguments).await
}

async fn run(mut command: Command, script: &Path, arguments: &[&str]) -> String {
    command
        .arg(script)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command.output().await.expect("`.ci/test` installs it");
    assert!(
        output.status.success(),
        "{}: {}",
        script.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}
