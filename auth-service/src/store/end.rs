//! Ends one session, and writes its audit event.

use super::{
    Store, StoreError,
    entity::user_session::{Column, Entity},
};
use crate::model::{AuditEvent, EndReason};
use contract::{
    ids::{SessionId, UserId},
    time::Timestamp,
};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, Query, UpdateStatement},
};

impl Store {
    /// Ends a session of this service. Returns whether it was active; only then the event is
    /// written.
    pub async fn end(
        &self,
        id: SessionId,
        reason: EndReason,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut update = self.end_update(id, reason);
        update.returning_col(Column::Id);
        Ok(!self.changed(&update, event).await?.is_empty())
    }

    /// Ends a session of a user. Returns how many were active: 0 if the session was over, and then
    /// no event is written. `None` if the session does not exist.
    pub async fn end_one_of(
        &self,
        user: UserId,
        id: SessionId,
        reason: EndReason,
        event: &AuditEvent,
    ) -> Result<Option<u32>, StoreError> {
        let is_theirs = Column::UserId.eq(user.0);
        let mut update = self.end_update(id, reason);
        update
            .and_where(is_theirs.clone())
            .returning(Query::returning().columns([Column::ExpiresAt, Column::EndedAt]));
        if let Some(row) = self.changed(&update, event).await?.first() {
            let ended_at: Timestamp = row.try_get("", "ended_at")?;
            let was_live = row.try_get::<Timestamp>("", "expires_at")? > ended_at;
            return Ok(Some(was_live.into()));
        }
        let over = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(is_theirs)
            .filter(Column::SessionId.eq(id.to_string()))
            .filter(Column::Generation.is_not_null());
        let over: Option<i32> = over.into_tuple().one(self.database.connection()).await?;
        Ok(over.map(|_| 0))
    }

    fn end_update(&self, id: SessionId, reason: EndReason) -> UpdateStatement {
        Query::update()
            .table(Entity)
            .value(Column::IsActive, false)
            .value(Column::EndedAt, self.database.now())
            .value(Column::EndReason, reason.cause().stored())
            .and_where(Expr::col(Column::SessionId).eq(id.to_string()))
            .and_where(Expr::col(Column::Generation).is_not_null())
            .and_where(Expr::col(Column::IsActive))
            .take()
    }
}
