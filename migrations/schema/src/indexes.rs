//! Builds the indexes on the application's tables while these are in use, one by one and
//! concurrently. Each is a statement outside of transactions, with a lock (`SHARE UPDATE
//! EXCLUSIVE`) that does not block readers or writers. If it is interrupted, the next run
//! continues.

use crate::{
    bookkeeping::Applied,
    error::MigrateError,
    migration::{Index, MIGRATIONS},
    query,
    session::Session,
};
use database::Dialect;
use sea_orm::{ConnectionTrait, DbErr};

/// An index that does not exist, or cannot be used.
pub struct Missing {
    /// The index.
    pub index: Index,
    /// The migration that it belongs to.
    pub migration: &'static str,
    /// Whether an interrupted build has left an index that every write updates and no query can
    /// use.
    is_broken: bool,
}

/// The indexes of pending migrations, and all trigram indexes, because these are dropped with the
/// extension.
pub async fn missing(on: &impl ConnectionTrait, applied: &Applied) -> Result<Vec<Missing>, DbErr> {
    const FOUND: &str = "
        SELECT c.relname::text, i.indrelid::regclass::text, i.indisvalid
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE pg_table_is_visible(i.indrelid)";
    let found: Vec<(String, String, bool)> = query::rows(on, FOUND, []).await?;
    let is_valid = |index: &Index| {
        let mut found = found.iter();
        let found = found.find(|(name, table, _)| name == index.name && table == index.table);
        found.map(|(.., is_valid)| *is_valid)
    };
    let mut missing = Vec::new();
    for migration in MIGRATIONS {
        let is_pending = !applied.holds(migration.name);
        for index in migration.indexes(Dialect::Postgres) {
            let found = is_valid(&index);
            if found != Some(true) && (is_pending || index.is_of_trigrams()) {
                missing.push(Missing {
                    index,
                    migration: migration.name,
                    is_broken: found.is_some(),
                });
            }
        }
    }
    Ok(missing)
}

impl Missing {
    /// Builds it.
    pub async fn build(
        &self,
        session: &mut Session<'_>,
        schema_of_trigrams: &str,
    ) -> Result<(), MigrateError> {
        let Index { name, table, .. } = self.index;
        let doing = format!("the index {name} on {table} could not be built");
        if self.is_broken {
            let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
            session.run(drop, &doing).await?;
        }
        let definition = self.index.definition(schema_of_trigrams);
        let create = format!("CREATE INDEX CONCURRENTLY {name} {definition}");
        session.run(create, &doing).await
    }
}

/// Drops a recorded index, if it still exists.
pub async fn drop(session: &mut Session<'_>, name: &str) -> Result<(), MigrateError> {
    let statement = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
    session
        .run(statement, &format!("the index {name} could not be dropped"))
        .await
}
