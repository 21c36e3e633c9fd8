//! Taking over the database of the old application in place, and giving it back.
//!
//! `up` works in two steps, and so does `down`. What an operator has to know:
//!
//! | step | changes | locked meanwhile | if it fails |
//! | --- | --- | --- | --- |
//! | `up`, 1 | the extension `pg_trgm`, where it is not there. `user_sessions`: our columns are added; token columns go, and with them all rows, in shapes (a), (c), (e); else the application's sessions stay | `user_sessions` exclusively, for an instant, whatever its size: catalogue changes and TRUNCATE. Waits five seconds for it at most, and log-ins queue behind it meanwhile | nothing is changed |
//! | `up`, 2 | our indexes on the application's tables, and statistics of `requests`; last, in one transaction, the tables of later migrations | nobody who reads or writes rows waits. Each index waits for the transactions that were open when its turn came, however long they take | run `up` again: what is built stays, a broken left-over is rebuilt |
//! | `down`, 1 | `user_sessions`: our sessions and columns go; without `--keep-session-id` `session_id` goes, too, and empty token columns come back | as step 1 of `up`. Our sessions are deleted before that, which holds up nobody | nothing is changed |
//! | `down`, 2 | our indexes and bookkeeping go, and the extension, if `up` created it and nothing else needs it | as step 2 of `up` | run `down` again |
//!
//! What can stop either step is looked for before the first: names that something else
//! bears, rights that the role lacks, the extension. What comes in between stops step two,
//! which says so.
//!
//! What stops working: from shapes (a), (c) and (e) on, nobody logs in to the old
//! application any more after step 1 of `up`, and whoever was logged in is logged
//! out; from (b) and (d) on it goes on as before. After `down` without
//! `--keep-session-id`, an application of after 8 November 2025 cannot log in.
//! Our services serve between the end of `up` and the beginning of `down`: stop
//! them before `down`.
//!
//! `migrate` needs a connection of its own for as long as it runs: by way of a
//! pooler that gives one to each transaction, two runs could meet in step 2.
//!
//! A database that an earlier build took over gets the indexes of later migrations by
//! step 2 alone.
//!
//! No other table is touched, and no row of one. The bookkeeping names the
//! migration when both steps are done, not before: without the indexes each page
//! of requests would read the whole table, beside an application that needs the
//! same disks.

mod found;
mod indexes;
mod leave;
mod needed;
mod plan;
mod record;
mod search;
mod session;
mod shape;

pub(crate) use leave::{leave, plan_to_leave};
pub(crate) use search::{build_late, plan_late};

use crate::{
    bookkeeping::{self, Applied, Origin},
    error::MigrateError,
    exclusive, letters,
    migration::{Index, MIGRATIONS, TABLES},
    report::Tell,
    trigrams::{self, SCHEMA},
};
use database::{Database, Dialect};
use found::Found;
use record::{Record, TABLE};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use session::Session;
use shape::{OURS, Shape};

/// How far the taking over of a database has come.
enum Stage {
    /// The application's, untouched, or given back by a `down` that is not done
    /// with its indexes.
    Found(Found),
    /// Step one is done, from this shape.
    Shaped(Shape),
    /// An earlier build took it over, which had fewer indexes.
    Grown,
}

impl Stage {
    /// What is found and will be done, with the line about the extension.
    fn lines(&self, extension: String) -> Vec<String> {
        match self {
            Self::Found(found) => plan::of_found(found, extension),
            Self::Shaped(shape) => plan::of_shaped(*shape, extension),
            Self::Grown => plan::of_grown(extension),
        }
    }
}

/// Looks how far it has come, and refuses what would stop it further on. `None` where
/// nothing is left, or there is nothing to take over.
async fn stage(on: &impl ConnectionTrait) -> Result<Option<Stage>, MigrateError> {
    let applied = bookkeeping::read(on, Dialect::Postgres).await?;
    let record = Record::read(on).await?;
    let is_applied = |name| applied.iter().any(|row| row.name == name);
    let all = MIGRATIONS
        .iter()
        .all(|migration| is_applied(migration.name));
    let stage = match &record {
        Some(_) if is_applied(TABLES.name) && !all => Stage::Grown,
        _ if is_applied(TABLES.name) => return Ok(None),
        Some(record) if !record.leaving => Stage::Shaped(record.shape),
        _ => match found::look(on).await? {
            Some(found) => Stage::Found(found),
            None => return Ok(None),
        },
    };
    letters::refuse_encoding(on, is_taken_over(&applied, record.as_ref())).await?;
    found::refuse_taken_names(on, &applied, record.as_ref()).await?;
    found::refuse_lacking_rights(on).await?;
    Ok(Some(stage))
}

/// Whether `up` has begun to take the database over, and no `down` has given it back.
pub(crate) async fn holds_the_application(on: &impl ConnectionTrait) -> Result<bool, MigrateError> {
    let applied = bookkeeping::read(on, Dialect::Postgres).await?;
    Ok(is_taken_over(&applied, Record::read(on).await?.as_ref()))
}

