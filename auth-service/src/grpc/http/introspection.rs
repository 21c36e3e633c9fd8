//! `POST /oauth2/introspect` (RFC 7662): whether an access token holds now, and whose it is.
//! The look-up is that of ValidateSession.

use super::super::{parse, status::to_status};
use crate::{
    domain::{AuthError, Validated, Validations},
    tokens::Tokens,
};
use contract::errors::{InvalidField, invalid_fields};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use proto::auth::v1::ErrorReason;
use serde::Serialize;
use serde_json::json;
use server::serve::{json_answer, read_body};
use std::sync::Arc;
use tonic::{Status, body::Body};

const FORM: &str = "application/x-www-form-urlencoded";
const TOKEN: &str = "token";
/// Whether a token holds may change with the next call.
const NOT_KEPT: &str = "no-store";

/// Tells services of tokens.
#[derive(Clone, Debug)]
pub struct Introspection {
    validations: Validations,
    tokens: Arc<Tokens>,
}

/// What is told of a token that holds (RFC 7662, section 2.2). The last three are our own.
#[derive(Debug, Serialize)]
#[allow(clippy::struct_field_names, reason = "the names are those of the RFC")]
struct Active<'a> {
    active: bool,
    token_type: &'static str,
    sub: String,
    sid: String,
    exp: i64,
    iat: i64,
    iss: &'a str,
    aud: &'a str,
    scope: String,
    username: &'a str,
    user_type: &'static str,
    role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_id: Option<i32>,
}

impl Introspection {
    /// By this domain, for tokens of this issuer.
    #[must_use]
    pub fn new(validations: Validations, tokens: Arc<Tokens>) -> Self {
        Self {
            validations,
            tokens,
        }
    }

    /// Answers one question. A token that does not hold is not told apart from one that is not
    /// ours. Where there is no answer, the call fails: an outage says nothing of a token.
    pub async fn answer(self, request: Request<Body>) -> Result<Response<Body>, Status> {
        if !is_form(request.headers()) {
            return Ok(not_a_form());
        }
        let token = token(request.into_body()).await?;
        let inactive = json!({ "active": false });
        let Ok(token) = parse::token(TOKEN, token) else {
            // too long to be one of ours
            return json_answer("application/json", NOT_KEPT, &inactive);
        };
        match self.validations.validate(&token).await {
            Ok(validated) => json_answer("application/json", NOT_KEPT, &self.active(&validated)),
            Err(AuthError::Refused(_)) => json_answer("application/json", NOT_KEPT, &inactive),
            Err(error) => Err(to_status(error)),
        }
    }

    fn active<'a>(&'a self, validated: &'a Validated) -> Active<'a> {
        let Validated { holder, claims, .. } = validated;
        Active {
            active: true,
            token_type: "Bearer",
            sub: claims.user_id.0.to_string(),
            sid: claims.session_id.to_string(),
            exp: claims.expires_at.seconds(),
            iat: claims.issued_at.seconds(),
            iss: self.tokens.issuer(),
            aud: self.tokens.audience(),
            scope: holder.permissions.join(" "),
            username: &holder.name,
            user_type: holder.user_type.name(),
            role: &holder.role,
            partner_id: holder.partner_id.map(|id| id.0),
        }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE);
    let sent = sent.and_then(|sent| sent.to_str().ok()).unwrap_or_default();
    let media_type = sent.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(FORM) && !headers.contains_key(header::CONTENT_ENCODING)
}

/// Says what is served (RFC 9110, 15.5.16).
fn not_a_form() -> Response<Body> {
    let mut refusal = Response::new(Body::empty());
    *refusal.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let form = HeaderValue::from_static(FORM);
    refusal.headers_mut().insert(header::ACCEPT, form);
    refusal
}

/// The one `token` of a form (RFC 7662, section 2.1). Other fields say nothing that is needed.
async fn token(form: Body) -> Result<String, Status> {
    let form = read_body(form).await?;
    let mut tokens = form_urlencoded::parse(&form).filter(|(name, _)| name == TOKEN);
    match (tokens.next(), tokens.next()) {
        (Some((_, token)), None) if !token.is_empty() => Ok(token.into_owned()),
        _ => Err(invalid_fields(
            ErrorReason::FieldInvalid,
            vec![InvalidField::new(TOKEN, "is required, once")],
        )),
    }
}
