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
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, Query},
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
        let theirs = self
            .live_of(user)
            .column(Column::Id)
            .filter(Column::PasswordDigest.eq(old.digest()))
            .limit(BATCH as u64 + 1);
        let theirs: Vec<i32> = theirs.into_tuple().all(transaction).await?;
        if theirs.len() > BATCH {
            tracing::info!(%user, "a weak hash stays as it is: too many sessions were begun with it");
            return Ok(false);
        }
        let locked = self.lock_rows(transaction, self.are_in(&theirs)).await?;
        let rows: Vec<i32> = locked.iter().map(|row| row.id).collect();
        Entity::update_many()
            .col_expr(Column::PasswordDigest, new.digest().into())
            .filter(self.are_in(&rows))
            .exec(transaction)
            .await?;
        let written = Query::update()
            .table(user::Entity)
            .value(user::Unmodelled::Password, new.expose())
            .and_where(Expr::col(user::Column::Id).eq(user.0))
            .take();
        transaction.execute(&written).await?;
        Ok(true)
    }
}
