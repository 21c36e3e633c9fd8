//! The gRPC services: read the request, call the domain, write the response.

mod parse;
mod partner_requests;
mod partners;
mod render;
mod status;

pub use partner_requests::PartnerRequestsHandlers;
pub use partners::PartnersHandlers;
