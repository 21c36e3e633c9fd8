//! A change of a request: one transaction over its row, its assignments and its
//! log. What is read and written in it is decided by the domain, statement by
//! statement; dropped before [`Transaction::commit`], it leaves no trace.

use super::{
    Store, StoreError,
    entity::{
        branch,
        partner_request::{self as requests, Column},
    },
    filter, get,
    names::Names,
    partner,
};
use crate::model::{Key, PartnerState, Read, Visibility};
use contract::ids::{BranchId, PartnerId, PartnerRequestId};
use database::{Database, Dialect};
use sea_orm::{EntityTrait as _, QueryFilter as _, QuerySelect as _, sea_query::LockType};

/// A transaction.
#[derive(Debug)]
pub struct Transaction {
    pub(super) database: Database,
    pub(super) inner: database::Transaction,
    names: Names,
}

impl Store {
    /// Begins a change.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction {
            inner: self.database.begin().await?,
            database: self.database.clone(),
            names: self.names.clone(),
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
            let lock = requests::Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(filter::visible(visibility))
                .filter(get::named(&key))
                .lock(LockType::Update);
            let locked = lock.into_tuple::<i32>().one(&self.inner).await?;
            if locked.is_none() {
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
        get::read(&self.database, &self.names, &self.inner, visibility, key).await
    }

    /// Whether a partner may work, and if not, why. It stays so until the
    /// transaction ends.
    pub async fn partner_state(&self, partner: PartnerId) -> Result<PartnerState, StoreError> {
        partner::state_of(&self.inner, partner, Some(LockType::Share)).await
    }

    /// Whose a branch is; `None`: there is none that is live. It stays so until
    /// the transaction ends: one deleted in between would fail the write.
    pub async fn partner_of_branch(
        &self,
        branch: BranchId,
    ) -> Result<Option<PartnerId>, StoreError> {
        let owner = branch::Entity::find_by_id(branch.0)
            .select_only()
            .column(branch::Column::PartnerId)
            .filter(filter::live(
                branch::Column::IsActive,
                branch::Column::IsDeleted,
            ))
            .lock(LockType::Share);
        let owner = owner.into_tuple::<i32>().one(&self.inner).await?;
        Ok(owner.map(PartnerId))
    }

    /// Makes it all last.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }
}
