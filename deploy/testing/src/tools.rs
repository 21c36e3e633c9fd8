//! The programs that some tests run: grpcurl, kubectl, buf.

use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The path of a tool: in the workspace's own `target/tools/bin`, or on PATH. A test without its
/// tool fails, because a skipped test would prove nothing.
#[must_use]
pub fn find(name: &str) -> PathBuf {
    let own = workspace().join("target/tools/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(own.clone())
        .chain(std::env::split_paths(&path))
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| {
            panic!(
                "{name} is neither in {} nor on PATH: `.ci/test` installs it",
                own.display()
            )
        })
}

/// Node, for a script that may end by `process.exit`. V8 compiles on the thread of the script.
/// Otherwise an exit would wait for V8's own thread, which may wait for a garbage collection that
/// only the script's thread can do: then Node never ends.
#[must_use]
pub fn node() -> Command {
    let mut node = Command::new(find("node"));
    node.arg("--single-threaded");
    node
}

/// The root of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .find(|directory| directory.join("Cargo.lock").is_file())
        .expect("this crate is a member of a workspace")
}
