//! From the wire to the domain's words; every field that is wrong is named.

use super::{
    account_text::{problem_of_email, problem_of_name},
    device_info, page_token,
};
use crate::{
    model::{Caller, Client, NewCustomer, Password},
    store::SessionPosition,
};
use contract::{
    bearer::BearerToken,
    client_address::client_address,
    errors::{InvalidField, invalid_fields, refuse},
    principal,
    text::{digit, without_unseen},
};
use proto::auth::v1::{CreateSessionRequest, ErrorReason, ListSessionsRequest, RegisterRequest};
use server::serve::Peer;
use tonic::{Code, Request, Status};

const MAX_NAME: usize = 255;
const MAX_EMAIL: usize = 255;
const MAX_PHONE: usize = 50;
const MAX_LANGUAGE: usize = 5;
/// A password that is longer is none of ours, and not worth hashing.
const MAX_PASSWORD_BYTES: usize = 1_024;
const NUL: &str = "must not contain the character NUL";
const DEFAULT_PAGE_SIZE: u32 = 20;
const MAX_PAGE_SIZE: u32 = 100;

/// Gathers the fields that are wrong.
#[derive(Default)]
pub(super) struct Fields(Vec<InvalidField>);

impl Fields {
    /// Text of `least` to `most` characters that the database can hold.
    pub(super) fn text(&mut self, field: &str, text: String, least: usize, most: usize) -> String {
        if !(least..=most).contains(&text.chars().count()) {
            self.refuse(field, format!("must have {least} to {most} characters"));
        } else if text.contains('\0') {
            self.refuse(field, NUL);
        }
        text
    }

    pub(super) fn password(&mut self, field: &str, text: String) -> Password {
        if text.is_empty() || text.len() > MAX_PASSWORD_BYTES {
            self.refuse(field, format!("must have 1 to {MAX_PASSWORD_BYTES} bytes"));
        } else if text.contains('\0') {
            // where other implementations of bcrypt stop to read
            self.refuse(field, NUL);
        }
        Password::new(text)
    }

    /// How many rows a page is to hold.
    pub(super) fn page_size(&mut self, asked: i32) -> u32 {
        match u32::try_from(asked) {
            Ok(0) => DEFAULT_PAGE_SIZE,
            Ok(size) => size.min(MAX_PAGE_SIZE),
            Err(_) => {
                self.refuse("page_size", "must not be negative");
                DEFAULT_PAGE_SIZE
            }
        }
    }

    /// The first problem of a field is the one to mend.
    pub(super) fn refuse(&mut self, field: &str, problem: impl Into<String>) {
        if self.0.iter().all(|noted| noted.field != field) {
            self.0.push(InvalidField::new(field, problem));
        }
    }

    fn refuse_if(&mut self, field: &str, problem: Option<String>) {
        if let Some(problem) = problem {
            self.refuse(field, problem);
        }
    }

    pub(super) fn done<T>(self, value: T) -> Result<T, Status> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(invalid_fields(ErrorReason::FieldInvalid, self.0))
        }
    }
}

pub(super) fn register(
    request: Request<RegisterRequest>,
    trusted_proxies: usize,
) -> Result<(NewCustomer, Password, Client), Status> {
    let client = client(&request, &request.get_ref().device_info, trusted_proxies);
    let message = request.into_inner();
    let mut fields = Fields::default();
    let name = fields.text("name", message.name, 1, MAX_NAME);
    fields.refuse_if("name", problem_of_name(&name));
    let email = fields.text("email", message.email, 1, MAX_EMAIL);
    fields.refuse_if("email", problem_of_email(&email));
    // digits are what counts, and copied ones come with marks around them
    let phone = without_unseen(&fields.text("phone", message.phone, 1, MAX_PHONE));
    if !phone.chars().any(|character| digit(character).is_some()) {
        fields.refuse("phone", "must contain a digit");
    }
    let language = fields.text(
        "language_preference",
        message.language_preference,
        0,
        MAX_LANGUAGE,
    );
    let language_preference = if language.is_empty() {
        "en".to_owned()
    } else {
        language
    };
    let password = fields.password("password", message.password);
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
    trusted_proxies: usize,
) -> Result<(String, Password, Client), Status> {
    let client = client(&request, &request.get_ref().device_info, trusted_proxies);
    let message = request.into_inner();
    let mut fields = Fields::default();
    let email = fields.text("email", message.email, 1, MAX_EMAIL);
    let password = fields.password("password", message.password);
    fields.done((email, password, client))
}

pub(super) fn list_sessions(
    message: &ListSessionsRequest,
) -> Result<(u32, Option<SessionPosition>), Status> {
    let mut fields = Fields::default();
    let page_size = fields.page_size(message.page_size);
    let after = match message.page_token.as_str() {
        "" => None,
        token => {
            let position = page_token::read(token);
            if position.is_none() {
                fields.refuse("page_token", "is not one of ours; start at the first page");
            }
            position
        }
    };
    fields.done((page_size, after))
}

/// A token in a message. Without one the field is wrong; with one that cannot be
/// ours the caller is not authenticated.
pub(super) fn token(field: &str, text: String) -> Result<BearerToken, Status> {
    if text.is_empty() {
        let missing = vec![InvalidField::new(field, "is required")];
        return Err(invalid_fields(ErrorReason::FieldInvalid, missing));
    }
    BearerToken::new(text).map_err(|reason| {
        refuse(
            Code::Unauthenticated,
            reason,
            format!("{field} is too long to be one of ours"),
        )
    })
}

/// Who calls by an access token, and from where.
pub(super) fn caller<T>(request: &Request<T>, trusted_proxies: usize) -> Result<Caller, Status> {
    let principal = principal::principal(request)?;
    Ok(Caller {
        user: principal.user_id,
        session: principal.session_id,
        client: client(request, "", trusted_proxies),
    })
}

/// Where a call comes from: what the client says of itself, or else its
/// `user-agent`; and its address.
pub(super) fn client<T>(request: &Request<T>, device_info: &str, trusted_proxies: usize) -> Client {
    let agent = request
        .metadata()
        .get("user-agent")
        .and_then(|value| value.to_str().ok());
    let said = if device_info.is_empty() {
        agent.unwrap_or_default()
    } else {
        device_info
    };
    let peer = request.extensions().get::<Peer>().and_then(Peer::address);
    let peer = peer.map(|address| address.ip());
    let address = client_address(request.metadata().as_ref(), peer, trusted_proxies);
    Client {
        device_info: device_info::clean(said),
        ip_address: address.map(|address| address.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let status = register(Request::new(RegisterRequest::default()), 0).unwrap_err();
        for field in ["name", "email", "phone", "password"] {
            assert!(status.message().contains(field), "{status}");
        }
    }
}
