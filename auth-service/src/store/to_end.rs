//! Finds sessions that are still to be ended, page by page, and counts active ones.

use super::{
    SessionPosition, Store, StoreError,
    end_rows::{is_in_step, not_ended},
    entity::{
        user,
        user_session::{Column, Entity},
    },
};
use crate::model::{PasswordHash, Scope};
use contract::ids::{SessionId, UserId};
use database::Dialect;
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement},
};

const DIGEST_IS_THE_PASSWORDS: &str =
    concat!("begun.password_digest = ", digest_of_password!("users"));

impl Store {
    /// A user's active sessions after a position except one, newest first. Sessions that began
    /// after the first page was read are in no page.
    ///
    /// The order is that of the index that lists sessions. So each session is read once, however
    /// many there are.
    pub async fn sessions_to_end(
        &self,
        user: UserId,
        but: Option<SessionId>,
        after: Option<SessionPosition>,
        limit: usize,
    ) -> Result<Vec<SessionPosition>, StoreError> {
        let is_meant = match but {
            Some(but) => Expr::col(Column::SessionId).ne(but.to_string()),
            None => Expr::val(true),
        };
        self.sessions_page(user, after, limit, is_meant).await
    }

    /// A page of a user's sessions that are in the scope and neither ended nor expired.
    pub(super) async fn sessions_page(
        &self,
        user: UserId,
        after: Option<SessionPosition>,
        limit: usize,
        is_meant: Expr,
    ) -> Result<Vec<SessionPosition>, StoreError> {
        let mut query = self.live_of(user);
        query
            .columns([Column::Id, Column::CreatedAt])
            .and_where(Expr::col(Column::CreatedAt).is_not_null())
            .and_where(is_meant)
            .order_by(Column::CreatedAt, Order::Desc)
            .order_by(Column::Id, Order::Desc)
            .limit(limit as u64);
        if let Some(after) = after {
            query.and_where(self.comes_after([Column::CreatedAt, Column::Id], after));
        }
        let rows = self.database.connection().query_all(&query).await?;
        let read = |row: &sea_orm::QueryResult| {
            Ok(SessionPosition {
                sort: row.try_get("", "created_at")?,
                id: row.try_get("", "id")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The other rows of a user that are not ended: those of the old application, and those without
    /// a time of creation.
    pub async fn other_rows_to_end(
        &self,
        user: UserId,
        but: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<i32>, StoreError> {
        let is_other = Expr::col(Column::Generation)
            .is_null()
            .or(Expr::col(Column::CreatedAt).is_null());
        let mut query = Query::select();
        query
            .column(Column::Id)
            .from(Entity)
            .and_where(Expr::col(Column::UserId).eq(user.0))
            .and_where(is_other)
            .and_where(not_ended())
            .limit(limit as u64);
        if let Some(but) = but {
            query.and_where(Expr::col(Column::SessionId).ne(but.to_string()));
        }
        self.row_ids(&query).await
    }

    /// The rows of a scope after a row, in the order of their ids, so that a walk reads each row
    /// once.
    pub async fn rows_to_end(
        &self,
        scope: &Scope,
        after: i32,
        limit: usize,
    ) -> Result<Vec<i32>, StoreError> {
        let query = self
            .not_ended_in(scope)
            .column(Column::Id)
            .and_where(Expr::col(Column::Id).gt(after))
            .order_by(Column::Id, Order::Asc)
            .limit(limit as u64)
            .take();
        self.row_ids(&query).await
    }

    /// The row of a user's session.
    pub async fn row_of(&self, user: UserId, id: SessionId) -> Result<Option<i32>, StoreError> {
        let query = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Expr::col(Column::SessionId).eq(id.to_string()))
            .and_where(Expr::col(Column::UserId).eq(user.0))
            .take();
        Ok(self.row_ids(&query).await?.first().copied())
    }

    /// How many sessions of this service in a scope are active now.
    pub async fn count_live_in(&self, scope: &Scope) -> Result<u32, StoreError> {
        let begun_alike = self
            .not_ended_in(scope)
            .columns([Column::UserId, Column::PasswordDigest])
            .expr_as(Func::count(Expr::col(Column::Id)), "sessions")
            .and_where(Expr::col(Column::Generation).is_not_null())
            .and_where(Expr::col(Column::ExpiresAt).gt(self.database.now()))
            .group_by_columns([Column::UserId, Column::PasswordDigest])
            .take();
        let mut query = Query::select();
        query.from_subquery(begun_alike, "begun").inner_join(
            user::Entity,
            Expr::col((user::Entity, user::Column::Id)).equals(("begun", Column::UserId)),
        );
        let sessions = Expr::col(("begun", "sessions"));
        let live = match self.database.dialect() {
            Dialect::Postgres => {
                query
                    .expr_as(Func::sum(sessions).cast_as("bigint"), "sessions")
                    .and_where(Expr::cust(DIGEST_IS_THE_PASSWORDS));
                let row = self.database.connection().query_one(&query).await?;
                let sum = row.map(|row| row.try_get::<Option<i64>>("", "sessions"));
                sum.transpose()?.flatten().unwrap_or_default()
            }
            // SQLite has no digests
            Dialect::Sqlite => {
                query
                    .expr_as(sessions, "sessions")
                    .column(("begun", Column::PasswordDigest))
                    .column((user::Entity, user::Unmodelled::Password));
                let mut live = 0;
                for row in self.database.connection().query_all(&query).await? {
                    let password = PasswordHash::new(row.try_get("", "password")?);
                    if is_in_step(&row, Some(&password))? {
                        live += row.try_get::<i64>("", "sessions")?;
                    }
                }
                live
            }
        };
        Ok(u32::try_from(live).unwrap_or(u32::MAX))
    }

    /// A user's sessions that are neither ended nor expired.
    pub(super) fn live_of(&self, user: UserId) -> SelectStatement {
        Query::select()
            .from(Entity)
            .and_where(Expr::col(Column::UserId).eq(user.0))
            .and_where(Expr::col(Column::Generation).is_not_null())
            .and_where(Expr::col(Column::IsActive))
            .and_where(Expr::col(Column::ExpiresAt).gt(self.database.now()))
            .take()
    }

    /// The rows of a scope that are not ended, including those of the old application.
    fn not_ended_in(&self, scope: &Scope) -> SelectStatement {
        let mut query = Query::select().from(Entity).and_where(not_ended()).take();
        let but = match scope {
            Scope::All => None,
            Scope::Of { user, but } => {
                query.and_where(Expr::col(Column::UserId).eq(user.0));
                *but
            }
            Scope::CreatedBefore { time, but } => {
                // a row without a time of creation may have begun at any time
                let old = Expr::col(Column::CreatedAt)
                    .lt(self.database.time(*time))
                    .or(Expr::col(Column::CreatedAt).is_null());
                query.and_where(old);
                Some(*but)
            }
        };
        if let Some(but) = but {
            query.and_where(Expr::col(Column::SessionId).ne(but.to_string()));
        }
        query
    }

    async fn row_ids(&self, query: &SelectStatement) -> Result<Vec<i32>, StoreError> {
        let rows = self.database.connection().query_all(query).await?;
        rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
    }
}
