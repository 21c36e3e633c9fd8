//! `status`: what is applied and what is pending.

use crate::{
    adopt,
    bookkeeping::{self, Origin},
    error::MigrateError,
    found::{self, Names},
    migration::MIGRATIONS,
};
use contract::time::Timestamp;
use database::{Database, Dialect};
use std::fmt;

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

/// What is applied and what is pending.
pub async fn status(database: &Database) -> Result<Status, MigrateError> {
    let applied = bookkeeping::read(database.connection(), database.dialect()).await?;
    let under_way = database.dialect() == Dialect::Postgres
        && adopt::is_under_way(database.connection()).await?;
    let application = if applied.is_empty() && !under_way {
        found::of_application(database.connection(), database.dialect()).await?
    } else {
        None
    };
    let pending = applied.pending();
    let pending = pending.map(|migration| (migration.name.to_owned(), State::Pending));
    let rows = applied.rows().iter().map(|row| {
        let mut known = MIGRATIONS.iter();
        let state = State::Applied {
            origin: row.origin,
            at: row.at,
            known: known.any(|migration| migration.name == row.name),
        };
        (row.name.clone(), state)
    });
    let mut migrations: Vec<_> = rows.chain(pending).collect();
    migrations.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(Status {
        migrations,
        application,
        under_way,
    })
}

/// Whether every migration of this build is applied; later ones may be, too, so
/// that old and new builds run side by side.
pub async fn applied(database: &Database) -> Result<bool, MigrateError> {
    let applied = bookkeeping::read(database.connection(), database.dialect()).await?;
    Ok(applied.pending().next().is_none())
}
