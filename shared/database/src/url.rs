//! The URL of a database.

mod parameters;
mod postgres;
#[cfg(test)]
mod tests;

use super::Dialect;
use secrecy::{ExposeSecret, SecretString};
use sqlx::sqlite::SqliteConnectOptions;
use std::str::FromStr;

/// `postgres://…`, `postgresql://…` or `sqlite://path?mode=rwc`. It may carry a
/// password, so it never prints.
#[derive(Clone, Debug)]
pub struct DatabaseUrl {
    text: SecretString,
    for_driver: SecretString,
    ignored: Vec<String>,
    dialect: Dialect,
}

impl DatabaseUrl {
    /// Which database it names.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The text, password included.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// The same database, by a URL that the driver reads as it is meant.
    pub(super) fn for_driver(&self) -> &str {
        self.for_driver.expose_secret()
    }

    /// Names of its parameters that have no effect.
    pub(super) fn ignored(&self) -> &[String] {
        &self.ignored
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let postgres = ["postgres://", "postgresql://"];
        let postgres = postgres.iter().find_map(|scheme| text.strip_prefix(scheme));
        let (dialect, for_driver, ignored) = if let Some(rest) = postgres {
            let parts = postgres::read(rest)?;
            (Dialect::Postgres, parts.for_driver(), parts.ignored)
        } else if text.starts_with("sqlite:") && !text.contains(":memory:") {
            SqliteConnectOptions::from_str(text).map_err(|_| InvalidDatabaseUrl::Form)?;
            (Dialect::Sqlite, text.to_owned(), Vec::new())
        } else {
            return Err(InvalidDatabaseUrl::Form);
        };
        Ok(Self {
            text: text.into(),
            for_driver: for_driver.into(),
            ignored,
            dialect,
        })
    }
}

/// What is wrong with the text of a URL. The text is not repeated, since it may hold a
/// password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabaseUrl {
    /// It is no URL of a database.
    #[error("must be postgres://user@host/database or sqlite://path/to/file?mode=rwc")]
    Form,
    /// A character ends a part of it too soon, or a `%` does not encode one.
    #[error(
        "has characters that must be percent-encoded in a user, password or value: %40 for @, \
         %2F for /, %3A for :, %26 for &, %3D for =, %25 for %"
    )]
    Encoding,
    /// The port is not a number from 1 to 65535.
    #[error("must have a port from 1 to 65535, or none")]
    Port,
    /// An IPv6 address is not as it must be written.
    #[error("must have an IPv6 address in brackets, as in postgres://user@[::1]:5432/database")]
    Brackets,
    /// libpq tries one after the other, and the driver does not.
    #[error("must name one host, not several")]
    SeveralHosts,
    /// An `sslmode` that libpq does not know.
    #[error(
        "has an unknown sslmode; it must be disable, allow, prefer, require, verify-ca or \
         verify-full"
    )]
    SslMode,
    /// A parameter that libpq does not know.
    #[error("has the unknown parameter {0:?}")]
    Parameter(String),
    /// A parameter demands what no connection has.
    #[error("must {}, since {why}", rule(.parameter, .allowed))]
    Demand {
        /// The parameter.
        parameter: &'static str,
        /// What it may be.
        allowed: &'static [&'static str],
        /// Why it may not be anything else.
        why: &'static str,
    },
    /// A parameter has the one value that it must not have.
    #[error("must not have {parameter}={value}, since {why}")]
    Value {
        /// The parameter.
        parameter: &'static str,
        /// The value.
        value: &'static str,
        /// Why it may not have it.
        why: &'static str,
    },
    /// The certificate would be verified for the address.
    #[error(
        "must leave hostaddr out if it has a host and sslmode=verify-full, since the certificate \
         would be verified for the address instead of the host"
    )]
    HostAddress,
    /// A parameter is not written as one.
    #[error("must have parameters as name=value, with & between them")]
    NotAPair,
}

/// What a parameter must be.
fn rule(parameter: &str, allowed: &[&str]) -> String {
    if allowed.is_empty() {
        return format!("leave {parameter} out");
    }
    let allowed: Vec<_> = allowed
        .iter()
        .map(|value| format!("{parameter}={value}"))
        .collect();
    format!("have {} or leave it out", allowed.join(" or "))
}
