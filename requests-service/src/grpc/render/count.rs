//! Writes the response of CountPartnerRequests.

use super::wire_status;
use crate::model::Count;
use proto::requests::v1::{
    CountPartnerRequestsResponse, PartnerRequestCount, PartnerRequestStatus,
};

/// Writes the response.
pub(in crate::grpc) fn counts(counts: &[Count]) -> CountPartnerRequestsResponse {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let total = counts.iter().map(|count| count.count).sum();
    let counts = counts.iter().map(|count| PartnerRequestCount {
        status: count
            .status
            .map_or(PartnerRequestStatus::Unspecified, wire_status)
            .into(),
        group_id: count.group,
        count: number(count.count),
    });
    CountPartnerRequestsResponse {
        counts: counts.collect(),
        total_size: number(total),
    }
}
