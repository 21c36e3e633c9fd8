//! Whether a partner may work.

use super::{Store, StoreError, entity::partner, filter::live};
use crate::model::PartnerStanding;
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
    let mut find = partner::Entity::find_by_id(partner.0)
        .filter(live(partner::Column::IsActive, partner::Column::IsDeleted));
    if let Some(lock) = lock {
        find = find.lock(lock);
    }
    let row = find.one(on).await?;
    Ok(row.map_or(PartnerStanding::Deleted, |row| {
        standing(row.status.as_deref())
    }))
}

/// A status that this version does not know is none that a partner works in.
fn standing(status: Option<&str>) -> PartnerStanding {
    match status {
        None | Some("active") => PartnerStanding::Active,
        Some("suspended") => PartnerStanding::Suspended,
        Some(_) => PartnerStanding::Inactive,
    }
}
