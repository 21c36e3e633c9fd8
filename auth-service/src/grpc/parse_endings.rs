//! Reads the requests that end sessions into the domain's types.

use super::parse::password;
use crate::{
    domain::Revocation,
    model::{Password, Scope},
};
use contract::{
    errors::{InvalidField, invalid_fields},
    fields::Fields,
    ids::{SessionId, UserId},
    time::Timestamp,
};
use proto::auth::v1::{
    ChangePasswordRequest, ErrorReason, RevokeAllSessionsRequest, RevokeOwnSessionRequest,
    RevokeUserSessionsRequest, revoke_user_sessions_request as wire,
};
use tonic::Status;

/// The longest reason that staff may enter. On PostgreSQL, the audit log's column holds no more.
pub const MAX_REASON: usize = 200;

/// Whether the caller's session continues. The field is required, so that it does not end by
/// mistake.
pub(super) fn revoke_all_sessions(message: RevokeAllSessionsRequest) -> Result<bool, Status> {
    let mut fields = Fields::default();
    fields.require(
        message.keep_current.is_some(),
        "keep_current",
        "is required",
    );
    fields.done(message.keep_current.unwrap_or(true))
}

/// The current password and the new one. The domain checks the rules for new passwords.
pub(super) fn change_password(
    message: ChangePasswordRequest,
) -> Result<(Password, Password), Status> {
    let mut fields = Fields::default();
    let current = password(&mut fields, "current_password", message.current_password);
    let new = password(&mut fields, "new_password", message.new_password);
    fields.done((current, new))
}

/// Reads an id in its canonical form.
pub(super) fn revoke_own_session(message: &RevokeOwnSessionRequest) -> Result<SessionId, Status> {
    SessionId::parse(&message.session_id).ok_or_else(|| {
        let problem = "must be a session's id as ListSessions gives it";
        let wrong = vec![InvalidField::new("session_id", problem)];
        invalid_fields(ErrorReason::FieldInvalid, wrong)
    })
}

/// The sessions to end, and why. If they are those of many users, the caller's own session
/// continues.
pub(super) fn revoke_user_sessions(
    message: RevokeUserSessionsRequest,
    current: SessionId,
) -> Result<Revocation, Status> {
    let mut fields = Fields::default();
    let why = fields.text("reason", message.reason, 1..=MAX_REASON);
    if why.trim().is_empty() || why.contains(char::is_control) {
        fields.refuse("reason", "must be a text in one line");
    }
    let scope = match message.scope {
        Some(wire::Scope::UserId(id)) if id > 0 => Some(Scope::Of {
            user: UserId(id),
            but: None,
        }),
        Some(wire::Scope::UserId(_)) => {
            fields.refuse("user_id", "must be a user's id");
            None
        }
        Some(wire::Scope::CreatedBefore(time)) => {
            let time = Timestamp::try_from(time).ok();
            if time.is_none() {
                fields.refuse("created_before", "must be a time from year 1 to 9999");
            }
            time.map(|time| Scope::CreatedBefore { time, but: current })
        }
        None => {
            fields.refuse("scope", "must have user_id or created_before");
            None
        }
    };
    fields.done(Revocation {
        // without a scope, a field is invalid
        scope: scope.unwrap_or(Scope::Of {
            user: UserId(0),
            but: None,
        }),
        why,
        validate_only: message.validate_only,
    })
}
