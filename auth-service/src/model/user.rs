//! A user, and the secrets that belong to one.

use aws_lc_rs::{constant_time, digest};
use contract::{
    ids::{PartnerId, UserId},
    principal::UserType,
};
use secrecy::{ExposeSecret, SecretString};

/// The user of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `users.id`.
    pub id: UserId,
    /// Display name.
    pub name: String,
    /// The e-mail for log-ins.
    pub email: String,
    /// The kind of account.
    pub user_type: UserType,
    /// Name of the role.
    pub role: String,
    /// The partner that the user works for.
    pub partner_id: Option<PartnerId>,
    /// Language tag.
    pub language_preference: String,
    /// Whether the user is active and not deleted.
    pub is_live: bool,
    /// The permissions that the user has now, sorted.
    pub permissions: Vec<String>,
}

/// A customer who is about to be registered.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    /// Display name.
    pub name: String,
    /// The e-mail for log-ins.
    pub email: String,
    /// Telephone number.
    pub phone: String,
    /// Language tag.
    pub language_preference: String,
}

/// A password as it was sent. `Debug` does not print it.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Takes the text as it is. The domain checks the rules for new passwords.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The text in `users.password`: a PHC string or a bcrypt hash. `Debug` does not print it.
#[derive(Clone, Debug)]
pub struct PasswordHash(SecretString);

impl PasswordHash {
    /// Takes the column's text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The column's text.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// A short digest of the text. A session stores it, so that a later change of the password is
    /// noticed, whatever made the change.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.expose().as_bytes());
        let bytes = digest.as_ref();
        hex::encode(bytes.get(..16).unwrap_or(bytes))
    }

    /// Whether an earlier digest is that of this text.
    #[must_use]
    pub fn has_digest(&self, kept: &str) -> bool {
        let now = self.digest();
        constant_time::verify_slices_are_equal(now.as_bytes(), kept.as_bytes()).is_ok()
    }
}

impl PartialEq for PasswordHash {
    fn eq(&self, other: &Self) -> bool {
        self.has_digest(&other.digest())
    }
}
