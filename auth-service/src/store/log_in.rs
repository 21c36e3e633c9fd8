//! Log-in: finds the user, and begins the session.

use super::{NewSession, Store, StoreError, entity::user, retried};
use crate::model::{AuditEventType, PasswordHash};
use contract::{ids::UserId, time::Timestamp};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _, Select,
    sea_query::{ExprTrait as _, LockType},
};

/// A user, before the password is compared.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// The id of the user.
    pub user_id: UserId,
    /// The hash of the password.
    pub password: PasswordHash,
    /// Whether the user is active and not deleted.
    pub is_live: bool,
}

/// The outcome of a log-in whose password matched.
#[derive(Debug)]
pub enum CreateOutcome {
    /// The session began.
    Created,
    /// The user has been disabled or deleted.
    UserGone,
    /// `users.password` no longer has the text that was verified.
    PasswordChanged(PasswordHash),
}

impl Store {
    /// Finds the user with this e-mail. The match is exact, because two accounts may differ in case
    /// only.
    pub async fn find_log_in(&self, email: &str) -> Result<Option<LogIn>, StoreError> {
        let user = log_ins().filter(user::Column::Email.eq(email));
        let connection = self.database.connection();
        let row = connection.query_one(user.as_query()).await?;
        row.map(|row| read_log_in(&row)).transpose()
    }

    /// Begins a session, if the verified hash is still in the row, and updates the time of the
    /// user's last log-in. If `stronger` is given, it replaces the hash, unless too many sessions
    /// began with the old one.
    ///
    /// The user's row is locked for an update from the beginning. If two log-ins held a share lock
    /// and both wanted to replace the hash, they would deadlock.
    pub async fn create_session(
        &self,
        user: UserId,
        verified: &PasswordHash,
        stronger: Option<&PasswordHash>,
        session: &NewSession,
    ) -> Result<CreateOutcome, StoreError> {
        retried(|| async {
            let transaction = self.database.begin().await?;
            let locked = log_ins()
                .expr_as(self.database.now(), "now")
                .filter(user::Column::Id.eq(user.0))
                .lock(LockType::NoKeyUpdate);
            let Some(row) = transaction.query_one(locked.as_query()).await? else {
                return Ok(CreateOutcome::UserGone);
            };
            let found = read_log_in(&row)?;
            if !found.is_live {
                return Ok(CreateOutcome::UserGone);
            }
            if found.password != *verified {
                return Ok(CreateOutcome::PasswordChanged(found.password));
            }
            let now: Timestamp = row.try_get("", "now")?;
            let current = match stronger {
                Some(stronger) if self.rehash(&transaction, user, verified, stronger).await? => {
                    stronger
                }
                _ => verified,
            };
            self.insert_session(&transaction, user, current, session, now)
                .await?;
            let event = session.event(AuditEventType::CreateSession, user);
            self.note_on(&transaction, &event).await?;
            transaction.commit().await?;
            Ok(CreateOutcome::Created)
        })
        .await
    }
}

/// Users, with the columns that [`read_log_in`] reads.
pub(super) fn log_ins() -> Select<user::Entity> {
    let is_active = user::Column::IsActive.into_expr();
    let is_live = is_active.and(user::Column::IsDeleted.into_expr().not());
    user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .expr_as(user::password(), "password")
        .expr_as(is_live, "is_live")
}

pub(super) fn read_log_in(row: &sea_orm::QueryResult) -> Result<LogIn, StoreError> {
    Ok(LogIn {
        user_id: UserId(row.try_get("", "id")?),
        password: PasswordHash::new(row.try_get("", "password")?),
        // NULL counts as false
        is_live: row.try_get::<Option<bool>>("", "is_live")? == Some(true),
    })
}
