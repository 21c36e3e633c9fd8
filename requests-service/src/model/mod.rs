//! Plain data of partner requests, as every layer of this service sees it:
//! neither a wire format nor a table.

mod count;
mod filter;
mod page;
mod partner_request;
mod status;
mod visibility;

pub use count::{Count, Group};
pub use filter::{Filter, PhoneDigits, SearchText, TimeRange};
pub use page::{Direction, Order, OrderField, Page, PageSize, Position};
pub use partner_request::{Customer, Key, NamedReference, PartnerRequest};
pub use status::Status;
pub use visibility::{PartnerStanding, Visibility};
