//! Searches that would read every partner's requests.

use super::{Error, PartnerRequests};
use crate::{
    model::{Filter, Visibility},
    store::Search,
};

impl PartnerRequests {
    /// Refuses a search whose cost grows with the requests of all partners.
    pub(super) async fn check_search(
        &self,
        visibility: Visibility,
        filter: &Filter,
    ) -> Result<(), Error> {
        let over_all = visibility == Visibility::AllPartners && filter.partners.is_empty();
        if !over_all || !filter.searches() {
            return Ok(());
        }
        match self.store.search().await? {
            Search::ByIndex | Search::OneMachine => Ok(()),
            Search::WithinPartners => Err(Error::SearchNeedsPartner),
        }
    }
}
