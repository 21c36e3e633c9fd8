//! From the wire to the domain's words, for the calls that end sessions.

use super::parse::Fields;
use crate::model::Password;
use proto::auth::v1::{
    ChangePasswordRequest, ErrorReason, RevokeAllSessionsRequest, RevokeOwnSessionRequest,
};
use shared::{
    errors::{InvalidField, invalid_fields},
    ids::SessionId,
};
use tonic::Status;

/// Whether the caller's session is kept. To end it, too, must be said.
pub(super) fn revoke_all_sessions(message: RevokeAllSessionsRequest) -> Result<bool, Status> {
    let mut fields = Fields::default();
    if message.keep_current.is_none() {
        fields.refuse("keep_current", "is required");
    }
    fields.done(message.keep_current.unwrap_or(true))
}

/// The current password and the new one, whose rules are the domain's.
pub(super) fn change_password(
    message: ChangePasswordRequest,
) -> Result<(Password, Password), Status> {
    let mut fields = Fields::default();
    let current = fields.password("current_password", message.current_password);
    let new = fields.password("new_password", message.new_password);
    fields.done((current, new))
}

/// The id in its one spelling.
pub(super) fn revoke_own_session(message: &RevokeOwnSessionRequest) -> Result<SessionId, Status> {
    SessionId::parse(&message.session_id).ok_or_else(|| {
        let problem = "must be a session's id as ListSessions gives it";
        let wrong = vec![InvalidField::new("session_id", problem)];
        invalid_fields(ErrorReason::FieldInvalid, wrong)
    })
}
