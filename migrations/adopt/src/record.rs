//! What `up` made in a database that it took over, for `down`; and how far either
//! has come, so that it can be taken up again. The table is made by the same
//! transaction as the shape, and goes last of all.

use crate::shape::Shape;
use database::Dialect;
use schema::{bookkeeping, error::MigrateError, indexes::Missing, query, session::Session};
use sea_orm::{ConnectionTrait, DbErr, Statement};

/// The table, which a database that `up` made does not have.
pub const TABLE: &str = "ticketing_adoption";

/// The one row of it.
pub struct Record {
    /// What was found.
    pub(crate) shape: Shape,
    /// Columns of `user_sessions` that `up` made.
    pub(crate) columns: Vec<String>,
    /// Indexes of ours on the application's tables, built or still to be built.
    pub indexes: Vec<String>,
    /// `down` has given the old shape back, and is dropping the indexes.
    pub leaving: bool,
}

impl Record {
    /// Writes it; over one that `down` left half-way.
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

    /// Reads it, where there is one.
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
