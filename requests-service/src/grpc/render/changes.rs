//! Writes the responses to changes. A response is stored, so that a repeated call gets the same
//! one. The first response is read from the same bytes.

use super::partner_request;
use crate::model::{Answer, PartnerRequest};
use contract::errors::refuse;
use prost::Message;
use proto::requests::v1::{ErrorReason, UpdatePartnerRequestStatusResponse};
use tonic::{Code, Response, Status};

/// The response to any change. The three responses are one message with three names.
pub(in crate::grpc) fn answer(request: PartnerRequest) -> Answer {
    let response = UpdatePartnerRequestStatusResponse {
        partner_request: Some(partner_request(request)),
    };
    Answer(response.encode_to_vec())
}

/// Decodes a response for its RPC.
pub(in crate::grpc) fn response<M: Message + Default>(
    answer: &Answer,
) -> Result<Response<M>, Status> {
    M::decode(answer.0.as_slice())
        .map(Response::new)
        .map_err(|error| {
            tracing::error!(%error, "a kept answer does not decode");
            refuse(Code::Internal, ErrorReason::Internal, "internal error")
        })
}
