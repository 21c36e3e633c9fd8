//! The end of any number of sessions, a bounded batch a transaction.

use super::{
    Store, StoreError,
    end_many::not_ended,
    entity::user_session::{Column, Entity},
};
use crate::model::{AuditEvent, EndReason, Scope};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement},
};

/// Sessions in one transaction.
pub const BATCH: u32 = 500;

/// What a batch did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The last row that it looked at: the next batch starts after it.
    pub last: i32,
    /// So many sessions of ours, live until now, were ended.
    pub ended: u32,
}

impl Store {
    /// Ends the next sessions of a scope after a row. `None`: there are none.
    ///
    /// The rows are picked by their ids, so that a walk reads each once, and then
    /// locked in the order of their session ids. One that was ended in between is
    /// not ended again. The event, if one is given, is written with how many of ours
    /// were live.
    pub async fn end_batch(
        &self,
        scope: &Scope,
        after: i32,
        reason: EndReason,
        event: Option<&AuditEvent>,
    ) -> Result<Option<Batch>, StoreError> {
        let pick = self
            .active_in(scope)
            .column(Column::Id)
            .and_where(Expr::col(Column::Id).gt(after))
            .order_by(Column::Id, Order::Asc)
            .limit(u64::from(BATCH))
            .take();
        let rows = self.database.connection().query_all(&pick).await?;
        let mut ids: Vec<i32> = Vec::with_capacity(rows.len());
        for row in &rows {
            ids.push(row.try_get("", "id")?);
        }
        let Some(last) = ids.last().copied() else {
            return Ok(None);
        };
        let picked = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(self.database.dialect().one_of(Expr::col(Column::Id), ids))
            .and_where(not_ended())
            .take();
        let update = self.end_many(picked, reason);
        Ok(Some(Batch {
            last,
            ended: self.ended(&update, event).await?,
        }))
    }

    /// How many sessions of ours in a scope are live now.
    pub async fn count_live_in(&self, scope: &Scope) -> Result<u32, StoreError> {
        let query = self
            .active_in(scope)
            .expr_as(Func::count(Expr::col(Column::Id)), "sessions")
            .and_where(Expr::col(Column::Generation).is_not_null())
            .and_where(Expr::col(Column::ExpiresAt).gt(self.database.now()))
            .take();
        let row = self.database.connection().query_one(&query).await?;
        let count: i64 = row
            .ok_or_else(|| StoreError::Inconsistent("a count gave no row".to_owned()))?
            .try_get("", "sessions")?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// The rows of a scope that are not ended, the old application's too.
    fn active_in(&self, scope: &Scope) -> SelectStatement {
        let mut query = Query::select().from(Entity).and_where(not_ended()).take();
        match scope {
            Scope::All => {}
            Scope::Of(user) => {
                query.and_where(Expr::col(Column::UserId).eq(user.0));
            }
            Scope::CreatedBefore { time, but } => {
                // a row that does not know its age may be of any
                let old = Expr::col(Column::CreatedAt)
                    .lt(self.database.time(*time))
                    .or(Expr::col(Column::CreatedAt).is_null());
                query
                    .and_where(old)
                    .and_where(Expr::col(Column::SessionId).ne(but.to_string()));
            }
        }
        query
    }
}
