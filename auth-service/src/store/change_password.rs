//! Changes a password, and ends and refuses sessions with it, in one transaction.

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

/// The password of a user who may log in, and what others may know about the user.
#[derive(Clone, Debug)]
pub struct Account {
    /// The text in `users.password`.
    pub password: PasswordHash,
    /// Display name.
    pub name: String,
    /// The e-mail for log-ins.
    pub email: String,
    /// Telephone number, which may be empty.
    pub phone: String,
}

/// The outcome of a change of password.
#[derive(Debug)]
pub enum ChangeOutcome {
    /// The password was changed. This many other sessions were active, and are refused from now on.
    Changed(u32),
    /// The user has been disabled or deleted; nothing was changed.
    UserGone,
    /// The caller's session has ended; nothing was changed.
    SessionGone,
    /// `users.password` no longer has the text that was verified; nothing was changed.
    PasswordChanged(PasswordHash),
}

impl Store {
    /// The account of a user who may log in.
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

    /// Writes a new password, if the verified one is still in the row. The caller's session
    /// continues with the new digest, the old application's rows end, and the event is written with
    /// the number of other active sessions. From now on, these are refused because of their old
    /// digest.
    ///
    /// The user's row is locked first, as in a log-in. So a log-in that verified the old password
    /// either inserts its session before, and the session is refused, or reads the new password.
    /// Then the rows of sessions are locked, in the order of their ids.
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
