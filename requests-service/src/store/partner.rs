//! The state of a partner.

use super::{
    Store, StoreError,
    entity::{
        enums,
        partner::{self, Column},
    },
    filter::live,
};
use crate::model::{PartnerState, PartnerStatus};
use contract::ids::PartnerId;
use sea_orm::{
    ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _, sea_query::LockType,
};

impl Store {
    /// The state of a partner.
    pub async fn partner_state(&self, partner: PartnerId) -> Result<PartnerState, StoreError> {
        state_of(self.database.connection(), partner, None).await
    }
}

/// [`Store::partner_state`] on a connection that may be in a transaction. `lock` locks the row on
/// PostgreSQL. SQLite allows one writer at a time and needs no row locks.
pub(super) async fn state_of(
    on: &impl ConnectionTrait,
    partner: PartnerId,
    lock: Option<LockType>,
) -> Result<PartnerState, StoreError> {
    let mut find =
        partner::Entity::find_by_id(partner.0).filter(live(Column::IsActive, Column::IsDeleted));
    if let Some(lock) = lock {
        find = find.lock(lock);
    }
    let row = find.one(on).await?;
    Ok(row.map_or(PartnerState::Deleted, |row| state(row.status.as_ref())))
}

/// a partner with a status that this version does not know is not active
fn state(label: Option<&String>) -> PartnerState {
    match status(label) {
        Some(PartnerStatus::Active) => PartnerState::Active,
        Some(PartnerStatus::Suspended) => PartnerState::Suspended,
        Some(PartnerStatus::Inactive) | None => PartnerState::Inactive,
    }
}

/// The state for a label of the status. A row without a status is active.
pub(super) fn status(label: Option<&String>) -> Option<PartnerStatus> {
    match label {
        None => Some(PartnerStatus::Active),
        Some(label) => enums::known::<enums::PartnerStatus>(label).map(PartnerStatus::from),
    }
}
