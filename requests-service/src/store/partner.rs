//! Whether a partner may work.

use super::{
    Store, StoreError,
    entity::{
        enums,
        partner::{self, Column},
    },
    filter::live,
};
use crate::model::{PartnerStanding, PartnerStatus};
use contract::ids::PartnerId;
use sea_orm::{
    ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _, sea_query::LockType,
};

impl Store {
    /// Whether a partner may work, and if not, why.
    pub async fn partner_standing(
        &self,
        partner: PartnerId,
    ) -> Result<PartnerStanding, StoreError> {
        standing_of(self.database.connection(), partner, None).await
    }
}

/// [`Store::partner_standing`], on a connection that may be in the middle of
/// something, and with a lock on the row there; SQLite has one writer, and none.
pub(super) async fn standing_of(
    on: &impl ConnectionTrait,
    partner: PartnerId,
    lock: Option<LockType>,
) -> Result<PartnerStanding, StoreError> {
    let mut find =
        partner::Entity::find_by_id(partner.0).filter(live(Column::IsActive, Column::IsDeleted));
    if let Some(lock) = lock {
        find = find.lock(lock);
    }
    let row = find.one(on).await?;
    Ok(row.map_or(PartnerStanding::Deleted, |row| {
        standing(row.status.as_ref())
    }))
}

/// A status that this version does not know is none that a partner works in.
fn standing(label: Option<&String>) -> PartnerStanding {
    match status(label) {
        Some(PartnerStatus::Active) => PartnerStanding::Active,
        Some(PartnerStatus::Suspended) => PartnerStanding::Suspended,
        Some(PartnerStatus::Inactive) | None => PartnerStanding::Inactive,
    }
}

/// The status of a row with this label, if this version knows it. A row without one is active.
pub(super) fn status(label: Option<&String>) -> Option<PartnerStatus> {
    match label {
        None => Some(PartnerStatus::Active),
        Some(label) => enums::known::<enums::PartnerStatus>(label).map(PartnerStatus::from),
    }
}
