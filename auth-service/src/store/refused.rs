//! Sessions that began with another password than their user has now: finds and ends them.

use super::{
    SessionPosition, Store, StoreError,
    end_rows::{LockedStatus, is_in_step},
    entity::{
        user,
        user_session::{Column, Entity},
    },
    retried,
};
use crate::model::{AuditEvent, EndReason, PasswordHash};
use contract::ids::UserId;
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, JoinType, LockType, Order, Query, SelectStatement},
};
use std::collections::BTreeSet;

/// The result of searching a page of rows.
#[derive(Clone, Debug)]
pub struct RefusedUsers {
    /// The users with sessions that are refused.
    pub users: BTreeSet<UserId>,
    /// The last row of the page; `None` if there are no more rows.
    pub last: Option<i32>,
}

impl Store {
    /// A user's refused sessions after a position, newest first.
    pub async fn refused_of(
        &self,
        user: UserId,
        after: Option<SessionPosition>,
        limit: usize,
    ) -> Result<Vec<SessionPosition>, StoreError> {
        let connection = self.database.connection();
        let row = connection.query_one(&password_of(user)).await?;
        let Some(row) = row else {
            return Ok(Vec::new());
        };
        let password = PasswordHash::new(row.try_get("", "password")?);
        let digest = Expr::col(Column::PasswordDigest);
        let is_refused = digest.clone().ne(password.digest()).or(digest.is_null());
        self.sessions_page(user, after, limit, is_refused).await
    }

    /// Ends those of a user's sessions that are refused, and returns their number. An event, if
    /// given, is written with this number.
    ///
    /// The user's row is locked first, as in a log-in and a change of the password, so that the
    /// password cannot change meanwhile.
    pub async fn end_refused(
        &self,
        user: UserId,
        rows: &[i32],
        event: Option<&AuditEvent>,
    ) -> Result<u32, StoreError> {
        retried(|| async {
            let transaction = self.database.begin().await?;
            let lock = password_of(user).lock(LockType::NoKeyUpdate).take();
            transaction.query_one(&lock).await?;
            let mut locked = self.lock_rows(&transaction, self.are_in(rows)).await?;
            locked.retain(|row| row.status == LockedStatus::Refused);
            let reason = EndReason::PasswordChanged;
            let ended = self
                .end_locked(&transaction, &locked, reason)
                .await?
                .refused;
            if let Some(event) = event.filter(|_| ended > 0) {
                let event = event.clone().ending(ended);
                self.note_on(&transaction, &event).await?;
            }
            transaction.commit().await?;
            Ok(ended)
        })
        .await
    }

    /// Reads the page of rows after this one, in the order of their ids, and returns the users with
    /// refused sessions. Rows that are over are read as well, so that the time for a page is
    /// bounded.
    pub async fn users_refused_after(
        &self,
        after: i32,
        limit: u32,
    ) -> Result<RefusedUsers, StoreError> {
        let page = Query::select()
            .columns([
                Column::Id,
                Column::UserId,
                Column::Generation,
                Column::IsActive,
                Column::ExpiresAt,
                Column::PasswordDigest,
            ])
            .from(Entity)
            .and_where(Expr::col(Column::Id).gt(after))
            .order_by(Column::Id, Order::Asc)
            .limit(limit.into())
            .take();
        let of_page = |column| Expr::col(("page", column));
        let of_live = Expr::col((user::Entity, user::Column::Id))
            .equals(("page", Column::UserId))
            .and(of_page(Column::Generation).is_not_null())
            .and(of_page(Column::IsActive))
            .and(of_page(Column::ExpiresAt).gt(self.database.now()));
        let query = Query::select()
            .columns([
                ("page", Column::Id),
                ("page", Column::UserId),
                ("page", Column::PasswordDigest),
            ])
            .column((user::Entity, user::Unmodelled::Password))
            .from_subquery(page, "page")
            .join(JoinType::LeftJoin, user::Entity, of_live)
            .order_by(("page", Column::Id), Order::Asc)
            .take();
        let rows = self.database.connection().query_all(&query).await?;
        let mut users = BTreeSet::new();
        for row in &rows {
            let password: Option<String> = row.try_get("", "password")?;
            let password = password.map(PasswordHash::new);
            if password.is_some() && !is_in_step(row, password.as_ref())? {
                users.insert(UserId(row.try_get("", "user_id")?));
            }
        }
        let last = rows.last().map(|row| row.try_get("", "id"));
        let last = last.transpose()?;
        Ok(RefusedUsers { users, last })
    }
}

fn password_of(user: UserId) -> SelectStatement {
    Query::select()
        .column(user::Unmodelled::Password)
        .from(user::Entity)
        .and_where(Expr::col(user::Column::Id).eq(user.0))
        .take()
}
