//! What a command did, or found, as a person reads it.

use crate::{bookkeeping::Origin, found::Names};
use contract::time::Timestamp;
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

/// Where a migration stands in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is in the bookkeeping.
    Applied {
        /// How the database came by it.
        origin: Origin,
        /// When.
        at: Timestamp,
        /// Whether this build has it; otherwise a newer one applied it.
        known: bool,
    },
    /// `up` would apply it.
    Pending,
}

/// What [`crate::status`] found.
#[derive(Debug, PartialEq, Eq)]
pub struct Status {
    /// Each migration of this build and of the bookkeeping, oldest first.
    pub migrations: Vec<(String, State)>,
    /// Tables and types of the application, in a database without bookkeeping:
    /// `up` would take them over.
    pub application: Option<Names>,
    /// Whether an `up` that takes the database over, or a `down` that gives it
    /// back, has begun and not ended.
    pub under_way: bool,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.migrations.iter().map(|(name, state)| match state {
            State::Pending => format!("pending  {name}"),
            State::Applied { origin, at, known } => {
                let newer = if *known { "" } else { ", by a newer build" };
                format!("applied  {name}  {} {at}{newer}", origin.text())
            }
        });
        let application = self.application.iter().map(|names| {
            format!("holds the application's own {names}, which migrate did not make")
        });
        let under_way = self.under_way.then(|| {
            "not done: `migrate up` goes on taking the database over, `migrate down` gives it back"
                .to_owned()
        });
        let lines = lines.chain(application).chain(under_way);
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}
