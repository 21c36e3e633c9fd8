//! Holds the house to its plan, by reading its sources.

mod api_table;
mod contract;
mod imports;
mod security;
mod words;

use std::path::Path;
use testing::tools;

/// A text file of the workspace.
#[derive(Clone, Debug)]
struct File {
    /// From the workspace's root.
    path: String,
    text: String,
}

/// Folders that hold nothing of ours.
const NOT_OURS: [&str; 3] = ["target", ".git", ".ticketing"];

/// The workspace's files with one of some endings.
fn files(endings: &[&str]) -> Vec<File> {
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
    found
}

/// Fails with all breaches at once.
#[track_caller]
fn none(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}
