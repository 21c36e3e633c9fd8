//! The indexes of ours on the application's tables, one by one and concurrently:
//! each is a statement outside of any transaction, under a lock
//! (`SHARE UPDATE EXCLUSIVE`) that neither readers nor writers of rows wait for.
//! Whatever interrupts it, the next run goes on where this one ended.

use super::session::Session;
use crate::{
    error::MigrateError,
    migration::{MIGRATIONS, SEARCH},
    trigrams,
};
use shared::database::Dialect;

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) name: &'static str,
    pub(super) table: &'static str,
    /// What follows its name.
    definition: String,
}

/// Those that every database gets, from the statements that make them in a database
/// of our own.
pub(super) fn plain() -> impl Iterator<Item = Index> {
    MIGRATIONS
        .iter()
        .flat_map(|migration| in_text(migration.texts(Dialect::Postgres).indexes))
}

/// The one that takes pg_trgm, in that schema.
pub(super) fn search(schema: &str) -> Option<Index> {
    let index = in_text(SEARCH).next()?;
    let text = trigrams::index(schema);
    let (_, definition) = text.split_once(index.name)?;
    Some(Index {
        definition: definition.trim_end().trim_end_matches(';').to_owned(),
        ..index
    })
}

/// The names of all of them, also of the one that may not come about.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let all = plain().chain(in_text(SEARCH));
    all.map(|index| index.name)
}

fn in_text(text: &'static str) -> impl Iterator<Item = Index> {
    text.lines().filter_map(|line| {
        let statement = line.strip_prefix("CREATE INDEX ")?;
        let (name, definition) = statement.trim_end_matches(';').split_once(' ')?;
        let (table, _) = definition.strip_prefix("ON ")?.split_once(' ')?;
        Some(Index {
            name,
            table,
            definition: definition.to_owned(),
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
    pub(super) async fn build(&self, session: &mut Session) -> Result<bool, MigrateError> {
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

    async fn state(&self, session: &mut Session) -> Result<State, MigrateError> {
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
