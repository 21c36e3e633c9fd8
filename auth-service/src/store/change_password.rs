//! Changes a password, and ends and refuses sessions with it, in one transaction.

use super::{
    Store, StoreError,
    end_rows::LockedStatus,
    entity::{
        user,
        user_session::{Column, Entity},
    },
    log_in::{log_ins, read_log_in},
    retried,
};
use crate::model::{AuditEvent, EndReason, PasswordHash};
use contract::ids::{SessionId, UserId};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _,
    sea_query::{Condition, Expr, ExprTrait as _, LockType, Query},
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
        let account = log_ins()
            .columns([user::Column::Name, user::Column::Email, user::Column::Phone])
            .filter(user::Column::Id.eq(user.0));
        let connection = self.database.connection();
        let Some(row) = connection.query_one(account.as_query()).await? else {
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
            let locked = log_ins()
                .filter(user::Column::Id.eq(user.0))
                .lock(LockType::NoKeyUpdate);
            let row = transaction.query_one(locked.as_query()).await?;
            let found = row.map(|row| read_log_in(&row)).transpose()?;
            let Some(found) = found.filter(|found| found.is_live) else {
                return Ok(ChangeOutcome::UserGone);
            };
            if found.password != *verified {
                return Ok(ChangeOutcome::PasswordChanged(found.password));
            }
            let own_and_old = Condition::any()
                .add(Column::Generation.is_null())
                .add(Column::Id.eq(own));
            let of_user = Condition::all().add(Column::UserId.eq(user.0));
            let rows = self.lock_rows(&transaction, of_user.add(own_and_old));
            let (own_row, old_rows): (Vec<_>, Vec<_>) =
                rows.await?.into_iter().partition(|row| row.id == own);
            if !own_row.iter().any(|row| row.status == LockedStatus::Live) {
                return Ok(ChangeOutcome::SessionGone);
            }
            let reason = EndReason::PasswordChanged;
            self.end_locked(&transaction, &old_rows, reason).await?;
            let others = self
                .live_of(user)
                .column_as(Column::Id.count(), "others")
                .filter(Column::PasswordDigest.eq(verified.digest()))
                .filter(Column::Id.ne(own));
            let others = others.into_tuple::<i64>().one(&transaction).await?;
            let others = u32::try_from(others.unwrap_or_default()).unwrap_or(u32::MAX);

            Entity::update_many()
                .col_expr(Column::PasswordDigest, new.digest().into())
                .filter(Column::Id.eq(own))
                .exec(&transaction)
                .await?;
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
