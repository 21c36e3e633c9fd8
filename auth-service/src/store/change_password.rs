//! A new password, and what ends, is refused and goes on with it, in one transaction.

use super::{
    Store, StoreError,
    end_rows::LockedStatus,
    entity::{
        user,
        user_session::{Column, Entity},
    },
    log_in::{log_in_query, read_log_in},
    retried,
};
use crate::model::{AuditEvent, EndReason, PasswordHash};
use contract::ids::{SessionId, UserId};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Func, LockType, Query},
};

/// A live user's password, and what others may know of the user.
#[derive(Clone, Debug)]
pub struct Account {
    /// What stands in `users.password`.
    pub password: PasswordHash,
    /// Display name.
    pub name: String,
    /// The address that logs in.
    pub email: String,
    /// Telephone number, or nothing.
    pub phone: String,
}

/// What became of a change of password.
#[derive(Debug)]
pub enum ChangeOutcome {
    /// It is written. So many other sessions, live until now, are refused from now on.
    Changed(u32),
    /// The user was disabled or deleted meanwhile; nothing was changed.
    UserGone,
    /// The caller's session ended meanwhile; nothing was changed.
    SessionGone,
    /// Another text stands in `users.password` than the one that was verified;
    /// nothing was changed.
    PasswordChanged(PasswordHash),
}

impl Store {
    /// A live user's account.
    pub async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        let query = log_in_query()
            .columns([user::Column::Name, user::Column::Email, user::Column::Phone])
            .and_where(Expr::col(user::Column::Id).eq(user.0))
            .take();
        let Some(row) = self.database.connection().query_one(&query).await? else {
            return Ok(None);
        };
        let found = read_log_in(&row)?;
        if !found.is_live {
            return Ok(None);
        }
        let phone: Option<String> = row.try_get("", "phone")?;
        Ok(Some(Account {
            password: found.password,
            name: row.try_get("", "name")?,
            email: row.try_get("", "email")?,
            phone: phone.unwrap_or_default(),
        }))
    }

    /// Writes a new password if the verified one still stands there, lets this session go
    /// on under the new digest, ends the old application's rows, and writes the event with
    /// how many other sessions were live. The old digest refuses these from now on.
    ///
    /// The user's row is locked first, as a log-in locks it: one that verified the old
    /// password is inserted before, and refused then, or reads the new text. Then rows of
    /// sessions are locked, in the order of their ids.
    pub async fn change_password(
        &self,
        user: UserId,
        session: SessionId,
        verified: &PasswordHash,
        new: &PasswordHash,
        event: &AuditEvent,
    ) -> Result<ChangeOutcome, StoreError> {
        let Some(own) = self.row_of(user, session).await? else {
            return Ok(ChangeOutcome::SessionGone);
        };
        retried(|| async {
            let transaction = self.database.begin().await?;
            let mut query = log_in_query();
            query
                .and_where(Expr::col(user::Column::Id).eq(user.0))
                .lock(LockType::NoKeyUpdate);
            let row = transaction.query_one(&query).await?;
            let found = row.map(|row| read_log_in(&row)).transpose()?;
            let Some(found) = found.filter(|found| found.is_live) else {
                return Ok(ChangeOutcome::UserGone);
            };
            if found.password != *verified {
                return Ok(ChangeOutcome::PasswordChanged(found.password));
            }
            let own_and_old = Expr::col((Entity, Column::Generation))
                .is_null()
                .or(Expr::col((Entity, Column::Id)).eq(own));
            let of_user = Expr::col((Entity, Column::UserId)).eq(user.0);
            let rows = self.lock_rows(&transaction, of_user.and(own_and_old));
            let (own_row, old_rows): (Vec<_>, Vec<_>) =
                rows.await?.into_iter().partition(|row| row.id == own);
            if !own_row.iter().any(|row| row.status == LockedStatus::Live) {
                return Ok(ChangeOutcome::SessionGone);
            }
            let reason = EndReason::PasswordChanged;
            self.end_locked(&transaction, &old_rows, reason).await?;
            let others = self
                .live_of(user)
                .expr_as(Func::count(Expr::col(Column::Id)), "others")
                .and_where(Expr::col(Column::PasswordDigest).eq(verified.digest()))
                .and_where(Expr::col(Column::Id).ne(own))
                .take();
            let others = transaction.query_one(&others).await?;
            let others = others.map(|row| row.try_get::<i64>("", "others"));
            let others = u32::try_from(others.transpose()?.unwrap_or_default());
            let others = others.unwrap_or(u32::MAX);

            let goes_on = Query::update()
                .table(Entity)
                .value(Column::PasswordDigest, new.digest())
                .and_where(Expr::col(Column::Id).eq(own))
                .take();
            transaction.execute(&goes_on).await?;
            let written = Query::update()
                .table(user::Entity)
                .value(user::Unmodelled::Password, new.expose())
                .value(user::Column::UpdatedAt, self.database.now())
                .and_where(Expr::col(user::Column::Id).eq(user.0))
                .take();
            transaction.execute(&written).await?;
            let event = event.clone().ending(others);
            self.note_on(&transaction, &event).await?;
            transaction.commit().await?;
            Ok(ChangeOutcome::Changed(others))
        })
        .await
    }
}
