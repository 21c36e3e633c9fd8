//! Tokens made of other headers and claims, signed by our key, so that each is
//! refused for its own reason, and by others, so that it is refused whatever it says.

use super::{AUDIENCE, ISSUER, World, runner, sign};
use auth_service::{
    model::{Generation, Refusal},
    tokens::{Claims, TokenKind},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{
    ids::{SessionId, UserId},
    time::Timestamp,
};
use jsonwebtoken::{Algorithm, EncodingKey};
use proptest::prelude::*;
use serde_json::{Map, Value};

const CLAIMS: [&str; 8] = ["sub", "sid", "gen", "iat", "exp", "iss", "aud", "jti"];
const HEADERS: [&str; 3] = ["alg", "typ", "kid"];
/// Headers that lead verifiers astray (RFC 7515, 4.1; RFC 7797).
const OTHER_HEADERS: [&str; 10] = [
    "crit", "jku", "jwk", "x5u", "x5c", "x5t", "b64", "zip", "cty", "KID",
];

/// What becomes of a member of a JSON object.
#[derive(Clone, Debug)]
enum Change {
    Missing,
    /// Another value, as it is spelt.
    To(String),
    /// It, and another one of the same name before or after it.
    Twice(String, bool),
}

/// The object of a segment with one member changed, or added.
fn with(segment: &str, name: &str, change: &Change) -> String {
    let json = URL_SAFE_NO_PAD.decode(segment).unwrap();
    let object: Map<String, Value> = serde_json::from_slice(&json).unwrap();
    let mut members: Vec<(&str, String)> = Vec::new();
    for (other, value) in &object {
        if other != name {
            members.push((other, value.to_string()));
        }
    }
    let before = object.get(name).map_or("1".to_owned(), Value::to_string);
    match change {
        Change::Missing => {}
        Change::To(value) => members.push((name, value.clone())),
        Change::Twice(other, true) => members.extend([(name, other.clone()), (name, before)]),
        Change::Twice(other, false) => members.extend([(name, before), (name, other.clone())]),
    }
    let members = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"));
    let json = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    URL_SAFE_NO_PAD.encode(json)
}

/// A JSON value as it is spelt; some are none.
fn value() -> impl Strategy<Value = String> {
    let text = |text: String| Value::from(text).to_string();
    let escaped = |text: String| {
        let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
        format!("\"{}\"", units.collect::<String>())
    };
    let known = || {
        let known = [
            "EdDSA", "none", "HS256", "at+jwt", "rt+jwt", "at+JWT", "JWT", ISSUER, AUDIENCE,
        ];
        prop::sample::select(known.map(str::to_owned).to_vec())
    };
    let odd = prop::sample::select(vec![
        "null",
        "true",
        "[]",
        "{}",
        "\"\"",
        "-0",
        "01",
        "1.0",
        "1.5",
        "-1",
        "1e3",
        "1e400",
        "-1e400",
        "NaN",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "2147483648",
        "-9223372036854775809",
        r#""\ud800""#,
        r#""\u0000""#,
        r#"["b64"]"#,
        r#"["audience"]"#,
        r#"{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        r#""https://example.com/keys""#,
        r#""../../etc/passwd""#,
        "1}",
        "",
    ]);
    prop_oneof![
        4 => odd.prop_map(str::to_owned),
        2 => known().prop_map(text),
        2 => known().prop_map(escaped),
        2 => ".{0,40}".prop_map(text),
        1 => any::<[u8; 16]>().prop_map(|bytes| format!("\"{}\"", uuid::Builder::from_random_bytes(bytes).into_uuid())),
        1 => any::<i32>().prop_map(|number| format!("\"{number}\"")),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| Value::from(number).to_string()),
        1 => (1..400_usize).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth))),
        1 => ".{0,10}",
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => Just(Change::Missing),
        6 => value().prop_map(Change::To),
        1 => (value(), any::<bool>()).prop_map(|(other, first)| Change::Twice(other, first)),
    ]
}

