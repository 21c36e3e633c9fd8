//! Why a call failed, and what may be done about it.

use std::{error::Error, io, sync::Arc};
use tonic::{Code, ConnectError, Status, TimeoutExpired, transport};

/// A call that was not answered.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No connection could be made for it.
    #[error("no connection could be made")]
    Unconnected(#[source] Arc<transport::Error>),
    /// It failed on one.
    #[error(transparent)]
    Failed(#[from] transport::Error),
}

/// Why a connector gives no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotConnected {
    /// It is for one connection, which was begun before.
    #[error("the connection was closed")]
    Closed,
    /// There is nobody, or nobody who proves to be the one.
    #[error(transparent)]
    Failed(#[from] io::Error),
}

/// Why a call failed on the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallFailure {
    /// No connection can be made.
    Unconnected,
    /// The connection was closed before the call was sent; or the other side says that
    /// it goes away and has not looked at it (GOAWAY: RFC 9113, section 6.8). hyper may
    /// say so also of a call whose message it has not begun to send. Another connection
    /// may serve it.
    Closed,
    /// The other side refused to look at it (`REFUSED_STREAM`: RFC 9113, section 8.7).
    Refused,
    /// The call's own time was up.
    TimedOut,
    /// The other side gave up this call, and no other.
    Reset,
    /// The connection was lost, and what was done is not known.
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

    /// Whether nobody has seen the call's message, so that it may be sent anew whatever
    /// it asks for.
    pub(crate) fn is_unprocessed(self) -> bool {
        matches!(self, Self::Unconnected | Self::Closed | Self::Refused)
    }

    /// Whether the connection may serve other calls.
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

/// The status of a call whose time is up, where tonic says CANCELLED.
pub(super) fn out_of_time() -> Status {
    Status::deadline_exceeded("no replica answered in the call's time")
}

/// What became of a call whose connection was lost is not known: UNAVAILABLE, as other
/// clients of gRPC say it, where tonic says UNKNOWN.
pub(super) fn as_unavailable(status: Status) -> Status {
    if status.code() != Code::Unknown {
        return status;
    }
    tracing::debug!(%status, "a connection was lost");
    let mut lost = Status::unavailable("the connection to the replica was lost");
    lost.set_source(Arc::new(status));
    lost
}
