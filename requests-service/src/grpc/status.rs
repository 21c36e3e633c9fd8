//! Converts the domain's errors into statuses, in one place.

use crate::domain::Error;
use contract::errors::{InvalidField, chain, invalid_fields, refuse};
use proto::requests::v1::ErrorReason;
use tonic::{Code, Status};

impl From<Error> for Status {
    /// The status of a call that is refused. The cause of an outage or a fault is logged here,
    /// once, and the caller does not see it.
    fn from(error: Error) -> Self {
        let (code, reason) = match &error {
            Error::NotFound => (Code::NotFound, ErrorReason::PartnerRequestNotFound),
            Error::UserTypeNotAllowed => (Code::PermissionDenied, ErrorReason::UserTypeNotAllowed),
            Error::PartnerNotAssigned => (Code::PermissionDenied, ErrorReason::PartnerNotAssigned),
            Error::PartnerNotYours => (Code::PermissionDenied, ErrorReason::PartnerNotYours),
            Error::TooManyKinds => {
                let field = InvalidField::new("group_by", error.to_string());
                return invalid_fields(ErrorReason::FieldInvalid, vec![field]);
            }
            Error::PartnerDeleted => (Code::PermissionDenied, ErrorReason::PartnerDeleted),
            Error::PartnerInactive => (Code::PermissionDenied, ErrorReason::PartnerInactive),
            Error::PartnerSuspended => (Code::PermissionDenied, ErrorReason::PartnerSuspended),
            Error::ChangeNotAllowed { .. } => {
                (Code::FailedPrecondition, ErrorReason::ChangeNotAllowed)
            }
            Error::StatusReached { .. } => (Code::Aborted, ErrorReason::StatusReached),
            Error::SlaDeadlinePassed => (Code::FailedPrecondition, ErrorReason::SlaDeadlinePassed),
            Error::EtagMismatch => (Code::Aborted, ErrorReason::EtagMismatch),
            Error::IdempotencyKeyReused => {
                let field = InvalidField::new("idempotency_key", error.to_string());
                return invalid_fields(ErrorReason::IdempotencyKeyReused, vec![field]);
            }
            Error::PartnerNotFound => (Code::FailedPrecondition, ErrorReason::PartnerNotFound),
            Error::PartnerNotActive => (Code::FailedPrecondition, ErrorReason::PartnerNotActive),
            Error::BranchNotFound => (Code::FailedPrecondition, ErrorReason::BranchNotFound),
            Error::BranchOfOtherPartner => {
                (Code::FailedPrecondition, ErrorReason::BranchOfOtherPartner)
            }
            Error::Unavailable(source) => {
                tracing::warn!(cause = chain(source), "the database does not answer");
                (Code::Unavailable, ErrorReason::DatabaseUnavailable)
            }
            Error::Internal(source) => {
                tracing::error!(cause = chain(source), "a statement failed");
                (Code::Internal, ErrorReason::Internal)
            }
        };
        refuse(code, reason, error.to_string())
    }
}
