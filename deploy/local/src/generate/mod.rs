//! The data generator: any number of requests and sessions, the same for the
//! same seed number, into an empty database.
//!
//! It writes into tables that `migrate up` made, or that the old application
//! made: there, sessions are the old application's.

mod options;
mod population;
mod sessions;

pub use options::{GenerateArguments, Options};

use crate::data::{Life, Row, Table, Tables, continue_ids, copy, insert};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use population::Population;
use sea_orm::{ConnectionTrait, DbErr, sea_query::Query};
use shared::{
    database::{ConnectError, Database, Dialect, PoolLimits},
    time::{Clock, Timestamp},
};
use std::time::Duration;

/// Over how long requests are spread.
const YEAR: Duration = Duration::from_hours(365 * 24);
/// A COPY of millions of rows is one statement.
const PATIENCE: Duration = Duration::from_hours(6);

/// No data was generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The database cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database has data.
    #[error("the database has users already; generate into an empty one, made by `migrate up`")]
    NotEmpty,
    /// A statement failed.
    #[error("cannot write: {0}")]
    Write(#[from] DbErr),
    /// A COPY failed.
    #[error("cannot copy: {0}")]
    Copy(#[from] sqlx::Error),
}

/// Generates, with a bar for each table on a terminal.
pub async fn generate(options: &Options) -> Result<(), GenerateError> {
    let limits = PoolLimits {
        statement_timeout: PATIENCE,
        ..PoolLimits::default()
    };
    let database = Database::open(&options.database_url, limits, Clock::system()).await?;
    let users = Query::select().column("id").from("users").limit(1).take();
    if database.connection().query_one(&users).await?.is_some() {
        return Err(GenerateError::NotEmpty);
    }
    let roles = Query::select().column("id").from("roles").limit(1).take();
    if database.connection().query_one(&roles).await?.is_none() {
        database
            .connection()
            .execute_unprepared(migrations::SEED)
            .await?;
    }
    let writer = Writer {
        database: &database,
        bars: MultiProgress::new(),
    };
    let population = Population::new(options);
    let mut written = Vec::new();
    for (table, rows) in population.tables(&database).await? {
        written.push(table.name);
        writer.write(table, rows.len(), rows.into_iter()).await?;
    }
    let world = population.world();
    let life = |id: i32| {
        let submitted = submission(options, id);
        Life::new(options.seed, id, &world, submitted, options.until)
    };
    written.extend(Tables::ALL.map(|(table, _)| table.name));
    let [requests, assignments, log] = Tables::ALL.map(|(table, rows)| {
        let expected = if table.name == "request_status_log" {
            5
        } else {
            1
        };
        let lives = (1..=options.requests).flat_map(move |id| rows(life(id)));
        writer.write(table, expected * size(options.requests), lives)
    });
    let (table, rows) = sessions::rows(options, &population, &database).await?;
    written.push(table.name);
    let sessions = writer.write(table, size(options.sessions), rows);
    match database.dialect() {
        // the server checks each row's references, one core a connection: two are
        // kept busy, with tables that do not refer to each other
        Dialect::Postgres => {
            tokio::try_join!(requests, sessions)?;
            tokio::try_join!(assignments, log)?;
        }
        // one writer at a time
        Dialect::Sqlite => {
            requests.await?;
            assignments.await?;
            log.await?;
            sessions.await?;
        }
    }
    writer.analyze(&written).await?;
    Ok(())
}

fn size(count: i32) -> usize {
    usize::try_from(count).unwrap_or_default()
}

/// Writes tables, by the fastest way that the database has.
struct Writer<'a> {
    database: &'a Database,
    bars: MultiProgress,
}

impl Writer<'_> {
    async fn write(
        &self,
        table: Table,
        expected: usize,
        rows: impl Iterator<Item = Row>,
    ) -> Result<(), GenerateError> {
        let bar = ProgressBar::new(u64::try_from(expected).unwrap_or(u64::MAX));
        let bar = self.bars.add(bar);
        let style = "{msg:22} {wide_bar} {pos:>9} rows, {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.set_message(table.name);
        let on_batch = |count| bar.inc(u64::try_from(count).unwrap_or_default());
        let connection = self.database.connection();
        match self.database.dialect() {
            Dialect::Postgres => copy(self.database, table, rows, on_batch).await?,
            Dialect::Sqlite => {
                let transaction = self.database.begin().await?;
                insert(&transaction, self.database, table, rows, on_batch).await?;
                transaction.commit().await?;
            }
        }
        if table.columns.contains(&"id") {
            continue_ids(connection, self.database, table.name).await?;
        }
        bar.finish();
        Ok(())
    }

    /// Without statistics the first plans would be for empty tables. Tables are named,
    /// since PostgreSQL warns of each one that the role does not own.
    async fn analyze(&self, tables: &[&str]) -> Result<(), DbErr> {
        let connection = self.database.connection();
        for table in tables {
            connection
                .execute_unprepared(&format!("ANALYZE {table}"))
                .await?;
        }
        Ok(())
    }
}

/// When a request was submitted: they are spread over the year before the end,
/// in the order of their ids but for the hour, which is most often a working
/// one.
fn submission(options: &Options, id: i32) -> Timestamp {
    let mut random = fastrand::Rng::with_seed(options.seed ^ u64::from(id.unsigned_abs()));
    let left = u64::from(options.requests.abs_diff(id)) * YEAR.as_secs();
    let before = left / u64::from(options.requests.unsigned_abs().max(1)) + 86_400;
    let day =
        (options.until.seconds() - i64::try_from(before).unwrap_or_default()).div_euclid(86_400);
    // two draws of three fall between eight and eight
    let hour = if random.u8(0..3) > 0 {
        random.i64(8..20)
    } else {
        random.i64(0..24)
    };
    let micros = random.i64(0..3_600_000_000);
    Timestamp::from_micros((day * 86_400 + hour * 3_600) * 1_000_000 + micros)
}
