//! What a command did, or would do, in text for the operator.

use std::fmt;

/// Receives, line by line, what a command found and is about to do.
pub type Tell<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// What a command changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Migrations that it undid, newest first.
    pub dropped: Vec<&'static str>,
    /// Migrations that it applied, oldest first.
    pub applied: Vec<&'static str>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dropped = self.dropped.iter().map(|name| format!("dropped  {name}"));
        let applied = self.applied.iter().map(|name| format!("applied  {name}"));
        f.write_str(&text(&dropped.chain(applied).collect::<Vec<_>>()))
    }
}

/// What a command did or would do, line by line.
#[must_use]
pub fn text(lines: &[String]) -> String {
    if lines.is_empty() {
        return "nothing to do".to_owned();
    }
    lines.join("\n")
}
