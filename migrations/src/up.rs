//! `up`, and what it would do.
//!
//! In an empty database, and on SQLite, the work is one transaction. In a PostgreSQL database that
//! is in use, a first transaction checks for everything that could stop the work, and takes the old
//! application's database over ([`adopt`]). Then comes [`step_two`].

use crate::step_two;
use adopt::{self, Stage};
use database::{Database, Dialect};
use schema::{
    bookkeeping::{self, Applied, Origin},
    error::MigrateError,
    exclusive, found,
    indexes::{self, Missing},
    letters,
    migration::{Index, Migration, TABLES},
    report::{Report, Tell, text},
    rights, taken, trigrams,
};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};
use std::collections::BTreeSet;

/// Applies what is pending: in an empty database, everything; in the old application's database,
/// what the services need there. It can be run again, however it ended.
pub async fn up(database: &Database, tell: Tell<'_>) -> Result<Report, MigrateError> {
    let dialect = database.dialect();
    let transaction = exclusive::begin(database).await?;
    let work = Work::look(&transaction, dialect).await?;
    let mut report = Report::default();
    if work.is_in_use {
        for line in &work.lines {
            tell(line);
        }
        if let Some(Stage::Found(found, _)) = &work.stage {
            adopt::fit(&transaction, found).await?;
        }
        transaction.commit().await?;
        if let Some(Stage::Found(found, _)) = &work.stage {
            tell(&adopt::fitted(found));
        }
        if !work.is_done() {
            report.applied = step_two::apply(database, tell).await?;
        }
    } else {
        report.applied = work.create(&transaction, dialect).await?;
        transaction.commit().await?;
    }
    if dialect == Dialect::Postgres {
        for line in letters::warnings(database.connection()).await? {
            tell(&line);
        }
    }
    Ok(report)
}

/// What [`up`] would do, or why it would stop. Changes nothing.
pub async fn plan_up(database: &Database) -> Result<String, MigrateError> {
    let dialect = database.dialect();
    let transaction = exclusive::begin_to_try(database).await?;
    let work = Work::look(&transaction, dialect).await?;
    let applies = work.pending.iter();
    let applies = applies.map(|migration| format!("applies  {}", migration.name));
    let mut lines: Vec<String> = work.lines.iter().cloned().chain(applies).collect();
    if dialect == Dialect::Postgres {
        lines.extend(letters::warnings(&transaction).await?);
    }
    transaction.rollback().await?;
    Ok(text(&lines))
}

/// What `up` has to do.
pub(crate) struct Work {
    /// How far the take-over of the old application's database has come.
    stage: Option<Stage>,
    pending: Vec<&'static Migration>,
    /// On PostgreSQL.
    missing: Vec<Missing>,
    /// Whether others may use the tables meanwhile: if there are tables, and not on SQLite, which
    /// allows one writer at a time.
    is_in_use: bool,
    /// For the operator.
    lines: Vec<String>,
}

impl Work {
    /// Determines what is to be done, and refuses what would stop it. Creates the extension.
    pub(crate) async fn look(
        on: &DatabaseTransaction,
        dialect: Dialect,
    ) -> Result<Self, MigrateError> {
        let applied = bookkeeping::read(on, dialect).await?;
        let mut work = Self {
            stage: None,
            pending: applied.pending().collect(),
            missing: Vec::new(),
            is_in_use: false,
            lines: Vec::new(),
        };
        if dialect == Dialect::Postgres {
            work.stage = adopt::look(on, &applied).await?;
            work.missing = indexes::missing(on, &applied).await?;
            work.is_in_use = work.stage.is_some() || !applied.is_empty();
        } else if applied.is_empty()
            && let Some(names) = found::of_application(on, dialect).await?
        {
            return Err(MigrateError::Application(names));
        }
        if work.is_done() {
            return Ok(work);
        }
        if dialect == Dialect::Postgres {
            let is_taken_over = applied.is_adopted() || matches!(work.stage, Some(Stage::Begun(_)));
            letters::refuse_encoding(on, is_taken_over).await?;
        }
        work.refuse_taken_names(on, dialect).await?;
        if dialect == Dialect::Postgres {
            work.refuse_lacking_rights(on).await?;
            work.lines = work.lines(on, &applied).await?;
        }
        Ok(work)
    }

    fn is_done(&self) -> bool {
        self.pending.is_empty() && self.missing.is_empty()
    }

