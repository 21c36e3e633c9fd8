//! The second step of `up`, in a PostgreSQL database that is in use. One migration after another
//! gets its indexes; then, in one transaction, the rest of it and its line in the bookkeeping.
//! Nobody who reads or writes rows waits for an index. An interrupted run is continued where it
//! ended.

use adopt::Record;
use database::{Database, Dialect};
use schema::{
    bookkeeping::{self, Origin},
    error::MigrateError,
    exclusive::LIMITS,
    indexes,
    migration::{Index, MIGRATIONS, Migration, TABLES},
    report::Tell,
    session::Session,
    trigrams,
};

/// Applies what is pending, builds what is missing, and returns the migrations that it applied.
pub(crate) async fn apply(
    database: &Database,
    tell: Tell<'_>,
) -> Result<Vec<&'static str>, MigrateError> {
    let mut session = Session::open(database, tell).await?;
    let done = apply_within(&mut session, database, tell).await;
    let done = done.map_err(|error| error.half_way("the second step stopped"))?;
    session.close().await?;
    Ok(done)
}

async fn apply_within(
    session: &mut Session<'_>,
    database: &Database,
    tell: Tell<'_>,
) -> Result<Vec<&'static str>, MigrateError> {
    let on = database.connection();
    let applied = bookkeeping::read(on, Dialect::Postgres).await?;
    let missing = indexes::missing(on, &applied).await?;
    match Record::read(on).await? {
        // recorded before the first index exists, so that `down` finds every index
        Some(record) if !record.leaving => record.add_indexes(session, &missing).await?,
        // between the two steps, another run may have done the opposite
        _ if applied.is_empty() => return Err(MigrateError::Contradicted),
        _ => {}
    }
    let schema_of_trigrams = trigrams::schema(on).await?;
    let (count, mut done) = (missing.len(), Vec::new());
    for migration in MIGRATIONS {
        let is_pending = !applied.holds(migration.name);
        let mut its = migration.indexes(Dialect::Postgres);
        let mut is_searched = is_pending && its.any(|index| index.is_of_trigrams());
        for (number, missing) in (1..).zip(&missing) {
            if missing.migration == migration.name {
                missing.build(session, &schema_of_trigrams).await?;
                let Index { name, table, .. } = missing.index;
                tell(&format!("built    {name} on {table} ({number} of {count})"));
                is_searched |= missing.index.is_of_trigrams();
            }
        }
        if is_searched {
            gather_statistics(session).await?;
        }
        if is_pending {
            let doing = format!("the migration {} could not be applied", migration.name);
            session.run(script(migration), &doing).await?;
            done.push(migration.name);
        }
    }
    Ok(done)
}

/// Applies a migration whose indexes exist. The application has made its own tables.
fn script(migration: &Migration) -> String {
    let (origin, texts) = if migration.name == TABLES.name {
        (Origin::Adopted, String::new())
    } else {
        (
            Origin::Created,
            migration.texts(Dialect::Postgres).create.join("\n;\n"),
        )
    };
    format!(
        "BEGIN; {LIMITS}; {texts}
         ; INSERT INTO {} (name, origin) VALUES ('{}', '{}'); COMMIT",
        bookkeeping::TABLE,
        migration.name,
        origin.text()
    )
}

/// An expression has no statistics until its index exists. Without them, the database assumes that
/// every search finds many rows. ANALYZE reads a sample of the rows.
async fn gather_statistics(session: &mut Session<'_>) -> Result<(), MigrateError> {
    let doing = "statistics of requests could not be gathered";
    session.run("ANALYZE requests".to_owned(), doing).await
}
