//! How a refusal looks on the wire: a code, a message that tells the caller what to do, and the
//! details of the Google APIs (AIP-193) for programs.

use proto::{
    auth::{self, v1::ErrorReason::NotGiven},
    requests,
};
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// The `google.rpc.ErrorInfo.domain` of every error of these services.
pub const DOMAIN: &str = "ticketing";

/// The prefix of a reason in the proto file. The wire omits it.
const PREFIX: &str = "ERROR_REASON_";

/// When to retry after UNAVAILABLE or RESOURCE_EXHAUSTED.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A proto enum of reasons.
pub trait Reason: Copy {
    /// Name of the value in the proto file, with its prefix.
    fn full_name(self) -> &'static str;

    /// The name on the wire, for example `TOKEN_EXPIRED`.
    fn wire_name(self) -> &'static str {
        let name = self.full_name();
        name.strip_prefix(PREFIX).unwrap_or(name)
    }
}

impl Reason for auth::v1::ErrorReason {
    fn full_name(self) -> &'static str {
        self.as_str_name()
    }
}

impl Reason for requests::v1::ErrorReason {
    fn full_name(self) -> &'static str {
        self.as_str_name()
    }
}

/// A refusal with its reason. UNAVAILABLE and RESOURCE_EXHAUSTED say when to retry.
#[must_use]
pub fn refuse(code: Code, reason: impl Reason, message: impl Into<String>) -> Status {
    if may_be_retried(code) {
        return refuse_for(RETRY_AFTER, code, reason, message);
    }
    refuse_for_good(code, reason, message)
}

fn may_be_retried(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::ResourceExhausted)
}

/// A refusal that will not change if the same call is made again, so it does not say when to retry.
#[must_use]
pub fn refuse_for_good(code: Code, reason: impl Reason, message: impl Into<String>) -> Status {
    let details = ErrorDetails::with_error_info(reason.wire_name(), DOMAIN, []);
    Status::with_error_details(code, message, details)
}

/// A refusal that says when to retry.
#[must_use]
pub fn refuse_for(
    wait: Duration,
    code: Code,
    reason: impl Reason,
    message: impl Into<String>,
) -> Status {
    let mut details = ErrorDetails::with_error_info(reason.wire_name(), DOMAIN, []);
    details.set_retry_info(Some(wait));
    Status::with_error_details(code, message, details)
}

/// PERMISSION_DENIED for a user who lacks a permission. The metadata names the permission.
#[must_use]
pub fn permission_missing(permission: &str) -> Status {
    let reason = auth::v1::ErrorReason::PermissionMissing.wire_name();
    let metadata = [("permission".to_owned(), permission.to_owned())];
    let details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
    let message = format!("this call needs the permission {permission}");
    Status::with_error_details(Code::PermissionDenied, message, details)
}

/// INVALID_ARGUMENT that names the invalid fields.
#[must_use]
pub fn invalid_fields(reason: impl Reason, fields: Vec<InvalidField>) -> Status {
    let message = fields
        .iter()
        .map(|field| format!("{}: {}", field.field, field.problem))
        .collect::<Vec<_>>()
        .join("; ");
    let violations = fields
        .into_iter()
        .map(|field| FieldViolation::new(field.field, field.problem))
        .collect::<Vec<_>>();
    let mut details = ErrorDetails::with_bad_request(violations);
    details.set_error_info(reason.wire_name(), DOMAIN, []);
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// An invalid field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidField {
    /// The path of the field in the proto file: `filter.submit_time.end_time`.
    pub field: String,
    /// What is wrong, or what would be right.
    pub problem: String,
}

impl InvalidField {
    /// A field, and why it is invalid.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

/// Whether a status has a reason of any domain.
#[must_use]
pub fn has_reason(status: &Status) -> bool {
    status.get_error_details().error_info().is_some()
}

/// Adds the reason NOT_GIVEN to a status that has no reason.
#[must_use]
pub fn without_reason(status: &Status) -> Status {
    let (code, message) = (status.code(), status.message());
    let mut details = status.get_error_details();
    details.set_error_info(NotGiven.wire_name(), DOMAIN, []);
    if may_be_retried(code) && details.retry_info().is_none() {
        details.set_retry_info(Some(RETRY_AFTER));
    }
    let metadata = status.metadata().clone();
    Status::with_error_details_and_metadata(code, message, details, metadata)
}

/// The reason of a status of these services; `None` if the status has none, or comes from
/// elsewhere.
#[must_use]
pub fn reason_of(status: &Status) -> Option<String> {
    let info = status.get_error_details().error_info()?.clone();
    (info.domain == DOMAIN && info.reason != NotGiven.wire_name()).then_some(info.reason)
}

/// The reason of auth-service or of the session layer with this name on the wire.
#[must_use]
pub fn auth_reason(wire_name: &str) -> Option<auth::v1::ErrorReason> {
    auth::v1::ErrorReason::from_str_name(&format!("{PREFIX}{wire_name}"))
}

/// How long a refusal tells its caller to wait (`google.rpc.RetryInfo`).
#[must_use]
pub fn retry_after(status: &Status) -> Option<Duration> {
    status.get_error_details().retry_info()?.retry_delay
}

/// An error and its causes in one line, for a log.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}