fn is_taken_over(applied: &[Applied], record: Option<&Record>) -> bool {
    let is_adopted = applied.iter().any(|row| row.origin == Origin::Adopted);
    is_adopted || record.is_some_and(|record| !record.leaving)
}

/// Whether a take-over is under way: begun by `up`, or half undone by `down`.
pub(crate) async fn is_under_way(on: &impl ConnectionTrait) -> Result<bool, MigrateError> {
    let applied = bookkeeping::read(on, Dialect::Postgres).await?;
    let done = applied.iter().any(|row| row.name == TABLES.name);
    Ok(!done && Record::read(on).await?.is_some())
}

/// Takes the database over, or goes on with it. Says which migrations it applied; `None`
/// where there is nothing to take over.
pub(crate) async fn up(
    database: &Database,
    tell: Tell<'_>,
) -> Result<Option<Vec<&'static str>>, MigrateError> {
    let transaction = exclusive::begin(database).await?;
    let Some(stage) = stage(&transaction).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let extension = trigrams::make(&transaction).await?;
    tell_all(tell, &stage.lines(extension));
    if let Stage::Found(found) = &stage {
        fit(&transaction, found).await?;
    }
    transaction.commit().await?;
    if let Stage::Found(found) = &stage {
        tell(&plan::fitted(found));
    }
    build(database, tell).await?;
    Ok(Some(match stage {
        Stage::Grown => Vec::new(),
        Stage::Found(_) | Stage::Shaped(_) => vec![TABLES.name],
    }))
}

fn tell_all(tell: Tell<'_>, lines: &[String]) {
    for line in lines {
        tell(line);
    }
}

/// What [`up`] would do. Makes the extension: the caller rolls back.
pub(crate) async fn plan_up(on: &DatabaseTransaction) -> Result<Vec<String>, MigrateError> {
    match stage(on).await? {
        Some(stage) => Ok(stage.lines(trigrams::make(on).await?)),
        None => Ok(Vec::new()),
    }
}

/// Step one: the shape of `user_sessions`, and the record of it.
async fn fit(transaction: &DatabaseTransaction, found: &Found) -> Result<(), MigrateError> {
    let shape = found.shape;
    let mut changes: Vec<String> = Vec::new();
    let mut columns: Vec<String> = Vec::new();
    if shape.keeps_sessions() {
        // by the unique index, and before the table is locked
        transaction
            .execute_unprepared("DELETE FROM user_sessions WHERE session_id = ''")
            .await?;
    } else {
        transaction
            .execute_unprepared("TRUNCATE user_sessions")
            .await?;
        let tokens = shape.tokens().iter();
        changes.extend(tokens.map(|name| format!("DROP COLUMN {name}")));
        // the table is empty, so neither the check nor the index takes time
        changes.push("ADD COLUMN session_id varchar(100) NOT NULL UNIQUE".to_owned());
        columns.push("session_id".to_owned());
    }
    changes.extend(OURS.map(|(name, kind)| format!("ADD COLUMN {name} {kind}")));
    columns.extend(OURS.map(|(name, _)| name.to_owned()));
    let alter = format!("ALTER TABLE user_sessions {}", changes.join(", "));
    transaction.execute_unprepared(&alter).await?;
    bookkeeping::make(transaction, Dialect::Postgres).await?;
    let record = Record {
        shape,
        columns,
        indexes: indexes::all().map(|index| index.name.to_owned()).collect(),
        leaving: false,
    };
    Ok(record.write(transaction).await?)
}

const UNWRITTEN: &str = "the bookkeeping could not be written";

/// Step two: the indexes, and the bookkeeping's word that the application's tables are fit.
async fn build(database: &Database, tell: Tell<'_>) -> Result<(), MigrateError> {
    let mut session = Session::open(database, tell).await?;
    if session.is_leaving().await? != Some(false) {
        return Err(MigrateError::Contradicted);
    }
    // before the first of them is there, so that `down` finds whatever came about
    let indexes: Vec<Index> = indexes::all().collect();
    let names: Vec<&str> = indexes.iter().map(|index| index.name).collect();
    let names = names.join("', '");
    let record = format!(
        "UPDATE {TABLE} SET indexes = indexes || ARRAY(
             SELECT name FROM unnest(ARRAY['{names}']) WITH ORDINALITY AS ours (name, place)
             WHERE name <> ALL (indexes) ORDER BY place)"
    );
    session.run(record, UNWRITTEN).await?;
    let schema = session.text(SCHEMA.to_owned()).await?;
    let mut built = false;
    for (number, index) in (1..).zip(&indexes) {
        let verb = if index.build(&mut session, &schema).await? {
            built = true;
            "built"
        } else {
            "there"
        };
        let Index { name, table, .. } = index;
        tell(&format!(
            "{verb}    {name} on {table} ({number} of {})",
            indexes.len()
        ));
    }
    if built {
        search::gather_statistics(&mut session).await?;
    }
    let record = format!(
        "INSERT INTO {} (name, origin) VALUES ('{}', '{}') ON CONFLICT DO NOTHING",
        bookkeeping::TABLE,
        TABLES.name,
        Origin::Adopted.text()
    );
    session.run(record, UNWRITTEN).await?;
    session.close().await
}
