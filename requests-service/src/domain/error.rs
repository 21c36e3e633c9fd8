//! Why a question is not answered: one variant for each thing that the caller
//! can do about it.

use crate::store::StoreError;

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
    /// A search over all partners, in a database without the index for it.
    #[error(
        "this database has no index to search all partners' requests by: name the partners in \
         filter.partner_ids"
    )]
    SearchNeedsPartner,
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
            StoreError::Unavailable(_) => Self::Unavailable(error),
            StoreError::Driver(_) => Self::Internal(error),
        }
    }
}
