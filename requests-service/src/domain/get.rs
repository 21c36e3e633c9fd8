//! One request, if it exists for the caller.

use super::{Error, PartnerRequests, visibility};
use crate::model::{Key, PartnerRequest};
use shared::session_layer::Principal;

impl PartnerRequests {
    /// Gets one request. Another partner's does not exist for the caller.
    pub async fn get(&self, caller: &Principal, key: &Key) -> Result<PartnerRequest, Error> {
        let visibility = visibility::of(caller)?;
        if let Some(request) = self.store.get(visibility, key).await? {
            return Ok(request);
        }
        self.check_standing(visibility).await?;
        Err(Error::NotFound)
    }
}
