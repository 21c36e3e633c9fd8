//! How a refusal looks on the wire: a code, a message that the caller can act
//! on, and the details of the Google APIs (AIP-193) that a program reads.

use proto::{
    auth::{self, v1::ErrorReason::NotGiven},
    requests,
};
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// `google.rpc.ErrorInfo.domain` of every error of this back end.
pub const DOMAIN: &str = "ticketing";

/// What every enum value of a reason starts with, and the wire omits.
const PREFIX: &str = "ERROR_REASON_";

/// When to come back after UNAVAILABLE or RESOURCE_EXHAUSTED.
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

/// A refusal with its reason. UNAVAILABLE and RESOURCE_EXHAUSTED say when to
/// come back.
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

/// A refusal with its reason, which the same call will meet again whenever it comes.
#[must_use]
pub fn refuse_for_good(code: Code, reason: impl Reason, message: impl Into<String>) -> Status {
    let details = ErrorDetails::with_error_info(reason.wire_name(), DOMAIN, []);
    Status::with_error_details(code, message, details)
}

/// A refusal with its reason, until a time that is known.
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

/// PERMISSION_DENIED of a user who lacks a permission, which the metadata names.
#[must_use]
pub fn permission_missing(permission: &str) -> Status {
    let reason = auth::v1::ErrorReason::PermissionMissing.wire_name();
    let metadata = [("permission".to_owned(), permission.to_owned())];
    let details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
    let message = format!("this call needs the permission {permission}");
    Status::with_error_details(Code::PermissionDenied, message, details)
}

/// INVALID_ARGUMENT that names the fields.
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

/// A field of a message that cannot be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidField {
    /// Path of the field, as in the proto: `filter.submit_time.end_time`.
    pub field: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl InvalidField {
    /// A field and what is wrong with it.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

/// Whether a status says why, be it in the words of another back end.
#[must_use]
pub fn has_reason(status: &Status) -> bool {
    status.get_error_details().error_info().is_some()
}

/// The status of somebody who gave no reason, which says so.
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

/// The reason that a status of this back end carries; `None` if it comes from
/// elsewhere, or from somebody here who gave none.
#[must_use]
pub fn reason_of(status: &Status) -> Option<String> {
    let info = status.get_error_details().error_info()?.clone();
    (info.domain == DOMAIN && info.reason != NotGiven.wire_name()).then_some(info.reason)
}

/// The reason of auth-service or of the session layer behind a name on the wire.
#[must_use]
pub fn auth_reason(wire_name: &str) -> Option<auth::v1::ErrorReason> {
    auth::v1::ErrorReason::from_str_name(&format!("{PREFIX}{wire_name}"))
}

/// How long a refusal asks its caller to wait (`google.rpc.RetryInfo`).
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
