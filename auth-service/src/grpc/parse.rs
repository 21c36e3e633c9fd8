//! Reads requests into the domain's types. A refusal names every invalid field.

use super::{
    account_text::{problem_of_email, problem_of_name},
    device_info,
};
use crate::{
    domain::SessionPageSize,
    model::{Caller, Client, NewCustomer, Password},
    store::SessionPosition,
};
use contract::{
    bearer::BearerToken,
    client_address::ClientAddress,
    errors::{InvalidField, invalid_fields, refuse},
    fields::Fields,
    page_tokens::{self, PageTokens},
    principal,
    text::{digit, without_unseen},
};
use proto::auth::v1::{CreateSessionRequest, ErrorReason, ListSessionsRequest, RegisterRequest};
use tonic::{Code, Request, Status};

/// The page tokens of ListSessions.
pub(super) const SESSION_TOKENS: PageTokens = PageTokens::of_only_list(1);
const MAX_NAME: usize = 255;
const MAX_EMAIL: usize = 255;
const MAX_PHONE: usize = 50;
const MAX_LANGUAGE: usize = 5;
/// No password is longer, and hashing a longer text would take time.
const MAX_PASSWORD_BYTES: usize = 1_024;

/// Reads a password to verify. Other implementations of bcrypt stop at the character NUL.
pub(super) fn password(fields: &mut Fields, field: &str, text: String) -> Password {
    let problem = format!("must have 1 to {MAX_PASSWORD_BYTES} bytes");
    fields.require(
        (1..=MAX_PASSWORD_BYTES).contains(&text.len()),
        field,
        &problem,
    );
    fields.require(!text.contains('\0'), field, "must not contain NUL");
    Password::new(text)
}

pub(super) fn register(
    request: Request<RegisterRequest>,
) -> Result<(NewCustomer, Password, Client), Status> {
    let client = client(&request, &request.get_ref().device_info);
    let message = request.into_inner();
    let mut fields = Fields::default();
    let name = fields.text("name", message.name, 1..=MAX_NAME);
    if let Some(problem) = problem_of_name(&name) {
        fields.refuse("name", problem);
    }
    let email = fields.text("email", message.email, 1..=MAX_EMAIL);
    if let Some(problem) = problem_of_email(&email) {
        fields.refuse("email", problem);
    }
    // only digits matter, and copied numbers contain invisible characters
    let phone = without_unseen(&fields.text("phone", message.phone, 1..=MAX_PHONE));
    if !phone.chars().any(|character| digit(character).is_some()) {
        fields.refuse("phone", "must contain a digit");
    }
    let language = fields.text(
        "language_preference",
        message.language_preference,
        0..=MAX_LANGUAGE,
    );
    let language_preference = if language.is_empty() {
        "en".to_owned()
    } else {
        language
    };
    let password = password(&mut fields, "password", message.password);
    fields.done((
        NewCustomer {
            name,
            email,
            phone,
            language_preference,
        },
        password,
        client,
    ))
}

pub(super) fn create_session(
    request: Request<CreateSessionRequest>,
) -> Result<(String, Password, Client), Status> {
    let client = client(&request, &request.get_ref().device_info);
    let message = request.into_inner();
    let mut fields = Fields::default();
    let email = fields.text("email", message.email, 1..=MAX_EMAIL);
    let password = password(&mut fields, "password", message.password);
    fields.done((email, password, client))
}

pub(super) fn list_sessions(
    message: &ListSessionsRequest,
) -> Result<(SessionPageSize, Option<SessionPosition>), Status> {
    let mut fields = Fields::default();
    let page_size = fields.page_size(message.page_size);
    let after = fields.accept(SESSION_TOKENS.read(&message.page_token, page_tokens::time));
    fields.done((page_size, after))
}

/// Reads a token from a message. If it is missing, the field is invalid. If it cannot be a token of
/// this service, the caller is unauthenticated.
pub(super) fn token(field: &str, text: String) -> Result<BearerToken, Status> {
    if text.is_empty() {
        let missing = vec![InvalidField::new(field, "is required")];
        return Err(invalid_fields(ErrorReason::FieldInvalid, missing));
    }
    BearerToken::new(text).map_err(|reason| {
        refuse(
            Code::Unauthenticated,
            reason,
            format!("{field} is too long to be a token of this service"),
        )
    })
}

/// The caller's user and session, and the client.
pub(super) fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    let principal = principal::principal(request)?;
    Ok(Caller {
        user: principal.user_id,
        session: principal.session_id,
        client: client(request, ""),
    })
}

/// The client of a call: the name that it gives for its device, or else its `user-agent`; and its
/// address.
pub(super) fn client<T>(request: &Request<T>, device_info: &str) -> Client {
    let agent = request
        .metadata()
        .get("user-agent")
        .and_then(|value| value.to_str().ok());
    let said = if device_info.is_empty() {
        agent.unwrap_or_default()
    } else {
        device_info
    };
    let address = request.extensions().get::<ClientAddress>();
    Client {
        device_info: device_info::clean(said),
        ip_address: address.map(|address| address.0.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::time::Timestamp;

    #[test]
    fn every_wrong_field_is_named() {
        let status = register(Request::new(RegisterRequest::default())).unwrap_err();
        for field in ["name", "email", "phone", "password"] {
            assert!(status.message().contains(field), "{status}");
        }
    }

    /// Clients hold tokens of earlier builds, and during an update replicas of two builds serve
    /// pages of one list.
    #[test]
    fn a_token_has_the_same_bytes_in_every_build() {
        let token = "AQAGCiQYHkABAAAABw";
        let message = ListSessionsRequest {
            page_token: token.to_owned(),
            ..Default::default()
        };
        let position = SessionPosition {
            sort: Timestamp::from_micros(1_700_000_000_000_001),
            id: 7,
        };
        assert_eq!(list_sessions(&message).unwrap().1, Some(position));
        assert_eq!(SESSION_TOKENS.write(Some(&position)), token);
    }
}
