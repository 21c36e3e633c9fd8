//! The workspace's own files, for tests that read them.

use crate::tools;
use std::path::Path;

/// A text file of the workspace.
#[derive(Clone, Debug)]
pub struct File {
    /// From the workspace's root.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// Folders without files of the workspace.
const NOT_OURS: [&str; 3] = ["target", ".git", ".ticketing"];

/// The workspace's files with one of some endings, ordered by their paths.
#[must_use]
pub fn files(endings: &[&str]) -> Vec<File> {
    fn walk(folder: &Path, found: &mut Vec<File>, endings: &[&str]) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap().to_string_lossy();
            if path.is_dir() {
                if !NOT_OURS.contains(&name.as_ref()) {
                    walk(&path, found, endings);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let relative = path.strip_prefix(tools::workspace()).unwrap();
                found.push(File {
                    path: relative.display().to_string(),
                    text: std::fs::read_to_string(&path).expect("text"),
                });
            }
        }
    }
    let mut found = Vec::new();
    walk(tools::workspace(), &mut found, endings);
    assert!(!found.is_empty());
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}
