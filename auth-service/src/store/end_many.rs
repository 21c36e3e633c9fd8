//! The end of many sessions at once. Rows are locked in the order of their
//! session ids, so that no two of these wait for each other. The old
//! application's rows end with ours: they are log-ins of the same user.

use super::{
    Store, StoreError,
    entity::user_session::{Column, Entity},
};
use crate::model::{AuditEvent, EndReason};
use sea_orm::{
    ConnectionTrait, QueryResult,
    sea_query::{Expr, ExprTrait, LockType, Order, Query, SelectStatement, UpdateStatement},
};
use shared::{
    ids::{SessionId, UserId},
    time::Timestamp,
};

impl Store {
    /// Ends all sessions of a user but one, in one statement, and writes the event
    /// with how many of ours were live until now. So many.
    pub async fn end_all_of(
        &self,
        user: UserId,
        but: Option<SessionId>,
        reason: EndReason,
        event: &AuditEvent,
    ) -> Result<u32, StoreError> {
        let update = self.end_many(active_of(user, but), reason);
        self.ended(&update, Some(event)).await
    }

    /// Ends a session of a user. How many were live until now: none if it was over,
    /// and then no event is written. `None`: there is no such session.
    pub async fn end_one_of(
        &self,
        user: UserId,
        id: SessionId,
        reason: EndReason,
        event: &AuditEvent,
    ) -> Result<Option<u32>, StoreError> {
        let mut this = active_of(user, None);
        this.and_where(Expr::col(Column::SessionId).eq(id.to_string()))
            .and_where(Expr::col(Column::Generation).is_not_null());
        let update = self.end_many(this, reason);
        let rows = self.changed(&update, event).await?;
        if !rows.is_empty() {
            return count_live(&rows).map(Some);
        }
        let over = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Expr::col(Column::UserId).eq(user.0))
            .and_where(Expr::col(Column::SessionId).eq(id.to_string()))
            .and_where(Expr::col(Column::Generation).is_not_null())
            .take();
        let over = self.database.connection().query_one(&over).await?;
        Ok(over.map(|_| 0))
    }

    /// The statement that ends the sessions that `which` selects by their rows.
    /// It answers with the rows, for [`count_live`].
    pub(super) fn end_many(
        &self,
        mut which: SelectStatement,
        reason: EndReason,
    ) -> UpdateStatement {
        let in_order = which
            .order_by(Column::SessionId, Order::Asc)
            .lock(LockType::NoKeyUpdate)
            .take();
        // of the old application's rows nothing else changes
        let of_ours = |then: Expr, column| {
            Expr::case(Expr::col(Column::Generation).is_not_null(), then).finally(Expr::col(column))
        };
        Query::update()
            .table(Entity)
            .value(Column::IsActive, false)
            .value(
                Column::EndedAt,
                of_ours(self.database.now(), Column::EndedAt),
            )
            .value(
                Column::EndReason,
                of_ours(Expr::val(reason.as_str()), Column::EndReason),
            )
            .and_where(Expr::col(Column::Id).in_subquery(in_order))
            .returning(Query::returning().columns([
                Column::Generation,
                Column::ExpiresAt,
                Column::EndedAt,
            ]))
            .take()
    }
}

/// Whether a row is not ended yet. `is_active` is NULL in rows of the old application
/// that did not name it, or that somebody else wrote: these are still to be ended. A
/// session of ours is over wherever it is not true.
pub(super) fn not_ended() -> Expr {
    Expr::col(Column::IsActive).if_null(Expr::col(Column::Generation).is_null())
}

/// The rows of a user's sessions that are not ended, the old application's too.
pub(super) fn active_of(user: UserId, but: Option<SessionId>) -> SelectStatement {
    let mut query = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Expr::col(Column::UserId).eq(user.0))
        .and_where(not_ended())
        .take();
    if let Some(but) = but {
        query.and_where(Expr::col(Column::SessionId).ne(but.to_string()));
    }
    query
}

/// How many of the ended were sessions of ours that had not expired.
pub(super) fn count_live(rows: &[QueryResult]) -> Result<u32, StoreError> {
    let mut live = 0;
    for row in rows {
        if row.try_get::<Option<i32>>("", "generation")?.is_some()
            && row.try_get::<Timestamp>("", "expires_at")?
                > row.try_get::<Timestamp>("", "ended_at")?
        {
            live += 1;
        }
    }
    Ok(live)
}
