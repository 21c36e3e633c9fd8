//! A stronger hash of the same password, within a log-in's transaction.

use super::{
    Store, StoreError,
    entity::{user, user_session},
};
use crate::model::PasswordHash;
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, LockType, Order, Query},
};
use shared::{database::Transaction, ids::UserId};

impl Store {
    /// Writes another text for the same password, and moves the digests of the
    /// sessions that were begun with the old one, so that they go on.
    ///
    /// The caller holds the user's row, and has seen that the old text stands
    /// there. The sessions are locked in the order of their ids.
    pub(super) async fn rehash(
        &self,
        transaction: &Transaction,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        let written = Query::update()
            .table(user::Entity)
            .value(user::Unmodelled::Password, new.expose())
            .and_where(Expr::col(user::Column::Id).eq(user.0))
            .take();
        transaction.execute(&written).await?;

        let digest = Expr::col(user_session::Column::PasswordDigest);
        let of_old = digest.eq(old.digest());
        let theirs = self
            .live_of(user)
            .column(user_session::Column::Id)
            .and_where(of_old.clone())
            .order_by(user_session::Column::SessionId, Order::Asc)
            .lock(LockType::NoKeyUpdate)
            .take();
        transaction.query_all(&theirs).await?;
        let moved = Query::update()
            .table(user_session::Entity)
            .value(user_session::Column::PasswordDigest, new.digest())
            .and_where(Expr::col(user_session::Column::UserId).eq(user.0))
            .and_where(Expr::col(user_session::Column::IsActive))
            .and_where(of_old)
            .take();
        transaction.execute(&moved).await?;
        Ok(())
    }
}
