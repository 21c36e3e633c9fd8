//! Writes requests as messages.

mod changes;
mod count;
mod detail;
mod partners;

pub(super) use changes::{answer, response};
pub(super) use count::counts;
pub(super) use detail::detail;
pub(super) use partners::page as partners;

use crate::model::{CountedPage, Customer, Etag, NamedReference, PartnerRequest, Position, Status};
use contract::page_tokens::PageTokens;
use proto::requests::v1::{self as wire, ListPartnerRequestsResponse, PartnerRequestStatus};

/// Writes a page.
pub(super) fn page(
    counted: CountedPage<PartnerRequest, Position>,
    tokens: PageTokens,
) -> ListPartnerRequestsResponse {
    let CountedPage { page, total_size } = counted;
    ListPartnerRequestsResponse {
        partner_requests: page.rows.into_iter().map(partner_request).collect(),
        next_page_token: tokens.write(page.next.as_ref()),
        total_size: total_size.map(total),
    }
}

fn total(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

pub(super) fn partner_request(request: PartnerRequest) -> wire::PartnerRequest {
    let PartnerRequest {
        id,
        number,
        customer:
            Customer {
                name,
                phone,
                latitude,
                longitude,
                address,
            },
        category,
        service,
        pickup_option,
        partner,
        branch,
        status,
        sla_deadline,
        created_at,
        updated_at,
        submitted_at,
        assigned_at,
        confirmed_at,
        rejected_at,
        in_progress_at,
        completed_at,
        closed_at,
        rated_at,
        rating,
        feedback,
        etag: Etag(etag),
    } = request;
    wire::PartnerRequest {
        request_id: id.0,
        number,
        customer: Some(wire::Customer {
            name,
            phone,
            latitude,
            longitude,
            address,
        }),
        category: Some(reference(category)),
        service: service.map(reference),
        pickup_option: Some(reference(pickup_option)),
        partner: partner.map(reference),
        branch: branch.map(reference),
        status: status
            .map_or(PartnerRequestStatus::Unspecified, wire_status)
            .into(),
        sla_deadline: sla_deadline.map(Into::into),
        create_time: created_at.map(Into::into),
        update_time: updated_at.map(Into::into),
        submit_time: submitted_at.map(Into::into),
        assign_time: assigned_at.map(Into::into),
        confirm_time: confirmed_at.map(Into::into),
        reject_time: rejected_at.map(Into::into),
        start_time: in_progress_at.map(Into::into),
        complete_time: completed_at.map(Into::into),
        close_time: closed_at.map(Into::into),
        rate_time: rated_at.map(Into::into),
        rating,
        feedback,
        etag,
    }
}

fn reference(reference: NamedReference) -> wire::NamedReference {
    let NamedReference { id, name, name_ar } = reference;
    wire::NamedReference { id, name, name_ar }
}

pub(super) fn wire_status(status: Status) -> PartnerRequestStatus {
    match status {
        Status::Submitted => PartnerRequestStatus::Submitted,
        Status::Assigned => PartnerRequestStatus::Assigned,
        Status::Confirmed => PartnerRequestStatus::Confirmed,
        Status::InProgress => PartnerRequestStatus::InProgress,
        Status::Completed => PartnerRequestStatus::Completed,
        Status::Closed => PartnerRequestStatus::Closed,
        Status::Rejected => PartnerRequestStatus::Rejected,
        Status::Unassigned => PartnerRequestStatus::Unassigned,
    }
}
