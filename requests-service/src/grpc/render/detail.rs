//! Writes the response of GetPartnerRequest.

use super::{partner_request, wire_status};
use crate::model::{Actor, BranchContact, ChangeKind, Detail, TimelineEntry};
use proto::requests::v1::{
    self as wire, GetPartnerRequestResponse, PartnerRequestChange, PartnerRequestStatus,
};

/// Writes the response.
pub(in crate::grpc) fn detail(detail: Detail) -> GetPartnerRequestResponse {
    let Detail {
        request,
        timeline,
        branch_contact,
        time_left,
        permitted,
    } = detail;
    GetPartnerRequestResponse {
        partner_request: Some(partner_request(request)),
        timeline: timeline.into_iter().map(entry).collect(),
        branch_contact: branch_contact.map(contact),
        time_left: time_left.and_then(|time| time.try_into().ok()),
        permitted_changes: permitted
            .into_iter()
            .map(|change| wire_change(change).into())
            .collect(),
    }
}

fn entry(entry: TimelineEntry) -> wire::TimelineEntry {
    let TimelineEntry {
        status,
        at,
        actor,
        notes,
    } = entry;
    wire::TimelineEntry {
        status: status
            .map_or(PartnerRequestStatus::Unspecified, wire_status)
            .into(),
        time: at.map(Into::into),
        actor: actor.map(|Actor { id, name }| wire::Actor {
            user_id: id.0,
            name,
        }),
        notes,
    }
}

fn contact(contact: BranchContact) -> wire::BranchContact {
    let BranchContact { address, phone } = contact;
    wire::BranchContact { address, phone }
}

fn wire_change(change: ChangeKind) -> PartnerRequestChange {
    match change {
        ChangeKind::Assign => PartnerRequestChange::Assign,
        ChangeKind::Confirm => PartnerRequestChange::Confirm,
        ChangeKind::Reject => PartnerRequestChange::Reject,
        ChangeKind::Start => PartnerRequestChange::Start,
        ChangeKind::StepBack => PartnerRequestChange::StepBack,
        ChangeKind::Complete => PartnerRequestChange::Complete,
        ChangeKind::Reopen => PartnerRequestChange::Reopen,
        ChangeKind::Close => PartnerRequestChange::Close,
    }
}
