//! The data of requests and partners that every layer of this service uses. It is neither the wire
//! format nor the tables.

mod command;
mod count;
mod detail;
mod filter;
pub(crate) mod folding;
mod life_cycle;
mod page;
mod partner;
mod partner_filter;
mod partner_page;
mod partner_request;
mod status;
mod visibility;

pub use command::{Answer, Change, Command, Etag, Idempotency};
pub use count::{Count, Group};
pub use detail::{Actor, Assignment, BranchContact, Detail, Read, TimelineEntry};
pub use filter::{AnyCase, Filter, PhoneDigits, SearchText, TimeRange};
pub use life_cycle::{ChangeKind, Holder, LIFE_CYCLE, Moment, Response, Side, Transition};
pub use page::{CountedPage, Direction, Order, OrderField, PageSize, Position};
pub use partner::{Branch, Partner, PartnerCounts, PartnerStatus};
pub use partner_filter::PartnerFilter;
pub use partner_page::{
    PartnerOrder, PartnerOrderField, PartnerPageSize, PartnerPosition, PartnerSort,
};
pub use partner_request::{Customer, Key, NamedReference, PartnerRequest};
pub use status::Status;
pub use visibility::{PartnerState, Visibility};
