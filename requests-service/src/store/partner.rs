//! Whether a partner may work.

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
    /// Whether a partner may work, and if not, why.
    pub async fn partner_state(&self, partner: PartnerId) -> Result<PartnerState, StoreError> {
        state_of(self.database.connection(), partner, None).await
    }
}

/// [`Store::partner_state`], on a connection that may be in the middle of
/// something, and with a lock on the row there; SQLite has one writer, and none.
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

/// A status that this version does not know is none that a partner works in.
fn state(label: Option<&String>) -> PartnerState {
    match status(label) {
        Some(PartnerStatus::Active) => PartnerState::Active,
        Some(PartnerStatus::Suspended) => PartnerState::Suspended,
        Some(PartnerStatus::Inactive) | None => PartnerState::Inactive,
    }
}

/// The status of a row with this label, if this version knows it. A row without one is active.
pub(super) fn status(label: Option<&String>) -> Option<PartnerStatus> {
    match label {
        None => Some(PartnerStatus::Active),
        Some(label) => enums::known::<enums::PartnerStatus>(label).map(PartnerStatus::from),
    }
}