/// The value, if it is written as one JSON value and no more.
fn one_value(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// What must become of a token of ours with one claim changed.
fn expected_of_claim(mut claims: Claims, name: &str, change: &Change) -> Result<Claims, Refusal> {
    let malformed = Refusal::TokenMalformed;
    let text = match change {
        Change::Missing if name == "iss" => return Err(Refusal::TokenIssuer),
        Change::Missing if name == "aud" => return Err(Refusal::TokenAudience),
        Change::Missing | Change::Twice(..) => return Err(malformed),
        Change::To(text) => text,
    };
    match (name, one_value(text).ok_or(malformed)?) {
        ("iss", Value::String(text)) if text != ISSUER => return Err(Refusal::TokenIssuer),
        ("aud", Value::String(text)) if text != AUDIENCE => return Err(Refusal::TokenAudience),
        ("iss" | "aud" | "jti", Value::String(_)) => {}
        ("sub", Value::String(text)) => {
            claims.user_id = UserId(text.parse().map_err(|_| malformed)?);
        }
        ("sid", Value::String(text)) => {
            claims.session_id = SessionId::parse(&text).ok_or(malformed)?;
        }
        ("gen", Value::Number(number)) => {
            let number = number.as_i64().and_then(|number| number.try_into().ok());
            claims.generation = Generation(number.ok_or(malformed)?);
        }
        ("iat", Value::Number(number)) => {
            claims.issued_at = Timestamp::from_seconds(number.as_i64().ok_or(malformed)?);
        }
        ("exp", Value::Number(number)) => match number.as_i64() {
            Some(end @ 0..) => claims.expires_at = Timestamp::from_seconds(end),
            _ => return Err(malformed),
        },
        _ => return Err(malformed),
    }
    Ok(claims)
}

/// The same of a header.
fn expected_of_header(
    claims: Claims,
    own: &str,
    name: &str,
    change: &Change,
) -> Result<Claims, Refusal> {
    let malformed = Refusal::TokenMalformed;
    let text = match change {
        Change::Missing if name == "typ" => return Err(Refusal::TokenType),
        Change::Missing | Change::Twice(..) => return Err(malformed),
        Change::To(text) => text,
    };
    match (name, one_value(text).ok_or(malformed)?) {
        ("alg", Value::String(text)) if text != "EdDSA" => Err(Refusal::TokenAlgorithm),
        ("typ", Value::String(text)) if text != "at+jwt" => Err(Refusal::TokenType),
        ("typ", Value::Null) => Err(Refusal::TokenType),
        ("kid", Value::String(text)) if text != own => Err(Refusal::TokenKeyUnknown),
        (_, Value::String(_)) => Ok(claims),
        _ => Err(malformed),
    }
}

#[test]
fn a_token_of_ours_with_another_claim_is_refused_by_its_own_reason() {
    let world = World::new();
    let original = world.verify(TokenKind::Access, &world.access).unwrap();
    let (header, claims, _) = three(&world.access);
    let input = (prop::sample::select(&CLAIMS[..]), change());
    let checked = runner().run(&input, |(name, change)| {
        let input = format!("{header}.{}", with(claims, name, &change));
        let text = format!(
            "{input}.{}",
            sign(&input, &world.key.signs, Algorithm::EdDSA)
        );
        let expected = expected_of_claim(original.clone(), name, &change);
        prop_assert_eq!(world.verify(TokenKind::Access, &text), expected);
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn a_token_of_ours_with_another_header_is_refused_by_its_own_reason() {
    let world = World::new();
    let original = world.verify(TokenKind::Access, &world.access).unwrap();
    let own = world.name.to_string();
    let (header, claims, _) = three(&world.access);
    let input = (prop::sample::select(&HEADERS[..]), change());
    let checked = runner().run(&input, |(name, change)| {
        let input = format!("{}.{claims}", with(header, name, &change));
        let text = format!(
            "{input}.{}",
            sign(&input, &world.key.signs, Algorithm::EdDSA)
        );
        let expected = expected_of_header(original.clone(), &own, name, &change);
        prop_assert_eq!(world.verify(TokenKind::Access, &text), expected);
        Ok(())
    });
    checked.unwrap();
}

/// What is not understood is passed over (RFC 7515, section 4), unless it is said to
/// be critical: it changes nothing of what the token says.
#[test]
fn a_token_of_ours_with_one_more_header_says_the_same_or_is_malformed() {
    let world = World::new();
    let original = world.verify(TokenKind::Access, &world.access).unwrap();
    let (header, claims, _) = three(&world.access);
    let input = (prop::sample::select(&OTHER_HEADERS[..]), change());
    let checked = runner().run(&input, |(name, change)| {
        let input = format!("{}.{claims}", with(header, name, &change));
        let text = format!(
            "{input}.{}",
            sign(&input, &world.key.signs, Algorithm::EdDSA)
        );
        let verified = world.verify(TokenKind::Access, &text);
        let critical = match &change {
            Change::Missing => false,
            Change::To(text) => name == "crit" && text != "null",
            Change::Twice(..) => name == "crit",
        };
        if critical {
            prop_assert_eq!(verified, Err(Refusal::TokenMalformed));
        } else if verified != Err(Refusal::TokenMalformed) {
            prop_assert_eq!(verified, Ok(original.clone()));
        }
        Ok(())
    });
    checked.unwrap();
}

/// Who signs what is not ours.
#[derive(Clone, Copy, Debug)]
enum Signer {
    /// Another key, under our key's name.
    Stranger,
    /// HMAC with our public key as the secret (RFC 8725, 2.1).
    PublicKey,
    /// Nobody: the signature is another token's.
    Another,
    /// Nobody: there is no signature.
    Nobody,
}

#[test]
fn a_token_without_our_signature_is_refused_whatever_it_says() {
    let world = World::new();
    let (header, claims, signature) = three(&world.access);
    let names = [&CLAIMS[..], &HEADERS, &OTHER_HEADERS].concat();
    let signers = [
        Signer::Stranger,
        Signer::PublicKey,
        Signer::Another,
        Signer::Nobody,
    ];
    let input = (
        prop::sample::select(names),
        change(),
        prop::sample::select(signers.to_vec()),
    );
    let checked = runner().run(&input, |(name, change, signer)| {
        let input = if CLAIMS.contains(&name) {
            format!("{header}.{}", with(claims, name, &change))
        } else {
            format!("{}.{claims}", with(header, name, &change))
        };
        let signature = match signer {
            Signer::Stranger => sign(&input, &world.stranger.signs, Algorithm::EdDSA),
            Signer::PublicKey => {
                let secret = EncodingKey::from_secret(&world.key.public);
                sign(&input, &secret, Algorithm::HS256)
            }
            Signer::Another => signature.to_owned(),
            Signer::Nobody => String::new(),
        };
        let text = format!("{input}.{signature}");
        prop_assert_eq!(world.passes(&text), text == world.access, "{}", text);
        Ok(())
    });
    checked.unwrap();
}

fn three(token: &str) -> (&str, &str, &str) {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = input.split_once('.').unwrap();
    (header, claims, signature)
}
