//! Gives a database that was taken over back to the old application.

use crate::{
    found::views_on,
    plan,
    record::{self, Record},
    shape::TOKENS,
};
use database::{Database, Dialect};
use schema::{
    bookkeeping,
    error::MigrateError,
    exclusive, indexes,
    migration::{AUDIT, MIGRATIONS, TABLES},
    query,
    report::Tell,
    session::Session,
    trigrams::{self, DROP},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

/// Undoes what `up` made in a database that it took over, or continues an interrupted run. Returns
/// the migrations that it undid; `None` if no database was taken over.
pub async fn leave(
    database: &Database,
    keep_session_id: bool,
    tell: Tell<'_>,
) -> Result<Option<Vec<&'static str>>, MigrateError> {
    let transaction = exclusive::begin(database).await?;
    let Some(record) = Record::read(&transaction).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    for line in lines(&transaction, &record, keep_session_id).await? {
        tell(&line);
    }
    let mut undone = Vec::new();
    if record.leaving {
        transaction.rollback().await?;
    } else {
        // Every transaction that inserts has ended when this lock is held. So the statement that
        // deletes rows sees every row of ours up to this id.
        transaction
            .execute_unprepared("LOCK TABLE user_sessions IN SHARE ROW EXCLUSIVE MODE")
            .await?;
        let last = "SELECT coalesce(max(id), 0)::bigint FROM user_sessions";
        let last: i64 = query::row(&transaction, last).await?;
        transaction.commit().await?;

        let transaction = exclusive::begin(database).await?;
        // another run may have done it meanwhile
        let still = Record::read(&transaction).await?;
        if still.is_some_and(|record| !record.leaving) {
            undone = give_back(&transaction, &record, keep_session_id, last).await?;
        }
        transaction.commit().await?;
        tell("done     user_sessions is given back");
    }
    let mut session = Session::open(database, tell).await?;
    let dropped = drop_the_rest(&mut session, database, &record, tell).await;
    dropped.map_err(|error| error.half_way("the second step stopped"))?;
    session.close().await?;
    if !undone.contains(&TABLES.name) {
        undone.push(TABLES.name);
    }
    Ok(Some(undone))
}

/// Step two: the indexes, the extension and the bookkeeping.
async fn drop_the_rest(
    session: &mut Session<'_>,
    database: &Database,
    record: &Record,
    tell: Tell<'_>,
) -> Result<(), MigrateError> {
    // between the two steps, another run may have done the opposite
    let found = Record::read(database.connection()).await?;
    if found.is_some_and(|record| !record.leaving) {
        return Err(MigrateError::Contradicted);
    }
    for name in &record.indexes {
        indexes::drop(session, name).await?;
    }
    tell("done     the services' indexes are dropped");
    if trigrams::is_ours(database.connection()).await? {
        match session.attempt(DROP).await? {
            Ok(()) => tell("done     the extension pg_trgm is dropped"),
            Err(reason) => tell(&trigrams::stays(&reason)),
        }
    }
    let tables = format!(
        "DROP TABLE IF EXISTS {}, {}",
        record::TABLE,
        bookkeeping::TABLE
    );
    session
        .run(tables, "the bookkeeping could not be dropped")
        .await
}

/// What [`leave`] would do; `None` if no database was taken over.
pub async fn plan_to_leave(
    on: &impl ConnectionTrait,
    keep_session_id: bool,
) -> Result<Option<Vec<String>>, MigrateError> {
    match Record::read(on).await? {
        Some(record) => lines(on, &record, keep_session_id).await.map(Some),
        None => Ok(None),
    }
}

/// What would stop it, or what it would do.
async fn lines(
    on: &impl ConnectionTrait,
    record: &Record,
    keep_session_id: bool,
) -> Result<Vec<String>, MigrateError> {
    let applied = bookkeeping::read(on, Dialect::Postgres).await?;
    applied.refuse_unknown()?;
    let made_extension = trigrams::is_ours(on).await?;
    if record.leaving {
        return Ok(plan::to_go_on_leaving(record, made_extension));
    }
    let columns: Vec<&str> = going(record, keep_session_id).collect();
    if let Some(views) = views_on(on, &columns).await? {
        let hint = if keep_session_id {
            ""
        } else {
            "; session_id stays with --keep-session-id"
        };
        return Err(MigrateError::Views(views, hint));
    }
    let ours = "SELECT count(*) FROM user_sessions WHERE generation IS NOT NULL";
    let ours: i64 = query::row(on, ours).await?;
    let mut lines = plan::to_leave(record, ours, made_extension, keep_session_id);
    let later = MIGRATIONS
        .iter()
        .filter(|migration| applied.holds(migration.name));
    let columns = later.flat_map(|migration| migration.columns(Dialect::Postgres));
    lines.extend(columns.map(plan::column_to_drop));
    if applied.holds(AUDIT.name) {
        lines.push(plan::AUDIT_LOG_TO_DROP.to_owned());
    }
    Ok(lines)
}

/// The columns of `user_sessions` that are dropped.
fn going(record: &Record, keep_session_id: bool) -> impl Iterator<Item = &str> {
    record
        .columns
        .iter()
        .map(String::as_str)
        .filter(|&name| name != "session_id")
        .chain((!keep_session_id).then_some("session_id"))
}

/// Step one. The services' rows are deleted without a lock that anybody waits for. Then the table
/// is locked for the changes of the catalogue, and for the few rows that were inserted meanwhile.
async fn give_back(
    transaction: &DatabaseTransaction,
    record: &Record,
    keep_session_id: bool,
    last: i64,
) -> Result<Vec<&'static str>, MigrateError> {
    let applied = bookkeeping::read(transaction, Dialect::Postgres).await?;
    let columns = going(record, keep_session_id).map(|name| format!("DROP COLUMN {name}"));
    let tokens = TOKENS.map(|name| format!("ADD COLUMN {name} text"));
    let tokens = tokens.into_iter().filter(|_| !keep_session_id);
    let changes: Vec<String> = columns.chain(tokens).collect();
    // The second DELETE must not read the whole table, and without statistics it
    // would, nor the index of sessions with a generation, which holds all that the
    // first one deleted: so the condition is one that only the primary key serves.
    let script = format!(
        "DELETE FROM user_sessions WHERE generation IS NOT NULL;
         LOCK TABLE user_sessions IN ACCESS EXCLUSIVE MODE;
         SET LOCAL enable_seqscan = off;
         DELETE FROM user_sessions WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM user_sessions WHERE id > {last} AND coalesce(generation, 0) <> 0
         ));
         ALTER TABLE user_sessions {}",
        changes.join(", ")
    );
    transaction.execute_unprepared(&script).await?;
    let mut undone = Vec::new();
    for migration in MIGRATIONS.iter().rev() {
        if !applied.holds(migration.name) {
            continue;
        }
        if migration.name != TABLES.name {
            let drop = migration.texts(Dialect::Postgres).drop;
            transaction.execute_unprepared(drop).await?;
        }
        undone.push(migration.name);
    }
    bookkeeping::forget_all(transaction).await?;
    let record = Record {
        shape: record.shape,
        columns: Vec::new(),
        indexes: record.indexes.clone(),
        leaving: true,
    };
    record.write(transaction).await?;
    Ok(undone)
}
