//! Inserts a session's row, within the transaction of a log-in or a registration.

use super::{
    Store, StoreError,
    entity::{user, user_session},
};
use crate::model::{AuditEvent, AuditEventType, Client, Generation, Lifetimes, PasswordHash};
use contract::{
    ids::{SessionId, UserId},
    time::Timestamp,
};
use database::Transaction;
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Query},
};

/// A session that is about to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// The client that logs in.
    pub client: Client,
    /// Its lifetimes.
    pub lifetimes: Lifetimes,
}

impl NewSession {
    /// The audit event of its beginning.
    pub(super) fn event(&self, event_type: AuditEventType, user: UserId) -> AuditEvent {
        AuditEvent::done(event_type, &self.client)
            .by(user)
            .of(self.id)
    }
}

impl Store {
    pub(super) async fn insert_session(
        &self,
        transaction: &Transaction,
        user: UserId,
        password: &PasswordHash,
        session: &NewSession,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        use user_session::Column;
        let time = |time| self.database.time(time);
        let end = now + session.lifetimes.session;
        let values: [(Column, Expr); 11] = [
            (Column::UserId, user.0.into()),
            (Column::SessionId, session.id.to_string().into()),
            (Column::CreatedAt, time(now)),
            (Column::RotatedAt, time(now)),
            (
                Column::ExpiresAt,
                time(Ord::min(end, now + session.lifetimes.refresh_token)),
            ),
            (Column::AbsoluteExpiresAt, time(end)),
            (Column::Generation, Generation::FIRST.0.into()),
            (Column::IsActive, true.into()),
            (Column::PasswordDigest, password.digest().into()),
            (
                Column::DeviceInfo,
                session.client.device_info.clone().into(),
            ),
            (Column::IpAddress, session.client.ip_address.clone().into()),
        ];
        let (columns, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let insert = Query::insert()
            .into_table(user_session::Entity)
            .columns(columns)
            .values_panic(values)
            .take();
        transaction.execute(&insert).await?;
        let log_in = Query::update()
            .table(user::Entity)
            .value(user::Column::LastLoginAt, time(now))
            .and_where(Expr::col(user::Column::Id).eq(user.0))
            .take();
        transaction.execute(&log_in).await?;
        Ok(())
    }
}
