//! The causes of what happens to a session, a token or a log-in. A cause has one name in metrics,
//! in logs and, in upper case, in the contract. The text in the database is the same, except for
//! some causes that had another name when the first rows were written.
//!
//! | question | answered by |
//! | --- | --- |
//! | Which causes exist, and what are their names? | [`Cause`] |
//! | Which causes end a session? | [`EndReason`] |
//! | Which causes refuse a session or a token, and what does the caller read? | [`Refusal`] |
//! | Which causes can a refresh have? | [`Cause::of_refresh`] |

use super::{AuditOutcome, texts::texts};
use proto::auth::v1::ErrorReason;
use std::fmt;

texts! {
    /// A cause. Add new ones at the end: the fingerprint of a list of audit events depends on the
    /// order, so another order would invalidate the page tokens of older builds.
    Cause {
        /// The e-mail of a registration is taken.
        EmailTaken = "email_taken",
        /// No account has the e-mail of a log-in.
        EmailUnknown = "email_unknown",
        /// The password does not match.
        PasswordWrong = "password_wrong",
        /// The user is disabled or deleted.
        UserInvalid = "user_invalid",
        /// Too many attempts were made.
        Throttled = "throttled",
        /// A refresh began the next generation.
        Rotated = "rotated" stored "turned",
        /// A refresh reissued the current pair, and noted its first use.
        FirstUse = "first_use",
        /// A refresh reissued the current pair: its own token was presented within the overlap.
        ReissuedWithinOverlap = "reissued_within_overlap" stored "young",
        /// A refresh reissued the current pair: the token of the previous generation was presented
        /// within the overlap.
        ReissuedToPreviousGeneration = "reissued_to_previous_generation" stored "one_behind",
        /// A refresh token was used again after the overlap.
        ReuseDetected = "reuse_detected",
        /// A token was newer than its session's row, because the database was restored from a
        /// back-up.
        SessionOlderThanToken = "session_older_than_token" stored "row_behind",
        /// The session had been ended.
        SessionEnded = "session_ended",
        /// The session had expired.
        SessionExpired = "session_expired",
        /// There is no such session.
        SessionNotFound = "session_not_found",
        /// The password has changed since the log-in.
        PasswordChanged = "password_changed",
        /// Other refreshes of the same session succeeded first.
        Conflict = "conflict",
        /// The database was restored from a back-up.
        Restored = "restored",
        /// The holder logged out.
        LoggedOut = "logged_out",
        /// The owner ended the session from another one, or ended all of them at once.
        RevokedByOwner = "revoked_by_owner",
        /// Staff ended the session.
        RevokedByStaff = "revoked_by_staff",
        /// The token is not a JWT of the form that is issued here.
        TokenMalformed = "token_malformed",
        /// The token has an algorithm other than the one that the key is for (RFC 8725, 3.1).
        TokenAlgorithm = "token_algorithm",
        /// The key that the token names does not exist here.
        TokenKeyUnknown = "token_key_unknown",
        /// The signature is invalid.
        TokenSignature = "token_signature",
        /// An access token was sent where a refresh token is required, or the reverse
        /// (RFC 8725, 3.11).
        TokenType = "token_type",
        /// The token was issued by someone else.
        TokenIssuer = "token_issuer",
        /// The token was issued for someone else.
        TokenAudience = "token_audience",
        /// The token has expired.
        TokenExpired = "token_expired",
        /// The database did not answer.
        Unavailable = "unavailable",
        /// The service failed.
        Failed = "failed",
    }
}

/// Defines a type for some of the causes. A place that takes it takes no other cause.
macro_rules! some_causes {
    ($(#[$doc:meta])+ $set:ident { $($value:ident,)+ }) => {
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each is the cause of the same name")]
        pub enum $set {
            $($value,)+
        }

        impl $set {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$value,)+];

            /// The cause of the same name.
            #[must_use]
            pub const fn cause(self) -> Cause {
                match self {
                    $(Self::$value => Cause::$value,)+
                }
            }

            /// The value for a cause, if it has one here.
            #[must_use]
            pub const fn of(cause: Cause) -> Option<Self> {
                match cause {
                    $(Cause::$value => Some(Self::$value),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.cause().as_str())
            }
        }
    };
}

