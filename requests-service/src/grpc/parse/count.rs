//! Reads CountPartnerRequests.

use super::{UNKNOWN, filter};
use crate::{
    domain::CountQuery,
    model::{Filter, Group},
};
use contract::fields::Fields;
use proto::requests::v1::{CountPartnerRequestsRequest, PartnerRequestGroup};
use tonic::Status as Refusal;

/// Reads a request.
pub(in crate::grpc) fn count(message: &CountPartnerRequestsRequest) -> Result<CountQuery, Refusal> {
    let CountPartnerRequestsRequest {
        filter: wire_filter,
        group_by,
    } = message;
    let mut fields = Fields::default();
    let filter = wire_filter
        .as_ref()
        .map_or_else(Filter::default, |wire| filter(&mut fields, wire));
    let group = match PartnerRequestGroup::try_from(*group_by) {
        Ok(PartnerRequestGroup::Unspecified) => None,
        Ok(PartnerRequestGroup::Category) => Some(Group::Category),
        Ok(PartnerRequestGroup::Branch) => Some(Group::Branch),
        Err(_) => {
            fields.refuse("group_by", UNKNOWN);
            None
        }
    };
    fields.done(CountQuery { filter, group })
}
