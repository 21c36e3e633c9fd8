//! UpdatePartnerRequestStatus, AssignPartnerRequest, ClosePartnerRequest.

mod document;
mod idempotency;
mod life_cycle;
mod locks;
mod races;
mod rules;
mod timeout_job;

use crate::support::{self, Row, Service};
use proto::requests::v1::{
    AssignPartnerRequestRequest, ClosePartnerRequestRequest, GetPartnerRequestRequest,
    PartnerRequest, PartnerRequestChange, UpdatePartnerRequestStatusRequest,
    get_partner_request_request::Key,
};
use tonic::Status;

/// The token of a user of this partner who may see and change requests: user 901 or 902.
pub(crate) fn partner_with_update(id: i32) -> String {
    support::of("partner", "request_view+request_update", Some(id), 900 + id)
}

pub(crate) fn staff() -> String {
    support::of(
        "admin",
        "request_view+request_update+request_assign+request_close",
        None,
        903,
    )
}

pub(crate) fn update(id: i32, change: PartnerRequestChange) -> UpdatePartnerRequestStatusRequest {
    let reason = match change {
        PartnerRequestChange::Reject => "no car is free today",
        _ => "",
    };
    UpdatePartnerRequestStatusRequest {
        request_id: id,
        change: change.into(),
        reason: reason.to_owned(),
        ..UpdatePartnerRequestStatusRequest::default()
    }
}

pub(crate) fn assign(id: i32, partner: i32, branch: i32) -> AssignPartnerRequestRequest {
    AssignPartnerRequestRequest {
        request_id: id,
        partner_id: partner,
        branch_id: branch,
        ..AssignPartnerRequestRequest::default()
    }
}

pub(crate) fn close(id: i32) -> ClosePartnerRequestRequest {
    ClosePartnerRequestRequest {
        request_id: id,
        ..ClosePartnerRequestRequest::default()
    }
}

pub(crate) fn by_id(id: i32) -> GetPartnerRequestRequest {
    GetPartnerRequestRequest {
        key: Some(Key::RequestId(id)),
    }
}

/// A request that waits for partner 1 to confirm, as the platform assigned it.
pub(crate) async fn waiting(service: &Service, id: i32) -> PartnerRequest {
    let row = Row {
        status: Some("submitted"),
        ..Row::new(id, None)
    };
    service.insert(&[row]).await;
    service.assign(&staff(), assign(id, 1, 11)).await.unwrap()
}

/// Does a change in the way of whoever may.
pub(crate) async fn done(
    service: &Service,
    token: &str,
    id: i32,
    change: PartnerRequestChange,
) -> Result<PartnerRequest, Status> {
    match change {
        PartnerRequestChange::Assign => service.assign(token, assign(id, 2, 21)).await,
        PartnerRequestChange::Close => service.close(token, close(id)).await,
        change => service.update(token, update(id, change)).await,
    }
}
