//! A change of a request: one transaction over its row, its assignments and its
//! log. What is read and written in it is decided by the domain, statement by
//! statement; dropped before [`Transaction::commit`], it leaves no trace.

use super::{
    Store, StoreError,
    entity::{
        branch,
        partner_request::{self as requests, Column},
    },
    filter, get, partner,
    statement::statement,
};
use crate::model::{Key, PartnerStanding, Read, Visibility};
use contract::ids::{BranchId, PartnerId, PartnerRequestId};
use database::{Database, Dialect};
use sea_orm::{
    ConnectionTrait as _,
    sea_query::{Expr, ExprTrait as _, LockType, Query},
};

/// A transaction.
#[derive(Debug)]
pub struct Transaction {
    pub(super) database: Database,
    pub(super) inner: database::Transaction,
}

impl Store {
    /// Begins a change.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction {
            inner: self.database.begin().await?,
            database: self.database.clone(),
        })
    }
}

impl Transaction {
    /// Makes the request the transaction's own until it ends, and reads it as it
    /// is from then on. `None`: it does not exist for the caller.
    ///
    /// Two statements: one that waited for the row would show what it joins, and
    /// the time, as they were before.
    pub async fn lock(
        &self,
        visibility: Visibility,
        request: PartnerRequestId,
    ) -> Result<Option<Read>, StoreError> {
        let key = Key::Id(request);
        // on SQLite the transaction is the one writer already
        if self.database.dialect() == Dialect::Postgres {
            let lock = Query::select()
                .column(Column::Id)
                .from(requests::Entity)
                .cond_where(filter::visible(visibility))
                .and_where(get::named(&key))
                .lock(LockType::Update)
                .take();
            let lock = statement(self.database.dialect(), &lock);
            if self.inner.query_one_raw(lock).await?.is_none() {
                return Ok(None);
            }
        }
        self.read(visibility, &key).await
    }

    /// Reads a request as it is in this transaction.
    pub async fn read(
        &self,
        visibility: Visibility,
        key: &Key,
    ) -> Result<Option<Read>, StoreError> {
        get::read(&self.database, &self.inner, visibility, key).await
    }

    /// Whether a partner may work, and if not, why. It stays so until the
    /// transaction ends.
    pub async fn partner_standing(
        &self,
        partner: PartnerId,
    ) -> Result<PartnerStanding, StoreError> {
        partner::standing_of(&self.inner, partner, Some(LockType::Share)).await
    }

    /// Whose a branch is; `None`: there is none that is live. It stays so until
    /// the transaction ends: one deleted in between would fail the write.
    pub async fn partner_of_branch(
        &self,
        branch: BranchId,
    ) -> Result<Option<PartnerId>, StoreError> {
        let select = Query::select()
            .column(branch::Column::PartnerId)
            .from(branch::Entity)
            .and_where(Expr::col(branch::Column::Id).eq(branch.0))
            .cond_where(filter::live(
                branch::Column::IsActive,
                branch::Column::IsDeleted,
            ))
            .lock(LockType::Share)
            .take();
        let row = self.inner.query_one(&select).await?;
        row.map(|row| Ok(PartnerId(row.try_get("", "partner_id")?)))
            .transpose()
    }

    /// Makes it all last.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }
}
