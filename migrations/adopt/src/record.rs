//! The record of what `up` made in a database that it took over, for `down`. It also says how far
//! either has come, so that an interrupted run can be continued. The table is created in the
//! transaction that changes the shape, and dropped last.

use crate::shape::Shape;
use database::Dialect;
use schema::{bookkeeping, error::MigrateError, indexes::Missing, query, session::Session};
use sea_orm::{ConnectionTrait, DbErr, Statement};

/// The name of the table. A database that `up` made does not have it.
pub const TABLE: &str = "ticketing_adoption";

/// The table's one row.
pub struct Record {
    /// The shape that was found.
    pub(crate) shape: Shape,
    /// Columns of `user_sessions` that `up` made.
    pub(crate) columns: Vec<String>,
    /// The services' indexes on the application's tables, built or still to be built.
    pub indexes: Vec<String>,
    /// Whether `down` has restored the old shape, and is dropping the indexes.
    pub leaving: bool,
}

impl Record {
    /// Writes the record, over one that an interrupted `down` left.
    pub(crate) async fn write(&self, on: &impl ConnectionTrait) -> Result<(), DbErr> {
        on.execute_unprepared(
            "CREATE TABLE IF NOT EXISTS ticketing_adoption (
                one boolean PRIMARY KEY DEFAULT true CHECK (one),
                shape text NOT NULL CHECK (shape IN ('a', 'b', 'c', 'd', 'e')),
                columns text[] NOT NULL,
                indexes text[] NOT NULL,
                leaving boolean NOT NULL,
                since timestamptz NOT NULL DEFAULT clock_timestamp()
            );
            DELETE FROM ticketing_adoption",
        )
        .await?;
        on.execute_raw(Statement::from_sql_and_values(
            Dialect::Postgres.backend(),
            "INSERT INTO ticketing_adoption (shape, columns, indexes, leaving) VALUES ($1, $2, $3, $4)",
            [
                self.shape.letter().into(),
                self.columns.clone().into(),
                self.indexes.clone().into(),
                self.leaving.into(),
            ],
        ))
        .await
        .map(drop)
    }

    /// Reads the record, if there is one.
    pub async fn read(on: &impl ConnectionTrait) -> Result<Option<Self>, MigrateError> {
        let columns = ["shape", "columns", "indexes", "leaving"];
        if !bookkeeping::is_there(on, Dialect::Postgres, TABLE, &columns).await? {
            return Ok(None);
        }
        let record = "SELECT shape, columns, indexes, leaving FROM ticketing_adoption";
        let record = query::rows::<(String, _, _, _)>(on, record, [])
            .await?
            .pop();
        let Some((letter, columns, indexes, leaving)) = record else {
            return Ok(None);
        };
        Ok(Some(Self {
            shape: Shape::of_letter(&letter).ok_or(MigrateError::UnknownOrigin(letter))?,
            columns,
            indexes,
            leaving,
        }))
    }

    /// Adds the indexes that a build makes and an earlier one did not have.
    pub async fn add_indexes(
        &self,
        session: &mut Session<'_>,
        missing: &[Missing],
    ) -> Result<(), MigrateError> {
        let names = missing.iter().map(|missing| missing.index.name);
        let is_recorded = |name: &&str| self.indexes.iter().any(|recorded| recorded == name);
        let new: Vec<_> = names.filter(|name| !is_recorded(name)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let record = format!(
            "UPDATE {TABLE} SET indexes = indexes || ARRAY['{}']",
            new.join("', '")
        );
        session
            .run(record, "the bookkeeping could not be written")
            .await
    }
}
