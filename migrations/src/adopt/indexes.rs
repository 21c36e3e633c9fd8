//! The indexes of ours on the application's tables, one by one and concurrently:
//! each is a statement outside of any transaction, under a lock
//! (`SHARE UPDATE EXCLUSIVE`) that neither readers nor writers of rows wait for.
//! Whatever interrupts it, the next run goes on where this one ended.

use super::session::Session;
use crate::{
    error::MigrateError,
    migration::{Index, MIGRATIONS},
};
use database::Dialect;

/// All of them, from the statements that make them in a database of our own.
pub(super) fn all() -> impl Iterator<Item = Index> {
    MIGRATIONS
        .iter()
        .flat_map(|migration| migration.indexes(Dialect::Postgres))
}

/// Whether an index is there, and whole. An interrupted build leaves one that is
/// kept up by every write and serves no query.
enum State {
    Absent,
    Invalid,
    Valid,
}

impl Index {
    /// Builds it, unless it is there. Says whether it had to. Of the extension, its schema
    /// is given.
    pub(super) async fn build(
        &self,
        session: &mut Session<'_>,
        schema_of_trigrams: &str,
    ) -> Result<bool, MigrateError> {
        let Self { name, table, .. } = self;
        let definition = self.definition(schema_of_trigrams);
        let doing = format!("the index {name} on {table} could not be built");
        match self.state(session).await? {
            State::Valid => return Ok(false),
            State::Invalid => {
                let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
                session.run(drop, &doing).await?;
            }
            State::Absent => {}
        }
        let create = format!("CREATE INDEX CONCURRENTLY {name} {definition}");
        session.run(create, &doing).await?;
        Ok(true)
    }

    async fn state(&self, session: &mut Session<'_>) -> Result<State, MigrateError> {
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
pub(super) async fn drop(session: &mut Session<'_>, name: &str) -> Result<(), MigrateError> {
    let statement = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
    session
        .run(statement, &format!("the index {name} could not be dropped"))
        .await
}
