//! The indexes of ours on the application's tables, one by one and concurrently:
//! each is a statement outside of any transaction, under a lock
//! (`SHARE UPDATE EXCLUSIVE`) that neither readers nor writers of rows wait for.
//! Whatever interrupts it, the next run goes on where this one ended.

use super::session::Session;
use crate::{error::MigrateError, migration::INDEXES};

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Index {
    pub(super) name: &'static str,
    pub(super) table: &'static str,
    /// What follows its name.
    definition: &'static str,
}

/// All of them, from the statements that make them in a database of our own.
pub(super) fn all() -> impl Iterator<Item = Index> {
    INDEXES.lines().filter_map(|line| {
        let statement = line.strip_prefix("CREATE INDEX ")?;
        let (name, definition) = statement.trim_end_matches(';').split_once(' ')?;
        let (table, _) = definition.strip_prefix("ON ")?.split_once(' ')?;
        Some(Index {
            name,
            table,
            definition,
        })
    })
}

/// Whether an index is there, and whole. An interrupted build leaves one that is
/// kept up by every write and serves no query.
enum State {
    Absent,
    Invalid,
    Valid,
}

impl Index {
    /// Builds it, unless it is there. Says whether it had to.
    pub(super) async fn build(self, session: &mut Session) -> Result<bool, MigrateError> {
        let Self {
            name,
            table,
            definition,
        } = self;
        let doing = format!("the index {name} on {table} could not be built");
        match self.state(session).await? {
            State::Valid => return Ok(false),
            State::Invalid => {
                let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
                session.run(drop, &doing).await?;
            }
            State::Absent => {}
        }
        let create = format!("CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} {definition}");
        session.run(create, &doing).await?;
        Ok(true)
    }

    async fn state(self, session: &mut Session) -> Result<State, MigrateError> {
        let query = format!(
            "SELECT coalesce((
                 SELECT CASE WHEN i.indisvalid THEN 'valid' ELSE 'invalid' END
                 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                 WHERE i.indrelid = '{}'::regclass AND c.relname = '{}'
             ), 'absent')",
            self.table, self.name
        );
        Ok(match session.text(query).await?.as_str() {
            "valid" => State::Valid,
            "absent" => State::Absent,
            _ => State::Invalid,
        })
    }
}

/// Drops one that is recorded, if it is still there.
pub(super) async fn drop(session: &mut Session, name: &str) -> Result<(), MigrateError> {
    let statement = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
    session
        .run(statement, &format!("the index {name} could not be dropped"))
        .await
}
