//! A change that a caller wants to make to a request, and what makes it safe to repeat.

use super::ChangeKind;
use contract::ids::{BranchId, PartnerId, PartnerRequestId};

/// A change with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Assign it to a branch of a partner.
    Assign {
        /// The partner.
        partner: PartnerId,
        /// The branch, of that partner.
        branch: BranchId,
    },
    /// Confirm it.
    Confirm,
    /// Reject it.
    Reject {
        /// The reason.
        reason: String,
    },
    /// Begin to work on it.
    Start,
    /// Step back to confirmed.
    StepBack,
    /// Complete it.
    Complete,
    /// Reopen it: back to in progress.
    Reopen,
    /// Close it.
    Close,
}

impl Change {
    /// The change without its arguments.
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
    /// The request.
    pub request: PartnerRequestId,
    /// The change.
    pub change: Change,
    /// The etag that the caller read; `None`: any.
    pub etag: Option<Etag>,
    /// The key that makes a repetition of the call safe.
    pub idempotency: Option<Idempotency>,
}

/// A digest of the columns of a request's own row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etag(pub String);

/// An idempotency key, and the call that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// At most 64 visible ASCII characters.
    pub key: String,
    /// Digest of the RPC and its message.
    pub call: [u8; 32],
}

/// A response in its wire form, so that a repeated call gets the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(pub Vec<u8>);
