//! A change that a caller wants to make to a request, and what makes it safe to repeat.

use super::ChangeKind;
use contract::ids::{BranchId, PartnerId, PartnerRequestId};

/// A change with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Change {
    /// Assign it to this branch of this partner.
    Assign {
        partner: PartnerId,
        branch: BranchId,
    },
    Confirm,
    Reject {
        reason: String,
    },
    Start,
    /// From in progress back to confirmed.
    StepBack,
    Complete,
    /// From completed back to in progress.
    Reopen,
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
#[allow(missing_docs, reason = "the names say it")]
pub struct Command {
    pub request: PartnerRequestId,
    pub change: Change,
    /// The change is made only if the request still has this etag.
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
