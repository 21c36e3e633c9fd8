//! Tokens: typed JWTs, signed with Ed25519. The key determines the algorithm (RFC 7519, RFC 8037,
//! RFC 8725, RFC 9068). Only this module uses `jsonwebtoken`.

mod claims;
mod generate;
mod key_ring;
mod key_schedule;
mod keys;

pub use claims::{Claims, TokenKind};
pub use generate::{GenerateError, generate_key};
pub use key_ring::KeyRing;
pub use key_schedule::{JWKS_MAX_AGE, KeySchedule, KeyScheduleError, KeyState, to_the_second};
pub use keys::{InvalidKeyName, InvalidKeys, KeyName, PublicKey};

use crate::{
    metrics::SignatureMetrics,
    model::{Generation, Refusal},
};
use aws_lc_rs::digest;
use claims::WireClaims;
use contract::{
    bearer::BearerToken,
    ids::{SessionId, UserId},
    time::Timestamp,
};
use jsonwebtoken::{Algorithm, Header, Validation, errors::ErrorKind};
use keys::Key;
use quick_cache::sync::Cache;
use secrecy::SecretString;
use serde::Deserialize;
use std::sync::Arc;

/// The number of verified signatures in the cache, which takes some 20 MB when it is full.
const CACHED_SIGNATURES: usize = 100_000;

/// SHA-256 of a whole token. It is in memory only.
type TokenDigest = [u8; 32];

/// Issues and verifies tokens. It uses no clock: the caller passes the database's time for when a
/// token was issued and whether it has expired.
#[derive(Debug)]
pub struct Tokens {
    keys: Arc<KeyRing>,
    /// Verified tokens only, each with the set of keys that verified it.
    verified: Cache<TokenDigest, (u64, Claims)>,
    issuer: String,
    audience: String,
    metrics: SignatureMetrics,
}

/// A token that was just signed.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    /// The text. `Debug` does not print it.
    pub text: SecretString,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Why no token was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// There is no key that signs.
    #[error("no key signs")]
    NoKey,
    /// The key failed to sign.
    #[error("cannot sign a token: {0}")]
    Library(#[from] jsonwebtoken::errors::Error),
}

impl Tokens {
    /// Tokens of one issuer for one audience.
    #[must_use]
    pub fn new(keys: Arc<KeyRing>, issuer: String, audience: String) -> Self {
        Self {
            keys,
            verified: Cache::new(CACHED_SIGNATURES),
            issuer,
            audience,
            metrics: SignatureMetrics::default(),
        }
    }

    /// The issuer of the tokens (`iss`).
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The audience of the tokens (`aud`).
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The metrics of the cache.
    #[must_use]
    pub fn metrics(&self) -> &SignatureMetrics {
        &self.metrics
    }

    /// Signs a token. `issued_at` is the database's time.
    pub fn issue(
        &self,
        kind: TokenKind,
        user: UserId,
        session: SessionId,
        generation: Generation,
        issued_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<IssuedToken, SignError> {
        let (name, key) = self.keys.signing().ok_or(SignError::NoKey)?;
        let header = Header {
            typ: Some(kind.typ().to_owned()),
            kid: Some(name.to_string()),
            ..Header::new(Algorithm::EdDSA)
        };
        let claims = WireClaims {
            sub: user.0.to_string(),
            sid: session.to_string(),
            generation: generation.0,
            iat: issued_at.seconds(),
            exp: expires_at.seconds(),
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            jti: uuid::Uuid::new_v4().to_string(),
        };
        let text = jsonwebtoken::encode(&header, &claims, &key.signs)?;
        let expires_at = Timestamp::from_seconds(expires_at.seconds());
        Ok(IssuedToken {
            text: text.into(),
            expires_at,
        })
    }

    /// Verifies a token of one kind: form, algorithm, key, signature, type, issuer and audience.
    /// Each has its own refusal. The expiry is checked later with the database's time
    /// ([`Claims::check_expiry`]). If the key is unknown, the directory is read again.
    pub async fn verify(&self, kind: TokenKind, token: &BearerToken) -> Result<Claims, Refusal> {
        let claims = self.verify_for_revocation(token).await?;
        of_kind(kind, claims)
    }

    /// Verifies a token of either kind, which may have expired, so that a log-out does not need a
    /// refresh first (RFC 7009, section 2.1).
    pub async fn verify_for_revocation(&self, token: &BearerToken) -> Result<Claims, Refusal> {
        match self.verify_signature(token) {
            Err(Refusal::TokenKeyUnknown) if self.finds_key_of(token).await => {
                self.verify_signature(token)
            }
            verified => verified,
        }
    }

    async fn finds_key_of(&self, token: &BearerToken) -> bool {
        match read_header(token.expose()).and_then(|header| header.key_name()) {
            Ok(name) => self.keys.look_for(name).await,
            Err(_) => false,
        }
    }

    /// The public keys that verify now, oldest first.
    #[must_use]
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.keys.public_keys()
    }

