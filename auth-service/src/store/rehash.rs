//! Replaces the hash of a password by a stronger one, within a log-in's transaction.

use super::{
    BATCH, Store, StoreError,
    entity::{
        user,
        user_session::{Column, Entity},
    },
};
use crate::model::PasswordHash;
use contract::ids::UserId;
use database::Transaction;
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Query},
};

impl Store {
    /// Writes another hash of the same password, and the new digest into the sessions that began
    /// with the old one, so that they continue. If these are more than one batch, nothing is
    /// written, because the log-in would have to wait for all of them. Returns whether the hash was
    /// written.
    ///
    /// The caller has locked the user's row, and has seen the old hash there.
    pub(super) async fn rehash(
        &self,
        transaction: &Transaction,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let of_old = Expr::col(Column::PasswordDigest).eq(old.digest());
        let theirs = self
            .live_of(user)
            .column(Column::Id)
            .and_where(of_old)
            .limit(BATCH as u64 + 1)
            .take();
        let theirs = transaction.query_all(&theirs).await?;
        if theirs.len() > BATCH {
            tracing::info!(%user, "a weak hash stays as it is: too many sessions were begun with it");
            return Ok(false);
        }
        let rows: Result<Vec<i32>, _> = theirs.iter().map(|row| row.try_get("", "id")).collect();
        let locked = self.lock_rows(transaction, self.are_in(&rows?)).await?;
        let rows: Vec<i32> = locked.iter().map(|row| row.id).collect();
        let moved = Query::update()
            .table(Entity)
            .value(Column::PasswordDigest, new.digest())
            .and_where(self.are_in(&rows))
            .take();
        transaction.execute(&moved).await?;
        let written = Query::update()
            .table(user::Entity)
            .value(user::Unmodelled::Password, new.expose())
            .and_where(Expr::col(user::Column::Id).eq(user.0))
            .take();
        transaction.execute(&written).await?;
        Ok(true)
    }
}
