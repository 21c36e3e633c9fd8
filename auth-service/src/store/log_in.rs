//! Log-in: who it is, and the session that begins.

use super::{NewSession, Store, StoreError, entity::user, retried};
use crate::model::{AuditEventType, PasswordHash};
use contract::{ids::UserId, time::Timestamp};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement},
};

/// What is known of a user before the password was compared.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// Who it would be.
    pub user_id: UserId,
    /// The password's hash.
    pub password: PasswordHash,
    /// Active and not deleted.
    pub is_live: bool,
}

/// What became of a log-in whose password matched.
#[derive(Debug)]
pub enum CreateOutcome {
    /// The session began.
    Created,
    /// The user was disabled or deleted meanwhile.
    UserGone,
    /// Another text stands in `users.password` than the one that was verified.
    PasswordChanged(PasswordHash),
}

impl Store {
    /// Finds the user that logs in with this e-mail, exactly as it is written:
    /// two accounts may differ in case alone.
    pub async fn find_log_in(&self, email: &str) -> Result<Option<LogIn>, StoreError> {
        let query = log_in_query()
            .and_where(Expr::col(user::Column::Email).eq(email))
            .take();
        let row = self.database.connection().query_one(&query).await?;
        row.map(|row| read_log_in(&row)).transpose()
    }

    /// Begins a session, if the verified password still stands there, and notes
    /// the log-in with the user. `stronger`, if given, then stands for the same
    /// password, unless too many sessions were begun with the other.
    ///
    /// The user's row is locked as for the update that follows: a share lock
    /// that two log-ins hold, and both want to strengthen, is a deadlock.
    pub async fn create_session(
        &self,
        user: UserId,
        verified: &PasswordHash,
        stronger: Option<&PasswordHash>,
        session: &NewSession,
    ) -> Result<CreateOutcome, StoreError> {
        retried(|| async {
            let transaction = self.database.begin().await?;
            let mut query = log_in_query();
            query
                .expr_as(self.database.now(), "now")
                .and_where(Expr::col(user::Column::Id).eq(user.0))
                .lock(LockType::NoKeyUpdate);
            let Some(row) = transaction.query_one(&query).await? else {
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

pub(super) fn log_in_query() -> SelectStatement {
    let live = Expr::col(user::Column::IsActive).and(Expr::col(user::Column::IsDeleted).not());
    Query::select()
        .column(user::Column::Id)
        .column(user::Unmodelled::Password)
        .expr_as(live, "is_live")
        .from(user::Entity)
        .take()
}

pub(super) fn read_log_in(row: &sea_orm::QueryResult) -> Result<LogIn, StoreError> {
    Ok(LogIn {
        user_id: UserId(row.try_get("", "id")?),
        password: PasswordHash::new(row.try_get("", "password")?),
        // NULL is not live
        is_live: row.try_get::<Option<bool>>("", "is_live")? == Some(true),
    })
}
