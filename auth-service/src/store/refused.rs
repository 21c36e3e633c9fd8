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
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Condition, Expr, ExprTrait as _, JoinType, LockType, Order, Query},
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
        let password = password_of(user).into_tuple::<String>();
        let Some(password) = password.one(self.database.connection()).await? else {
            return Ok(Vec::new());
        };
        let digest = PasswordHash::new(password).digest();
        let is_refused = Condition::any()
            .add(Column::PasswordDigest.ne(digest))
            .add(Column::PasswordDigest.is_null());
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
            let lock = password_of(user).lock(LockType::NoKeyUpdate);
            lock.into_tuple::<String>().one(&transaction).await?;
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
        let page = Entity::find()
            .select_only()
            .columns([
                Column::Id,
                Column::UserId,
                Column::Generation,
                Column::IsActive,
                Column::ExpiresAt,
                Column::PasswordDigest,
            ])
            .filter(Column::Id.gt(after))
            .order_by_asc(Column::Id)
            .limit(u64::from(limit))
            .into_query();
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

fn password_of(user: UserId) -> Select<user::Entity> {
    user::Entity::find_by_id(user.0)
        .select_only()
        .expr_as(user::password(), "password")
}
