//! Converts the domain's types into responses.

use super::device_info;
use crate::{
    domain::{IssuedPair, Validated},
    model,
    tokens::PublicKey,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{ids::SessionId, principal::Principal};
use proto::auth::v1::{JsonWebKey, Session, TokenPair, User, UserType};
use secrecy::ExposeSecret as _;

pub(super) fn tokens(issued: &IssuedPair) -> TokenPair {
    TokenPair {
        access_token: issued.access_token.text.expose_secret().to_owned(),
        access_token_expire_time: Some(issued.access_token.expires_at.into()),
        refresh_token: issued.refresh_token.text.expose_secret().to_owned(),
        refresh_token_expire_time: Some(issued.refresh_token.expires_at.into()),
        generation: issued.generation.0,
    }
}

pub(super) fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub(super) fn session(session: &model::Session, current: SessionId) -> Session {
    let said = session.device_info.as_deref();
    let address = session
        .ip_address
        .as_deref()
        .and_then(contract::client_address::read);
    Session {
        session_id: session.id.to_string(),
        create_time: Some(session.created_at.into()),
        expire_time: Some(session.expires_at.into()),
        absolute_expire_time: Some(session.absolute_expires_at.into()),
        last_refresh_time: Some(session.rotated_at.into()),
        // cleaned again, because something else may have written the row
        device_info: said.and_then(device_info::clean).unwrap_or_default(),
        ip_address: address
            .map(|address| address.to_string())
            .unwrap_or_default(),
        current: session.id == current,
    }
}

pub(super) fn user(user: model::User) -> User {
    User {
        user_id: user.id.0,
        name: user.name,
        email: user.email,
        user_type: UserType::from(user.user_type).into(),
        role: user.role,
        partner_id: user.partner_id.map(|id| id.0),
        permissions: user.permissions,
        language_preference: user.language_preference,
    }
}

/// RFC 8037, section 2. `x` has the one encoding that RFC 7515 allows.
pub(super) fn json_web_key(key: &PublicKey) -> JsonWebKey {
    JsonWebKey {
        kid: key.name.to_string(),
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        x: URL_SAFE_NO_PAD.encode(&key.bytes),
        alg: "EdDSA".to_owned(),
        r#use: "sig".to_owned(),
    }
}

pub(super) fn principal(validated: Validated) -> Principal {
    let holder = validated.holder;
    Principal {
        user_id: validated.claims.user_id,
        name: holder.name,
        user_type: holder.user_type,
        role: holder.role,
        partner_id: holder.partner_id,
        permissions: holder.permissions,
        session_id: validated.claims.session_id,
    }
}