some_causes! {
    /// Why a session was ended; kept in `user_sessions.end_reason`. Each is a series of the
    /// sessions that were ended.
    EndReason {
        LoggedOut,
        RevokedByOwner,
        RevokedByStaff,
        Restored,
        ReuseDetected,
        SessionOlderThanToken,
        UserInvalid,
        PasswordChanged,
    }
}

/// Defines [`Refusal`]: a cause, its reason in the contract, and what the caller can do.
macro_rules! refusals {
    ($($cause:ident => $reason:path, $message:literal;)+) => {
        some_causes! {
            /// Why a token or its session is refused.
            Refusal { $($cause,)+ }
        }

        impl Refusal {
            /// The reason and the message for the caller.
            #[must_use]
            pub const fn told(self) -> (ErrorReason, &'static str) {
                match self {
                    $(Self::$cause => ($reason, $message),)+
                }
            }
        }
    };
}

refusals! {
    TokenMalformed => ErrorReason::TokenMalformed, "the token is not one of this service; log in";
    TokenAlgorithm => ErrorReason::TokenAlgorithmNotAllowed, "the token's algorithm is not allowed; log in";
    TokenKeyUnknown => ErrorReason::TokenKeyUnknown, "the token names a key that does not exist; log in";
    TokenSignature => ErrorReason::TokenSignatureInvalid, "the token's signature is invalid; log in";
    TokenType => ErrorReason::TokenTypeMismatch, "an access token was sent where a refresh token is required, or the reverse; send the other one";
    TokenIssuer => ErrorReason::TokenIssuerMismatch, "the token was issued by someone else; log in";
    TokenAudience => ErrorReason::TokenAudienceMismatch, "the token was issued for someone else; log in";
    TokenExpired => ErrorReason::TokenExpired, "the token has expired; refresh the session, or log in";
    SessionEnded => ErrorReason::SessionEnded, "the session was ended; log in";
    SessionExpired => ErrorReason::SessionExpired, "the session has expired; log in";
    SessionNotFound => ErrorReason::SessionNotFound, "there is no such session; log in";
    UserInvalid => ErrorReason::SessionUserInvalid, "the user or the password changed since this session began; log in";
    PasswordChanged => ErrorReason::SessionUserInvalid, "the user or the password changed since this session began; log in";
    ReuseDetected => ErrorReason::ReuseDetected, "the refresh token was used before, so the session was ended; log in";
    SessionOlderThanToken => ErrorReason::SessionOlderThanToken, "the session is older than this token, because the database was restored; log in";
}

impl Refusal {
    /// Why the session ends with the refusal, unless it is over by itself. It ends so that
    /// nothing revives it: a user who was seen disabled and is enabled again logs in anew.
    #[must_use]
    pub const fn end_reason(self) -> Option<EndReason> {
        EndReason::of(self.cause())
    }
}

impl Cause {
    /// What a refresh came to that has this cause; `None`: no refresh has it. Each that has
    /// one is a series of the refreshes.
    #[must_use]
    pub const fn of_refresh(self) -> Option<AuditOutcome> {
        match self {
            Self::Rotated
            | Self::FirstUse
            | Self::ReissuedWithinOverlap
            | Self::ReissuedToPreviousGeneration => Some(AuditOutcome::Done),
            Self::ReuseDetected
            | Self::SessionOlderThanToken
            | Self::SessionEnded
            | Self::SessionExpired
            | Self::SessionNotFound
            | Self::UserInvalid
            | Self::PasswordChanged
            | Self::Conflict
            | Self::TokenMalformed
            | Self::TokenAlgorithm
            | Self::TokenKeyUnknown
            | Self::TokenSignature
            | Self::TokenType
            | Self::TokenIssuer
            | Self::TokenAudience
            | Self::TokenExpired
            | Self::Unavailable
            | Self::Failed => Some(AuditOutcome::Refused),
            Self::EmailTaken
            | Self::EmailUnknown
            | Self::PasswordWrong
            | Self::Throttled
            | Self::Restored
            | Self::LoggedOut
            | Self::RevokedByOwner
            | Self::RevokedByStaff => None,
        }
    }
}
