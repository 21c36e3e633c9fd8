//! Reads the requests that change a partner request.

use crate::model::{Change, Command, Etag, Idempotency};
use aws_lc_rs::digest::{SHA256, digest};
use contract::{
    fields::Fields,
    ids::{BranchId, PartnerId, PartnerRequestId},
    text::without_unseen,
};
use prost::Message;
use proto::requests::v1::{
    AssignPartnerRequestRequest, ClosePartnerRequestRequest, PartnerRequestChange,
    UpdatePartnerRequestStatusRequest,
};
use std::ops::RangeInclusive;
use tonic::Status as Refusal;

/// The number of characters in a reason.
const REASON: RangeInclusive<usize> = 10..=1_000;
const MAX_ETAG: usize = 64;
const MAX_IDEMPOTENCY_KEY: usize = 64;

/// Reads UpdatePartnerRequestStatus.
pub(in crate::grpc) fn update(
    message: &UpdatePartnerRequestStatusRequest,
) -> Result<Command, Refusal> {
    let UpdatePartnerRequestStatusRequest {
        request_id,
        change,
        reason,
        etag,
        idempotency_key,
    } = message;
    let keyless = UpdatePartnerRequestStatusRequest {
        idempotency_key: String::new(),
        ..message.clone()
    };
    let mut fields = Fields::default();
    let command = Command {
        request: fields.id("request_id", *request_id, PartnerRequestId),
        change: read_change(&mut fields, *change, reason),
        etag: read_etag(&mut fields, etag),
        idempotency: idempotency(
            &mut fields,
            idempotency_key,
            "UpdatePartnerRequestStatus",
            &keyless,
        ),
    };
    fields.done(command)
}

/// Reads AssignPartnerRequest.
pub(in crate::grpc) fn assign(message: &AssignPartnerRequestRequest) -> Result<Command, Refusal> {
    let AssignPartnerRequestRequest {
        request_id,
        partner_id,
        branch_id,
        etag,
        idempotency_key,
    } = message;
    let keyless = AssignPartnerRequestRequest {
        idempotency_key: String::new(),
        ..message.clone()
    };
    let mut fields = Fields::default();
    let command = Command {
        request: fields.id("request_id", *request_id, PartnerRequestId),
        change: Change::Assign {
            partner: fields.id("partner_id", *partner_id, PartnerId),
            branch: fields.id("branch_id", *branch_id, BranchId),
        },
        etag: read_etag(&mut fields, etag),
        idempotency: idempotency(
            &mut fields,
            idempotency_key,
            "AssignPartnerRequest",
            &keyless,
        ),
    };
    fields.done(command)
}

/// Reads ClosePartnerRequest.
pub(in crate::grpc) fn close(message: &ClosePartnerRequestRequest) -> Result<Command, Refusal> {
    let ClosePartnerRequestRequest {
        request_id,
        etag,
        idempotency_key,
    } = message;
    let keyless = ClosePartnerRequestRequest {
        idempotency_key: String::new(),
        ..message.clone()
    };
    let mut fields = Fields::default();
    let command = Command {
        request: fields.id("request_id", *request_id, PartnerRequestId),
        change: Change::Close,
        etag: read_etag(&mut fields, etag),
        idempotency: idempotency(
            &mut fields,
            idempotency_key,
            "ClosePartnerRequest",
            &keyless,
        ),
    };
    fields.done(command)
}

fn read_change(fields: &mut Fields, kind: i32, reason: &str) -> Change {
    let kind = PartnerRequestChange::try_from(kind);
    if kind == Ok(PartnerRequestChange::Reject) {
        let reason = fields.text("reason", reason.trim(), 0..=*REASON.end());
        let seen = without_unseen(&reason).trim().chars().count();
        let long_enough = seen >= *REASON.start();
        let problem = format!(
            "must have at least {} characters, not counting those that cannot be seen",
            REASON.start()
        );
        fields.require(long_enough, "reason", &problem);
        return Change::Reject { reason };
    }
    fields.require(reason.is_empty(), "reason", "goes with REJECT only");
    match kind {
        Ok(PartnerRequestChange::Confirm) => Change::Confirm,
        Ok(PartnerRequestChange::Start) => Change::Start,
        Ok(PartnerRequestChange::Complete) => Change::Complete,
        Ok(PartnerRequestChange::StepBack) => Change::StepBack,
        Ok(PartnerRequestChange::Reopen) => Change::Reopen,
        Ok(PartnerRequestChange::Assign | PartnerRequestChange::Close) => {
            fields.refuse("change", "has an RPC of its own");
            Change::Close
        }
        Ok(PartnerRequestChange::Unspecified | PartnerRequestChange::Reject) | Err(_) => {
            fields.refuse("change", "must be a change other than UNSPECIFIED");
            Change::Close
        }
    }
}

/// Reads an etag. It is only compared, so any text is accepted.
fn read_etag(fields: &mut Fields, etag: &str) -> Option<Etag> {
    let etag = fields.text("etag", etag, 0..=MAX_ETAG);
    (!etag.is_empty()).then_some(Etag(etag))
}

/// Reads the idempotency key, with a digest of the call that it belongs to.
fn idempotency(
    fields: &mut Fields,
    key: &str,
    rpc: &str,
    keyless: &impl Message,
) -> Option<Idempotency> {
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    fields.require(
        visible && key.len() <= MAX_IDEMPOTENCY_KEY,
        "idempotency_key",
        "must be at most 64 visible ASCII characters",
    );
    if key.is_empty() {
        return None;
    }
    let mut call = rpc.as_bytes().to_vec();
    call.push(0);
    call.extend(keyless.encode_to_vec());
    let digest = digest(&SHA256, &call);
    Some(Idempotency {
        key: key.to_owned(),
        call: digest.as_ref().try_into().unwrap_or_default(),
    })
}