    /// The services' own tables that may already exist. Whoever reads them refuses other tables
    /// with these names.
    fn bookkeeping(&self) -> &'static [&'static str] {
        match self.stage {
            Some(_) => &[bookkeeping::TABLE, adopt::TABLE],
            None => &[bookkeeping::TABLE],
        }
    }

    /// The indexes that are still to be built, or may have been built by an interrupted run.
    fn indexes(&self, dialect: Dialect) -> Vec<Index> {
        let pending = self.pending.iter();
        let pending = pending.flat_map(|migration| migration.indexes(dialect));
        let missing = self.missing.iter().map(|missing| missing.index);
        pending.chain(missing).collect()
    }

    async fn refuse_taken_names(
        &self,
        on: &DatabaseTransaction,
        dialect: Dialect,
    ) -> Result<(), MigrateError> {
        let indexes = self.indexes(dialect);
        let mut names = self.bookkeeping().to_vec();
        names.extend(indexes.iter().map(|index| index.name));
        for migration in &self.pending {
            // the application's tables are not made anew
            if self.stage.is_none() || migration.name != TABLES.name {
                names.extend(migration.created(dialect));
            }
        }
        taken::refuse(on, dialect, &names, |bearer| {
            let name = bearer.name.as_str();
            let is_bookkeeping = bearer.is_table() && self.bookkeeping().contains(&name);
            let is_built = indexes.iter().any(|index| bearer.is_index(index));
            let may_be_built = match &self.stage {
                Some(stage) => stage.has_recorded(name),
                None => self.is_in_use,
            };
            is_bookkeeping || (is_built && may_be_built)
        })
        .await?;
        taken::refuse_columns(on, dialect, self.columns(dialect)).await
    }

    /// The columns that are added to existing tables, with their tables.
    fn columns(&self, dialect: Dialect) -> impl Iterator<Item = (&'static str, &'static str)> {
        let pending = self.pending.iter();
        pending.flat_map(move |migration| migration.columns(dialect))
    }

    async fn refuse_lacking_rights(&self, on: &DatabaseTransaction) -> Result<(), MigrateError> {
        let mut tables = self.bookkeeping().to_vec();
        tables.extend(
            self.indexes(Dialect::Postgres)
                .iter()
                .map(|index| index.table),
        );
        tables.extend(self.columns(Dialect::Postgres).map(|(table, _)| table));
        if self.stage.is_some() {
            tables.push("user_sessions");
        }
        rights::refuse(on, &tables).await
    }

    /// What was found and will be done on PostgreSQL.
    async fn lines(
        &self,
        on: &DatabaseTransaction,
        applied: &Applied,
    ) -> Result<Vec<String>, MigrateError> {
        let mut lines = self
            .stage
            .as_ref()
            .map(|stage| stage.lines(applied))
            .unwrap_or_default();
        if self
            .missing
            .iter()
            .any(|missing| missing.index.is_of_trigrams())
        {
            lines.push(trigrams::make(on).await?);
        }
        if self.is_in_use && !self.missing.is_empty() {
            let tables: BTreeSet<_> = self
                .missing
                .iter()
                .map(|missing| missing.index.table)
                .collect();
            let tables: Vec<_> = tables.into_iter().collect();
            let tables = tables.join(", ");
            let indexes = match self.missing.len() {
                1 => format!("1 index on {tables}"),
                count => format!("{count} indexes on {tables}, one after another"),
            };
            lines.push(format!("builds   {indexes}; reading and writing go on"));
        }
        if self.is_in_use {
            let columns = self.columns(Dialect::Postgres);
            lines.extend(columns.map(|(table, column)| {
                format!("makes    {table}.{column}; {table} is locked for an instant")
            }));
        }
        Ok(lines)
    }

    /// Applies what is pending in the transaction that determined it.
    pub(crate) async fn create(
        &self,
        on: &DatabaseTransaction,
        dialect: Dialect,
    ) -> Result<Vec<&'static str>, MigrateError> {
        let schema_of_trigrams = match dialect {
            Dialect::Postgres => trigrams::schema(on).await?,
            Dialect::Sqlite => String::new(),
        };
        bookkeeping::make(on, dialect).await?;
        for migration in &self.pending {
            for text in migration.texts(dialect).create {
                on.execute_unprepared(text).await?;
            }
            for index in migration.indexes(dialect) {
                let definition = index.definition(&schema_of_trigrams);
                let create = format!("CREATE INDEX {} {definition}", index.name);
                on.execute_unprepared(&create).await?;
            }
            bookkeeping::record(on, migration.name, Origin::Created).await?;
        }
        Ok(self
            .pending
            .iter()
            .map(|migration| migration.name)
            .collect())
    }
}
