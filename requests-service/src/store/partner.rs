//! Whether a partner may work.

use super::{Store, StoreError, entity::partner};
use crate::model::PartnerStanding;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    sea_query::ExprTrait as _,
};
use shared::ids::PartnerId;

impl Store {
    /// Whether a partner may work, and if not, why.
    pub async fn partner_standing(
        &self,
        partner: PartnerId,
    ) -> Result<PartnerStanding, StoreError> {
        standing_of(self.database.connection(), partner).await
    }
}

/// [`Store::partner_standing`], on a connection that may be in the middle of
/// something.
pub(super) async fn standing_of(
    on: &impl ConnectionTrait,
    partner: PartnerId,
) -> Result<PartnerStanding, StoreError> {
    let row = partner::Entity::find_by_id(partner.0)
        .filter(partner::Column::IsActive.into_expr())
        .filter(partner::Column::IsDeleted.into_expr().not())
        .one(on)
        .await?;
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
