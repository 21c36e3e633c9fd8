//! Why a call failed, and what may be done about it.

use std::{error::Error, io, sync::Arc};
use tonic::{Code, ConnectError, Status, TimeoutExpired, transport};

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No connection could be made for the call.
    #[error("no connection could be made")]
    Unconnected(#[source] Arc<transport::Error>),
    /// The call failed on a connection.
    #[error(transparent)]
    Failed(#[from] transport::Error),
}

/// Why a connector makes no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotConnected {
    /// The connector makes one connection only, and has already made it.
    #[error("the connection was closed")]
    Closed,
    /// Nobody answers, or the server does not prove its identity.
    #[error(transparent)]
    Failed(#[from] io::Error),
}

/// Why a call failed on the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallFailure {
    /// No connection can be made.
    Unconnected,
    /// The connection was closed before the call was sent; or the other side stops and has not
    /// processed the call (GOAWAY: RFC 9113, section 6.8). hyper may also report this for a call
    /// whose message it has not begun to send. Another connection may serve the call.
    Closed,
    /// The other side refused the call without processing it (`REFUSED_STREAM`: RFC 9113, section
    /// 8.7).
    Refused,
    /// The call's time was over.
    TimedOut,
    /// The other side aborted this call only.
    Reset,
    /// The connection was lost, and the call may have been processed.
    Broken,
}

impl CallFailure {
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut causes = std::iter::successors(Some(error), |&error| error.source());
        causes.find_map(Self::by_cause).unwrap_or(Self::Broken)
    }

    fn by_cause(cause: &(dyn Error + 'static)) -> Option<Self> {
        if cause.is::<TimeoutExpired>() {
            return Some(Self::TimedOut);
        }
        if let Some(CallError::Unconnected(_)) = cause.downcast_ref() {
            return Some(Self::Unconnected);
        }
        if let Some(ConnectError(cause)) = cause.downcast_ref() {
            return match cause.downcast_ref() {
                Some(NotConnected::Closed) => Some(Self::Closed),
                _ => Some(Self::Unconnected),
            };
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            return error.is_canceled().then_some(Self::Closed);
        }
        let error = cause.downcast_ref::<h2::Error>()?;
        match error.reason() {
            _ if !error.is_remote() => None,
            Some(h2::Reason::NO_ERROR) if error.is_go_away() => Some(Self::Closed),
            Some(h2::Reason::REFUSED_STREAM) if error.is_reset() => Some(Self::Refused),
            _ if error.is_reset() => Some(Self::Reset),
            _ => None,
        }
    }

    /// Whether no server has processed the call, so that it may be sent again whatever it does
    /// ("transparent retry" in gRFC A6).
    pub(crate) fn is_unprocessed(self) -> bool {
        matches!(self, Self::Unconnected | Self::Closed | Self::Refused)
    }

    /// Whether other calls may still use the connection.
    pub(super) fn connection_is_usable(self) -> bool {
        matches!(self, Self::Refused | Self::TimedOut | Self::Reset)
    }
}

/// The status of a call that failed.
pub(super) fn status(error: CallError) -> Status {
    match CallFailure::of(&error) {
        CallFailure::TimedOut => out_of_time(),
        failure if failure.is_unprocessed() => Status::unavailable("the connection was closed"),
        _ => as_unavailable(Status::from_error(Box::new(error))),
    }
}

/// The status of a call whose time is over. tonic would say CANCELLED.
pub(super) fn out_of_time() -> Status {
    Status::deadline_exceeded("no replica answered in the call's time")
}

/// UNAVAILABLE for a call whose connection was lost, as in other gRPC clients. tonic would say
/// UNKNOWN.
pub(super) fn as_unavailable(status: Status) -> Status {
    if status.code() != Code::Unknown {
        return status;
    }
    tracing::debug!(%status, "a connection was lost");
    let mut lost = Status::unavailable("the connection to the replica was lost");
    lost.set_source(Arc::new(status));
    lost
}
