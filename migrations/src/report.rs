//! What a command did, or found, as a person reads it.

use std::fmt;

/// Who is told, line by line, what a command found and does, before it does it.
pub type Tell<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// What a command would do, line by line; nothing, where there is nothing to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan(pub Vec<String>);

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing to do");
        }
        f.write_str(&self.0.join("\n"))
    }
}

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
        if self.dropped.is_empty() && self.applied.is_empty() {
            return f.write_str("nothing to do");
        }
        let dropped = self.dropped.iter().map(|name| format!("dropped  {name}"));
        let applied = self.applied.iter().map(|name| format!("applied  {name}"));
        f.write_str(&dropped.chain(applied).collect::<Vec<_>>().join("\n"))
    }
}
