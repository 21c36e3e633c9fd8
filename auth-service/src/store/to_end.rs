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
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Condition, Expr, ExprTrait as _, Func, Query},
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
        self.sessions_page(user, after, limit, all_but(but)).await
    }

    /// A page of a user's sessions that are in the scope and neither ended nor expired.
    pub(super) async fn sessions_page(
        &self,
        user: UserId,
        after: Option<SessionPosition>,
        limit: usize,
        is_meant: Condition,
    ) -> Result<Vec<SessionPosition>, StoreError> {
        let rows = self
            .live_of(user)
            .columns([Column::CreatedAt, Column::Id])
            .filter(Column::CreatedAt.is_not_null())
            .filter(is_meant)
            .apply_if(after, |rows, after| {
                rows.filter(self.comes_after([Column::CreatedAt, Column::Id], after))
            })
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(limit as u64);
        let rows: Vec<_> = rows.into_tuple().all(self.database.connection()).await?;
        let position = |(sort, id)| SessionPosition { sort, id };
        Ok(rows.into_iter().map(position).collect())
    }

    /// The other rows of a user that are not ended: those of the old application, and those without
    /// a time of creation.
    pub async fn other_rows_to_end(
        &self,
        user: UserId,
        but: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<i32>, StoreError> {
        let is_other = Condition::any()
            .add(Column::Generation.is_null())
            .add(Column::CreatedAt.is_null());
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.0))
            .filter(is_other)
            .filter(not_ended())
            .filter(all_but(but))
            .limit(limit as u64);
        self.ids_of(rows).await
    }

    /// The rows of a scope after a row, in the order of their ids, so that a walk reads each row
    /// once.
    pub async fn rows_to_end(
        &self,
        scope: &Scope,
        after: i32,
        limit: usize,
    ) -> Result<Vec<i32>, StoreError> {
        let rows = self
            .not_ended_in(scope)
            .filter(Column::Id.gt(after))
            .order_by_asc(Column::Id)
            .limit(limit as u64);
        self.ids_of(rows).await
    }

    /// The row of a user's session.
    pub async fn row_of(&self, user: UserId, id: SessionId) -> Result<Option<i32>, StoreError> {
        let row = Entity::find()
            .filter(Column::SessionId.eq(id.to_string()))
            .filter(Column::UserId.eq(user.0));
        Ok(self.ids_of(row).await?.first().copied())
    }

    /// How many sessions of this service in a scope are active now.
    pub async fn count_live_in(&self, scope: &Scope) -> Result<u32, StoreError> {
        let begun_alike = self
            .not_ended_in(scope)
            .select_only()
            .columns([Column::UserId, Column::PasswordDigest])
            .column_as(Column::Id.count(), "sessions")
            .filter(Column::Generation.is_not_null())
            .filter(Column::ExpiresAt.into_expr().gt(self.database.now()))
            .group_by(Column::UserId)
            .group_by(Column::PasswordDigest)
            .into_query();
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

    /// A user's sessions that are neither ended nor expired; the caller adds the columns.
    pub(super) fn live_of(&self, user: UserId) -> Select<Entity> {
        Entity::find()
            .select_only()
            .filter(Column::UserId.eq(user.0))
            .filter(Column::Generation.is_not_null())
            .filter(Column::IsActive.into_expr())
            .filter(Column::ExpiresAt.into_expr().gt(self.database.now()))
    }

    /// The rows of a scope that are not ended, including those of the old application.
    fn not_ended_in(&self, scope: &Scope) -> Select<Entity> {
        let rows = Entity::find().filter(not_ended());
        match scope {
            Scope::All => rows,
            Scope::Of { user, but } => rows.filter(Column::UserId.eq(user.0)).filter(all_but(*but)),
            Scope::CreatedBefore { time, but } => {
                // a row without a time of creation may have begun at any time
                let old = Condition::any()
                    .add(Column::CreatedAt.into_expr().lt(self.database.time(*time)))
                    .add(Column::CreatedAt.is_null());
                rows.filter(old).filter(all_but(Some(*but)))
            }
        }
    }

    async fn ids_of(&self, rows: Select<Entity>) -> Result<Vec<i32>, StoreError> {
        let ids = rows.select_only().column(Column::Id).into_tuple();
        Ok(ids.all(self.database.connection()).await?)
    }
}

/// The condition for all sessions except one, if one is given.
fn all_but(session: Option<SessionId>) -> Condition {
    let is_other = session.map(|session| Column::SessionId.ne(session.to_string()));
    Condition::all().add_option(is_other)
}
