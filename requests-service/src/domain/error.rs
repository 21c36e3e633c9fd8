//! Why a question is not answered: one variant for each thing that the caller
//! can do about it.

use crate::{
    model::{ChangeKind, Status},
    store::StoreError,
};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such request exists for the caller.
    #[error("no such partner request")]
    NotFound,
    /// Requests are not for users of this type.
    #[error("partner requests are not for users of your type")]
    UserTypeNotAllowed,
    /// A partner user that belongs to no partner.
    #[error("your account belongs to no partner; ask the platform's staff to assign one")]
    PartnerNotAssigned,
    /// The filter names a partner that is not the caller's.
    #[error("the filter names a partner that is not yours")]
    PartnerNotYours,
    /// More kinds of requests than an answer holds.
    #[error("gives more than 10,000 counts; narrow the filter, or group by nothing")]
    TooManyKinds,
    /// The caller's partner is gone.
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
        /// What was to be done.
        change: ChangeKind,
        /// Where the request stands.
        status: Option<Status>,
    },
    /// The request stands already where the change leads.
    #[error("the request is {} already: somebody was faster; read it anew", status.name())]
    StatusReached {
        /// Where it stands.
        status: Status,
    },
    /// The time to confirm has passed.
    #[error("the time to confirm this request has passed")]
    SlaDeadlinePassed,
    /// The request is not as the caller read it.
    #[error("the request has changed since its etag was read; read it anew")]
    EtagMismatch,
    /// The idempotency key belongs to another call.
    #[error("was used with another call within the last 24 hours; use a new one")]
    IdempotencyKeyReused,
    /// There is no such partner to assign to.
    #[error("there is no such partner")]
    PartnerNotFound,
    /// The partner to assign to may not work.
    #[error("the partner is not active")]
    PartnerNotActive,
    /// There is no such branch to assign to.
    #[error("there is no such branch")]
    BranchNotFound,
    /// The branch to assign to is another partner's.
    #[error("the branch is not one of the partner's")]
    BranchOfOtherPartner,
    /// The database does not answer: the same question may be answered later.
    #[error("the database does not answer at the moment; try again")]
    Unavailable(#[source] StoreError),
    /// A fault of ours: asking again does not help.
    #[error("internal error")]
    Internal(#[source] StoreError),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            // what lost to another transaction each time may be asked again, too
            StoreError::Unavailable(_) | StoreError::Conflict(_) => Self::Unavailable(error),
            StoreError::Driver(_) => Self::Internal(error),
        }
    }
}

fn name(status: Option<Status>) -> &'static str {
    status.map_or("without a status", Status::name)
}
