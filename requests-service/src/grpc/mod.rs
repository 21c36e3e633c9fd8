//! The wire: reads messages, asks the domain, writes messages.

mod parse;
mod partner_requests;
mod partners;
mod render;
mod status;

pub use partner_requests::PartnerRequestsHandlers;
pub use partners::PartnersHandlers;
