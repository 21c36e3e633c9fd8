//! Plain data of partner requests and of partners, as every layer of this service sees it:
//! neither a wire format nor a table.

mod filter;
mod page;
mod partner;
mod partner_filter;
mod partner_page;
mod partner_request;
mod status;
mod visibility;

pub use filter::{Filter, PhoneDigits, SearchText, TimeRange};
pub use page::{Direction, Order, OrderField, Page, PageSize, Position};
pub use partner::{Branch, Partner, PartnerCounts, PartnerStatus};
pub use partner_filter::PartnerFilter;
pub use partner_page::{
    PartnerOrder, PartnerOrderField, PartnerPage, PartnerPageSize, PartnerPosition, PartnerSort,
};
pub use partner_request::{Customer, Key, NamedReference, PartnerRequest};
pub use status::Status;
pub use visibility::{PartnerStanding, Visibility};
