//! The programs that some tests run: grpcurl, kubectl, buf.

use std::path::{Path, PathBuf};

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

/// The root of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .find(|directory| directory.join("Cargo.lock").is_file())
        .expect("this crate is a member of a workspace")
}
