//! Why a caller is not who it says, and why a session ended.

use std::fmt;

/// Why a token, a session or a log-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Not a JWT of the form that is issued here.
    TokenMalformed,
    /// An algorithm other than the one that the key is for (RFC 8725, 3.1).
    TokenAlgorithm,
    /// The key that the token names does not exist here.
    TokenKeyUnknown,
    /// The signature does not hold.
    TokenSignature,
    /// An access token where a refresh token is asked for, or the reverse
    /// (RFC 8725, 3.11).
    TokenType,
    /// Issued by someone else.
    TokenIssuer,
    /// Issued for someone else.
    TokenAudience,
    /// Good once, over now.
    TokenExpired,
    /// Its session was ended.
    SessionEnded,
    /// Its session reached its end.
    SessionExpired,
    /// It has no session.
    SessionNotFound,
    /// The user was disabled or deleted, or the password changed.
    SessionUserInvalid,
    /// A refresh token that was used before, longer ago than the overlap.
    ReuseDetected,
    /// A token newer than its session's row.
    SessionRowBehind,
    /// E-mail and password do not belong together, or the user may not log in.
    CredentialsInvalid,
}

impl Refusal {
    /// Those that are about a token alone.
    pub const OF_TOKENS: [Self; 8] = [
        Self::TokenMalformed,
        Self::TokenAlgorithm,
        Self::TokenKeyUnknown,
        Self::TokenSignature,
        Self::TokenType,
        Self::TokenIssuer,
        Self::TokenAudience,
        Self::TokenExpired,
    ];

    /// As metrics name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenMalformed => "token_malformed",
            Self::TokenAlgorithm => "token_algorithm",
            Self::TokenKeyUnknown => "token_key_unknown",
            Self::TokenSignature => "token_signature",
            Self::TokenType => "token_type",
            Self::TokenIssuer => "token_issuer",
            Self::TokenAudience => "token_audience",
            Self::TokenExpired => "token_expired",
            Self::SessionEnded => "session_ended",
            Self::SessionExpired => "session_expired",
            Self::SessionNotFound => "session_not_found",
            Self::SessionUserInvalid => "session_user_invalid",
            Self::ReuseDetected => "reuse_detected",
            Self::SessionRowBehind => "session_row_behind",
            Self::CredentialsInvalid => "credentials_invalid",
        }
    }
}

/// Why a session was ended; kept in `user_sessions.end_reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Its holder logged out.
    LoggedOut,
    /// Its owner ended it from another session, or all of them at once.
    RevokedByOwner,
    /// Staff ended it.
    RevokedByStaff,
    /// All were ended, since the database was restored.
    Restored,
    /// A refresh token was used twice.
    ReuseDetected,
    /// A token was newer than the row.
    RowBehind,
    /// The user was seen disabled or deleted.
    UserInvalid,
    /// The password was seen changed.
    PasswordChanged,
}

impl EndReason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::LoggedOut,
        Self::RevokedByOwner,
        Self::RevokedByStaff,
        Self::Restored,
        Self::ReuseDetected,
        Self::RowBehind,
        Self::UserInvalid,
        Self::PasswordChanged,
    ];

    /// As it is written down.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::RevokedByOwner => "revoked_by_owner",
            Self::RevokedByStaff => "revoked_by_staff",
            Self::Restored => "restored",
            Self::ReuseDetected => "reuse_detected",
            Self::RowBehind => "row_behind",
            Self::UserInvalid => "user_invalid",
            Self::PasswordChanged => "password_changed",
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
