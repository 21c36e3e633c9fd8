//! Why a call is refused, with one variant for each reaction of the caller.

use crate::{
    model::{ChangeKind, Status},
    store::StoreError,
};

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request does not exist, or the caller may not see it.
    #[error("no such partner request")]
    NotFound,
    /// Users of this type may not see requests.
    #[error("users of your type may not see partner requests")]
    UserTypeNotAllowed,
    /// A partner user who works for no partner.
    #[error("your account belongs to no partner; ask the platform's staff to assign a partner")]
    PartnerNotAssigned,
    /// The filter names another partner than the caller's.
    #[error("the filter names a partner that is not yours")]
    PartnerNotYours,
    /// There are more groups than an answer may contain.
    #[error("gives more than 10,000 counts; narrow the filter, or group by status only")]
    TooManyKinds,
    /// The caller's partner does not exist, or is deleted or switched off.
    #[error("your partner was deleted")]
    PartnerDeleted,
    /// The caller's partner is inactive.
    #[error("your partner is inactive")]
    PartnerInactive,
    /// The caller's partner is suspended.
    #[error("your partner is suspended")]
    PartnerSuspended,
    /// The status does not allow this change.
    #[error("{change} is not possible while the request is {}", name(*status))]
    ChangeNotAllowed {
        /// The change.
        change: ChangeKind,
        /// The status of the request.
        status: Option<Status>,
    },
    /// The request already has the status that the change leads to.
    #[error("the request is already {}, because somebody was faster; read it again", status.name())]
    StatusReached {
        /// The status.
        status: Status,
    },
    /// The time to confirm has passed.
    #[error("the time to confirm this request has passed")]
    SlaDeadlinePassed,
    /// The request has changed since the caller read it.
    #[error("the request has changed since its etag was read; read it again")]
    EtagMismatch,
    /// The idempotency key belongs to another call.
    #[error("was used with another call within the last 24 hours; use a new one")]
    IdempotencyKeyReused,
    /// The partner of an assignment does not exist.
    #[error("there is no such partner")]
    PartnerNotFound,
    /// The partner of an assignment is not active.
    #[error("the partner is not active")]
    PartnerNotActive,
    /// The branch of an assignment does not exist.
    #[error("there is no such branch")]
    BranchNotFound,
    /// The branch of an assignment belongs to another partner.
    #[error("the branch is not one of the partner's")]
    BranchOfOtherPartner,
    /// The database does not answer. A repetition may succeed.
    #[error("the database does not answer at the moment; try again")]
    Unavailable(#[source] StoreError),
    /// A fault of the service. A repetition does not help.
    #[error("internal error")]
    Internal(#[source] StoreError),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            // a transaction that lost each time may also succeed later
            StoreError::Unavailable(_) | StoreError::Conflict(_) => Self::Unavailable(error),
            StoreError::Driver(_) => Self::Internal(error),
        }
    }
}

fn name(status: Option<Status>) -> &'static str {
    status.map_or("without a status", Status::name)
}
