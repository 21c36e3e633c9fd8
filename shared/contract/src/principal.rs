//! The user on whose behalf a call is made.

use crate::{
    errors,
    ids::{PartnerId, SessionId, UserId},
};
use proto::auth::v1::{self as wire, ErrorReason};
use tonic::{Code, Request, Status};

/// The validated user of a call, with the session. Handlers find it in the request's extensions
/// ([`principal`]). Only a validation creates it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub user_id: UserId,
    /// Display name.
    pub name: String,
    /// The kind of account.
    pub user_type: UserType,
    /// Name of the user's role.
    pub role: String,
    /// The partner that the user works for.
    pub partner_id: Option<PartnerId>,
    /// The permissions that the user has now, sorted.
    pub permissions: Vec<String>,
    /// The session that the call is made with.
    pub session_id: SessionId,
}

impl Principal {
    /// Whether the user has a permission.
    #[must_use]
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.iter().any(|held| held == permission)
    }
}

/// The kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserType {
    /// Platform staff that may do everything.
    Admin,
    /// Staff of one partner.
    Partner,
    /// A customer.
    Customer,
    /// Platform staff that run the daily work.
    Operation,
    /// A type that this version does not know. Such a user may not call an RPC that is limited to
    /// certain types.
    Unknown,
}

impl UserType {
    /// The types that have a name.
    pub const KNOWN: [Self; 4] = [Self::Admin, Self::Partner, Self::Customer, Self::Operation];

    /// The name in HTTP, for example `partner`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Partner => "partner",
            Self::Customer => "customer",
            Self::Operation => "operation",
            Self::Unknown => "unknown",
        }
    }
}

impl From<wire::UserType> for UserType {
    fn from(user_type: wire::UserType) -> Self {
        match user_type {
            wire::UserType::Admin => Self::Admin,
            wire::UserType::Partner => Self::Partner,
            wire::UserType::Customer => Self::Customer,
            wire::UserType::Operation => Self::Operation,
            wire::UserType::Unspecified => Self::Unknown,
        }
    }
}

impl From<UserType> for wire::UserType {
    fn from(user_type: UserType) -> Self {
        match user_type {
            UserType::Admin => Self::Admin,
            UserType::Partner => Self::Partner,
            UserType::Customer => Self::Customer,
            UserType::Operation => Self::Operation,
            UserType::Unknown => Self::Unspecified,
        }
    }
}

impl From<Principal> for wire::Principal {
    fn from(principal: Principal) -> Self {
        Self {
            user_id: principal.user_id.0,
            name: principal.name,
            user_type: wire::UserType::from(principal.user_type).into(),
            role: principal.role,
            partner_id: principal.partner_id.map(|id| id.0),
            permissions: principal.permissions,
            session_id: principal.session_id.to_string(),
        }
    }
}

impl Principal {
    /// Reads the wire form; `None` if its session id is malformed.
    #[must_use]
    pub fn from_wire(principal: wire::Principal) -> Option<Self> {
        Some(Self {
            user_id: UserId(principal.user_id),
            user_type: principal.user_type().into(),
            name: principal.name,
            role: principal.role,
            partner_id: principal.partner_id.map(PartnerId),
            permissions: principal.permissions,
            session_id: SessionId::parse(&principal.session_id)?,
        })
    }
}

/// The principal of a call whose access rule requires a session. INTERNAL if there is none, which
/// means that the handler runs outside of the session layer.
pub fn principal<T>(request: &Request<T>) -> Result<&Principal, Status> {
    request.extensions().get::<Principal>().ok_or_else(|| {
        tracing::error!("a handler that needs a principal was called without the session layer");
        errors::refuse(Code::Internal, ErrorReason::Internal, "internal error")
    })
}
