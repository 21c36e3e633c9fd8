//! The transaction of a change: the request's row, its assignments and its log. The domain decides
//! what is read and written. If the transaction is dropped before [`Transaction::commit`], it
//! changes nothing.

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
    /// Locks the request until the end of the transaction, and reads it. `None` if the caller may
    /// not see it.
    ///
    /// This takes two statements. A single one that waited for the row would return joined rows,
    /// and the time, from before the wait.
    pub async fn lock(
        &self,
        visibility: Visibility,
        request: PartnerRequestId,
    ) -> Result<Option<Read>, StoreError> {
        let key = Key::Id(request);
        // on SQLite, the transaction is the only writer anyway
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

    /// The state of a partner, which cannot change until the end of the transaction.
    pub async fn partner_state(&self, partner: PartnerId) -> Result<PartnerState, StoreError> {
        partner::state_of(&self.inner, partner, Some(LockType::Share)).await
    }

    /// The partner of a branch; `None` if the branch does not exist, or is deleted or switched off.
    /// It cannot change until the end of the transaction; otherwise a branch that is deleted
    /// meanwhile would make the write fail.
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

    /// Commits everything.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }
}
