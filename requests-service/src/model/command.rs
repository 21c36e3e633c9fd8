//! What a caller wants done with a request, and how it makes that safe.

use super::ChangeKind;
use contract::ids::{BranchId, PartnerId, PartnerRequestId};

/// A change with what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Give it to a branch of a partner.
    Assign {
        /// The partner.
        partner: PartnerId,
        /// The branch, of that partner.
        branch: BranchId,
    },
    /// Take it.
    Confirm,
    /// Refuse it.
    Reject {
        /// Why.
        reason: String,
    },
    /// Begin to work on it.
    Start,
    /// Back to confirmed.
    StepBack,
    /// Be done with it.
    Complete,
    /// Back to in progress.
    Reopen,
    /// Close it.
    Close,
}

impl Change {
    /// The change that it is.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        match self {
            Self::Assign { .. } => ChangeKind::Assign,
            Self::Confirm => ChangeKind::Confirm,
            Self::Reject { .. } => ChangeKind::Reject,
            Self::Start => ChangeKind::Start,
            Self::StepBack => ChangeKind::StepBack,
            Self::Complete => ChangeKind::Complete,
            Self::Reopen => ChangeKind::Reopen,
            Self::Close => ChangeKind::Close,
        }
    }
}

/// A call that changes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Which request.
    pub request: PartnerRequestId,
    /// What to do.
    pub change: Change,
    /// As the caller read it; `None`: as it is now.
    pub etag: Option<Etag>,
    /// What makes a second call a repetition of the first.
    pub idempotency: Option<Idempotency>,
}

/// A digest of all that a request's own row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etag(pub String);

/// A key that a caller chose for a call, and what the call was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// At most 64 visible ASCII characters.
    pub key: String,
    /// Digest of the RPC and its message.
    pub call: [u8; 32],
}

/// The answer to a call as the wire writes it, so that a repeated call gets the
/// same to the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(pub Vec<u8>);
