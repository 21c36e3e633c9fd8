//! The token in the `authorization` metadata (RFC 6750, section 2.1).

use crate::errors;
use proto::auth::v1::ErrorReason;
use secrecy::{ExposeSecret, SecretString};
use tonic::{Code, Status, metadata::MetadataMap};

/// The tokens of auth-service have some 500 bytes. A longer one than this is refused before it is
/// verified, cached or sent on.
pub const MAX_TOKEN_LENGTH: usize = 4_096;

/// The metadata in which a proxy sends its service token, because `authorization` holds the token
/// of its client.
pub const PROXY_TOKEN: &str = "x-ticketing-service-token";

/// The text of an access token, a refresh token or a service token. `Debug` does not print it.
#[derive(Clone, Debug)]
pub struct BearerToken(SecretString);

impl BearerToken {
    /// Takes the text of a token, unless it is too long.
    pub fn new(text: String) -> Result<Self, ErrorReason> {
        match text.len() {
            0 => Err(ErrorReason::TokenMissing),
            1..=MAX_TOKEN_LENGTH => Ok(Self(text.into())),
            _ => Err(ErrorReason::TokenTooLong),
        }
    }

    /// Reads the `authorization: Bearer <token>` of a call. Two such headers are refused.
    pub fn from_metadata(metadata: &MetadataMap) -> Result<Self, ErrorReason> {
        let mut values = metadata.get_all("authorization").iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(ErrorReason::TokenMissing);
        };
        let (scheme, token) = value
            .to_str()
            .map_err(|_| ErrorReason::TokenMalformed)?
            .split_once(' ')
            .ok_or(ErrorReason::TokenMissing)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            Self::new(token.trim_start_matches(' ').to_owned())
        } else {
            Err(ErrorReason::TokenMissing)
        }
    }

    /// Reads the [`PROXY_TOKEN`] of a call. Two such headers are refused.
    pub fn of_proxy(metadata: &MetadataMap) -> Result<Self, ErrorReason> {
        let mut values = metadata.get_all(PROXY_TOKEN).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(ErrorReason::TokenMissing);
        };
        let token = value.to_str().map_err(|_| ErrorReason::TokenMalformed)?;
        Self::new(token.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// UNAUTHENTICATED for a caller whose token is refused for this reason.
#[must_use]
pub fn unauthenticated(reason: ErrorReason) -> Status {
    errors::refuse(Code::Unauthenticated, reason, advice(reason))
}

fn advice(reason: ErrorReason) -> &'static str {
    match reason {
        ErrorReason::TokenMissing => {
            "send the access token as metadata `authorization: Bearer <token>`"
        }
        ErrorReason::TokenTooLong => {
            "the token is longer than 4096 bytes, so it is not one of this service"
        }
        ErrorReason::TokenExpired => "the access token has expired; refresh the session",
        ErrorReason::ServiceTokenInvalid => "the service token is missing or wrong",
        _ => "the token is not valid for this service",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<String, ErrorReason> {
        let mut metadata = MetadataMap::new();
        for value in values {
            metadata.append("authorization", value.parse().unwrap());
        }
        BearerToken::from_metadata(&metadata).map(|token| token.expose().to_owned())
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        assert_eq!(read(&["Bearer abc"]), Ok("abc".to_owned()));
        assert_eq!(read(&["bearer  abc"]), Ok("abc".to_owned()));
        assert_eq!(read(&["Basic abc"]), Err(ErrorReason::TokenMissing));
        assert_eq!(read(&["abc"]), Err(ErrorReason::TokenMissing));
        assert_eq!(read(&["Bearer "]), Err(ErrorReason::TokenMissing));
    }

    #[test]
    fn a_call_with_two_tokens_has_none() {
        assert_eq!(
            read(&["Bearer abc", "Bearer def"]),
            Err(ErrorReason::TokenMissing)
        );
    }

    #[test]
    fn a_token_never_prints() {
        let token = BearerToken::new("secret-text".to_owned()).unwrap();
        assert!(!format!("{token:?}").contains("secret-text"));
    }

    #[test]
    fn a_long_token_is_refused_by_its_length() {
        assert!(read(&[&format!("Bearer {}", "x".repeat(MAX_TOKEN_LENGTH))]).is_ok());
        let long = format!("Bearer {}", "x".repeat(MAX_TOKEN_LENGTH + 1));
        assert_eq!(read(&[&long]), Err(ErrorReason::TokenTooLong));
    }
}
