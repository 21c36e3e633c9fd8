//! A new password, and what ends and goes on with it, in one transaction.

use super::{
    Store, StoreError,
    create::{log_in_query, read_log_in},
    entity::{
        user,
        user_session::{self, Entity},
    },
    retried,
};
use crate::model::{AuditEvent, EndReason, PasswordHash};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, LockType, Query},
};
use shared::ids::{SessionId, UserId};

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
    /// It is written. So many other sessions, live until now, were ended.
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

    /// Writes a new password if the verified one still stands there, ends the
    /// user's other sessions, lets this one go on under the new digest, and writes
    /// the event with how many of ours were live.
    ///
    /// The user's row is locked first, as a log-in locks it: one that verified
    /// the old password is inserted before, and ends here, or reads the new text.
    /// Then all sessions are locked, in the order of their ids.
    pub async fn change_password(
        &self,
        user: UserId,
        session: SessionId,
        verified: &PasswordHash,
        new: &PasswordHash,
        event: &AuditEvent,
    ) -> Result<ChangeOutcome, StoreError> {
        let own = self.row_of(user, session).await?;
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
            let of_user = Expr::col((Entity, user_session::Column::UserId)).eq(user.0);
            let mut rows = self.lock_rows(&transaction, of_user).await?;

            let goes_on = Query::update()
                .table(user_session::Entity)
                .value(user_session::Column::PasswordDigest, new.digest())
                .and_where(Expr::col(user_session::Column::SessionId).eq(session.to_string()))
                .and_where(Expr::col(user_session::Column::UserId).eq(user.0))
                .and_where(Expr::col(user_session::Column::Generation).is_not_null())
                .and_where(Expr::col(user_session::Column::IsActive))
                .and_where(Expr::col(user_session::Column::ExpiresAt).gt(self.database.now()))
                .and_where(Expr::col(user_session::Column::PasswordDigest).eq(verified.digest()))
                .take();
            if transaction.execute(&goes_on).await?.rows_affected() == 0 {
                return Ok(ChangeOutcome::SessionGone);
            }
            rows.retain(|row| Some(row.id) != own);
            let reason = EndReason::PasswordChanged;
            let ended = self.end_locked(&transaction, &rows, reason).await?.live;
            let written = Query::update()
                .table(user::Entity)
                .value(user::Unmodelled::Password, new.expose())
                .value(user::Column::UpdatedAt, self.database.now())
                .and_where(Expr::col(user::Column::Id).eq(user.0))
                .take();
            transaction.execute(&written).await?;
            let event = event.clone().ending(ended);
            self.note_on(&transaction, &event).await?;
            transaction.commit().await?;
            Ok(ChangeOutcome::Changed(ended))
        })
        .await
    }
}
