//! A page of requests: what the caller may see of what it asked for.

use super::{Error, PartnerRequests, visibility};
use crate::model::{Filter, Order, Page, PageSize, Position};
use contract::principal::Principal;

/// What to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Which requests.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
    /// How many.
    pub page_size: PageSize,
    /// From where.
    pub position: Position,
    /// Whether to count all that match.
    pub with_total_size: bool,
}

impl PartnerRequests {
    /// Lists one page of what the caller may see.
    pub async fn list(&self, caller: &Principal, query: &ListQuery) -> Result<Page, Error> {
        let visibility = visibility::of(caller)?;
        self.check_filter(visibility, &query.filter).await?;

        // one more than the page holds tells whether there is a next one
        let rows = query.page_size.rows();
        let mut requests = self
            .store
            .list(
                visibility,
                &query.filter,
                query.order,
                query.position,
                rows + 1,
            )
            .await?;
        if requests.is_empty() {
            self.check_standing(visibility).await?;
        }
        let more = requests.len() > rows;
        requests.truncate(rows);
        let next = requests
            .last()
            .filter(|_| more)
            .map(|last| Position::after(last, query.order.field));
        let total_size = if query.with_total_size {
            Some(self.store.count(visibility, &query.filter).await?)
        } else {
            None
        };
        Ok(Page {
            requests,
            next,
            total_size,
        })
    }
}