    fn verify_signature(&self, token: &BearerToken) -> Result<Claims, Refusal> {
        // when a key is removed, the tokens that it signed leave the cache
        let edition = self.keys.edition();
        let digest = token_digest(token);
        match self.verified.get(&digest) {
            Some((verified_with, claims)) if verified_with == edition => {
                self.metrics.cached.inc();
                return Ok(claims);
            }
            _ => self.metrics.afresh.inc(),
        };
        let claims = self.verify_afresh(token)?;
        self.verified.insert(digest, (edition, claims.clone()));
        Ok(claims)
    }

    fn verify_afresh(&self, token: &BearerToken) -> Result<Claims, Refusal> {
        let header = read_header(token.expose())?;
        if header.alg != "EdDSA" {
            return Err(Refusal::TokenAlgorithm);
        }
        // critical extensions are not supported (RFC 7515, 4.1.11)
        if header.crit.is_some() {
            return Err(Refusal::TokenMalformed);
        }
        let name = header.key_name()?;
        let key = self.keys.verifying(name).ok_or(Refusal::TokenKeyUnknown)?;
        let claims = self.decode(token, &key)?;
        let kind = header
            .typ
            .as_deref()
            .and_then(TokenKind::from_typ)
            .ok_or(Refusal::TokenType)?;
        Claims::read(kind, &claims).ok_or(Refusal::TokenMalformed)
    }

    fn decode(&self, token: &BearerToken, key: &Key) -> Result<WireClaims, Refusal> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        // checked later, with the database's clock
        validation.validate_exp = false;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        // without this, a token that lacks the claim would be accepted
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        jsonwebtoken::decode(token.expose(), &key.verifies, &validation)
            .map(|data| data.claims)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature => Refusal::TokenSignature,
                ErrorKind::InvalidAlgorithm => Refusal::TokenAlgorithm,
                ErrorKind::InvalidIssuer => Refusal::TokenIssuer,
                ErrorKind::InvalidAudience => Refusal::TokenAudience,
                ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => Refusal::TokenIssuer,
                ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => Refusal::TokenAudience,
                _ => Refusal::TokenMalformed,
            })
    }
}

/// The parts of a JOSE header that matter. They are read here, so that each has its own refusal.
#[derive(Deserialize)]
struct JoseHeader {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

impl JoseHeader {
    fn key_name(&self) -> Result<KeyName, Refusal> {
        let name = self.kid.as_deref().ok_or(Refusal::TokenMalformed)?;
        name.parse().map_err(|_| Refusal::TokenKeyUnknown)
    }
}

fn of_kind(kind: TokenKind, claims: Claims) -> Result<Claims, Refusal> {
    if claims.kind == kind {
        Ok(claims)
    } else {
        Err(Refusal::TokenType)
    }
}

fn read_header(token: &str) -> Result<JoseHeader, Refusal> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut parts = token.split('.');
    let (Some(header), Some(_), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::TokenMalformed);
    };
    let header = URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| Refusal::TokenMalformed)?;
    serde_json::from_slice(&header).map_err(|_| Refusal::TokenMalformed)
}

fn token_digest(token: &BearerToken) -> TokenDigest {
    let digest = digest::digest(&digest::SHA256, token.expose().as_bytes());
    let mut bytes = TokenDigest::default();
    bytes.copy_from_slice(digest.as_ref());
    bytes
}
