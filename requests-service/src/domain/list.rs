//! Lists the requests that the caller may see, in pages.

use super::{Error, PartnerRequests, visibility};
use crate::model::{CountedPage, Filter, Order, PageSize, PartnerRequest, Position};
use contract::principal::Principal;

/// A page to list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ListQuery {
    pub filter: Filter,
    pub order: Order,
    pub page_size: PageSize,
    /// The position after which the page begins; `None` for the first page.
    pub after: Option<Position>,
    /// Whether to count all matching requests.
    pub with_total_size: bool,
}

impl PartnerRequests {
    /// Lists one page of the requests that the caller may see.
    pub async fn list(
        &self,
        caller: &Principal,
        query: &ListQuery,
    ) -> Result<CountedPage<PartnerRequest, Position>, Error> {
        let visibility = visibility::of(caller)?;
        let ListQuery {
            filter,
            order,
            page_size,
            after,
            with_total_size,
        } = query;
        self.check_filter(visibility, filter).await?;

        let requests = self
            .store
            .list(visibility, filter, *order, *after, page_size.limit())
            .await?;
        if requests.is_empty() {
            self.check_partner_state(visibility).await?;
        }
        let page = page_size.page(requests, |last| order.field.position(last));
        let total_size = if *with_total_size {
            Some(self.store.count(visibility, filter).await?)
        } else {
            None
        };
        Ok(CountedPage { page, total_size })
    }
}
