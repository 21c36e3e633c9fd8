//! The changes of a refresh. Each is a compare-and-set of one row, with its audit event.

use super::{
    Store, StoreError,
    entity::user_session::{Column, Entity},
};
use crate::model::{AuditEvent, Generation, Session};
use contract::time::Timestamp;
use sea_orm::{
    QueryResult,
    sea_query::{Expr, ExprTrait, Query, UpdateStatement},
};

/// The values in the row after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// The current generation.
    pub generation: Generation,
    /// When this generation began.
    pub rotated_at: Timestamp,
    /// When this generation was first used.
    pub used_at: Option<Timestamp>,
    /// When the session expires if it is not refreshed.
    pub expires_at: Timestamp,
}

impl Store {
    /// Notes the first use of the current generation, and moves the session's end. `None` if the
    /// row is no longer as it was read.
    pub async fn use_first(
        &self,
        read: &Session,
        expires_at: Timestamp,
        event: &AuditEvent,
    ) -> Result<Option<Refreshed>, StoreError> {
        let mut update = self.compare_and_set(read, expires_at);
        update
            .value(Column::UsedAt, self.database.now())
            .and_where(Expr::col(Column::UsedAt).is_null());
        self.change(&update, event).await
    }

    /// Begins the next generation. `None` if the row is no longer as it was read. If many try at
    /// the same time, exactly one succeeds.
    pub async fn rotate(
        &self,
        read: &Session,
        used_at: Timestamp,
        expires_at: Timestamp,
        event: &AuditEvent,
    ) -> Result<Option<Refreshed>, StoreError> {
        let mut update = self.compare_and_set(read, expires_at);
        update
            .value(Column::Generation, read.generation.next().0)
            .value(Column::RotatedAt, self.database.now())
            .value(Column::UsedAt, Option::<Timestamp>::None)
            .and_where(Expr::col(Column::UsedAt).eq(self.database.time(used_at)));
        self.change(&update, event).await
    }

    /// The condition of both changes: the row is as it was read, active and unexpired.
    fn compare_and_set(&self, read: &Session, expires_at: Timestamp) -> UpdateStatement {
        Query::update()
            .table(Entity)
            .value(Column::ExpiresAt, self.database.time(expires_at))
            .and_where(Expr::col(Column::SessionId).eq(read.id.to_string()))
            .and_where(Expr::col(Column::Generation).eq(read.generation.0))
            .and_where(Expr::col(Column::IsActive))
            .and_where(Expr::col(Column::ExpiresAt).gt(self.database.now()))
            .returning(Query::returning().columns([
                Column::Generation,
                Column::RotatedAt,
                Column::UsedAt,
                Column::ExpiresAt,
            ]))
            .take()
    }

    async fn change(
        &self,
        update: &UpdateStatement,
        event: &AuditEvent,
    ) -> Result<Option<Refreshed>, StoreError> {
        let rows = self.changed(update, event).await?;
        rows.first().map(read_refreshed).transpose()
    }
}

fn read_refreshed(row: &QueryResult) -> Result<Refreshed, StoreError> {
    Ok(Refreshed {
        generation: Generation(row.try_get("", "generation")?),
        rotated_at: row.try_get("", "rotated_at")?,
        used_at: row.try_get("", "used_at")?,
        expires_at: row.try_get("", "expires_at")?,
    })
}
