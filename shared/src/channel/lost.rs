//! What became of a call that its connection failed.

use std::error::Error;
use tonic::{Code, Status, TimeoutExpired, transport};

/// Whether nothing of the call was done, so that it may be made anew whatever it does:
/// no connection could be made, the connection was closed before the call was sent, or
/// the other side says that it has not looked at it: with GOAWAY, as happens while it
/// stops, or with `REFUSED_STREAM` (RFC 9113, sections 6.8 and 8.7).
pub(crate) fn was_not_done(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            return error.is_canceled();
        }
        if let Some(error) = cause.downcast_ref::<h2::Error>() {
            let reason = error.reason();
            return error.is_remote()
                && (error.is_go_away() && reason == Some(h2::Reason::NO_ERROR)
                    || error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM));
        }
        cause.is::<tonic::ConnectError>()
    })
}

/// Whether the call's own time was up; then nothing is wrong with the connection.
pub(super) fn is_timeout(error: &transport::Error) -> bool {
    causes(error).any(<dyn Error>::is::<TimeoutExpired>)
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The status of a call that its connection failed.
pub(super) fn status(error: transport::Error) -> Status {
    as_unavailable(Status::from_error(Box::new(error)))
}

/// What became of a call whose connection was lost is not known: UNAVAILABLE, as other
/// clients of gRPC say it, where tonic says UNKNOWN.
pub(super) fn as_unavailable(status: Status) -> Status {
    match status.code() {
        Code::Unknown => Status::unavailable("the connection to the replica was lost"),
        _ => status,
    }
}
