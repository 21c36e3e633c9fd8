//! URLs of PostgreSQL, as libpq reads them (PostgreSQL's documentation, "Connection URIs").
//!
//! sqlx 0.9 reads them by the rules for web addresses instead. It looks an IPv6 address up
//! with its brackets, refuses a URL without a host, and ends a password at a `#`. It takes
//! each part as a parameter, so that is how the driver gets all of them.

use super::{
    InvalidDatabaseUrl,
    parameters::{self, Parameter},
};
use std::collections::BTreeMap;

/// The content of a URL.
#[derive(Debug, Default)]
pub(super) struct Parts {
    parameters: BTreeMap<String, String>,
    /// The names of ignored parameters.
    pub(super) ignored: Vec<String>,
}

impl Parts {
    /// Sets a parameter. An empty value counts as none.
    fn set(&mut self, name: &str, value: String) {
        if !value.is_empty() {
            self.parameters.insert(name.to_owned(), value);
        }
    }

    /// The URL for the driver.
    pub(super) fn for_driver(&self) -> String {
        let pairs = self.parameters.iter();
        let pairs: Vec<_> = pairs
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        format!("postgres:///?{}", pairs.join("&"))
    }
}

/// Reads the part after `postgres://`.
pub(super) fn read(text: &str) -> Result<Parts, InvalidDatabaseUrl> {
    let mut parts = Parts::default();
    // the part before an @ is user and password, unless a / comes first
    let mut rest = text;
    if let Some(at) = text.find(['@', '/'])
        && let Some(behind) = text[at..].strip_prefix('@')
    {
        let (user, password) = text[..at].split_once(':').unwrap_or((&text[..at], ""));
        parts.set("user", decoded(user)?);
        parts.set("password", decoded(password)?);
        rest = behind;
    }
    read_server(rest, &mut parts).map_err(|error| {
        // an unencoded character ended the password too early, so the rest is wrong
        let is_left = rest.contains('@');
        if is_left {
            InvalidDatabaseUrl::Encoding
        } else {
            error
        }
    })?;
    let mode = parts.parameters.get("sslmode").cloned();
    // the driver verifies the certificate for the one of the two that it connects to
    if parts.parameters.contains_key("hostaddr")
        && parts.parameters.remove("host").is_some()
        && mode.as_deref() == Some("verify-full")
    {
        return Err(InvalidDatabaseUrl::HostAddress);
    }
    // with an authority, libpq verifies certificates, and the driver does not
    if parts.parameters.contains_key("sslrootcert") && mode.as_deref() == Some("require") {
        parts.set("sslmode", "verify-ca".to_owned());
    }
    Ok(parts)
}

/// Reads host, port, database and parameters.
fn read_server(text: &str, parts: &mut Parts) -> Result<(), InvalidDatabaseUrl> {
    let (server, pairs) = text.split_once('?').unwrap_or((text, ""));
    let (server, database) = server.split_once('/').unwrap_or((server, ""));
    let (host, port) = match server.strip_prefix('[') {
        Some(address) => {
            let (address, port) = address
                .split_once(']')
                .filter(|(address, port)| {
                    !address.is_empty() && (port.is_empty() || port.starts_with([':', ',']))
                })
                .ok_or(InvalidDatabaseUrl::Brackets)?;
            (address, port.strip_prefix(':').unwrap_or(port))
        }
        None => server.split_once(':').unwrap_or((server, "")),
    };
    if host.contains('@') {
        return Err(InvalidDatabaseUrl::Encoding);
    }
    if host.contains(',') || port.contains(',') {
        return Err(InvalidDatabaseUrl::SeveralHosts);
    }
    if port.contains(':') {
        return Err(InvalidDatabaseUrl::Brackets);
    }
    for (name, value) in [("host", host), ("port", port), ("dbname", database)] {
        parts.set(name, decoded(value)?);
    }
    for pair in pairs.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(InvalidDatabaseUrl::NotAPair)?;
        if value.contains('=') {
            return Err(InvalidDatabaseUrl::NotAPair);
        }
        read_parameter(decoded(name)?, decoded(value)?, parts)?;
    }
    let port = parts.parameters.get("port");
    if port.is_some_and(|port| !matches!(port.parse(), Ok(1_u16..))) {
        return Err(InvalidDatabaseUrl::Port);
    }
    Ok(())
}

fn read_parameter(
    name: String,
    value: String,
    parts: &mut Parts,
) -> Result<(), InvalidDatabaseUrl> {
    // the driver's own syntax for options
    if name.starts_with("options[") {
        parts.set(&name, value);
        return Ok(());
    }
    if matches!(name.as_str(), "host" | "hostaddr") && value.contains(',') {
        return Err(InvalidDatabaseUrl::SeveralHosts);
    }
    match parameters::find(&name) {
        None => return Err(InvalidDatabaseUrl::Parameter(name)),
        Some((parameter, Parameter::Except(other, why))) if value == *other => {
            return Err(InvalidDatabaseUrl::Value {
                parameter,
                value: other,
                why,
            });
        }
        Some((_, Parameter::Passed | Parameter::Except(..))) => parts.set(&name, value),
        Some((_, Parameter::SslMode(modes))) => {
            let mode = modes.iter().find(|(said, _)| value == *said);
            let Some((_, mode)) = mode else {
                return Err(match name.as_str() {
                    "sslmode" => InvalidDatabaseUrl::SslMode,
                    _ => InvalidDatabaseUrl::Parameter(name),
                });
            };
            parts.set("sslmode", (*mode).to_owned());
        }
        Some((_, Parameter::Ignored)) => parts.ignored.push(name),
        Some((parameter, Parameter::Only(allowed, why))) => {
            let is_allowed = allowed
                .iter()
                .any(|allowed| value.eq_ignore_ascii_case(allowed));
            if !value.is_empty() && !is_allowed {
                return Err(InvalidDatabaseUrl::Demand {
                    parameter,
                    allowed,
                    why,
                });
            }
        }
    }
    Ok(())
}

/// A text whose characters may be percent-encoded.
fn decoded(text: &str) -> Result<String, InvalidDatabaseUrl> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let encoded = behind.split_at_checked(2).and_then(|(digits, behind)| {
            rest = behind;
            hex(digits)
        });
        // PostgreSQL's texts cannot contain NUL
        let encoded = encoded.filter(|byte| *byte != 0);
        bytes.push(encoded.ok_or(InvalidDatabaseUrl::Encoding)?);
    }
    String::from_utf8(bytes).map_err(|_| InvalidDatabaseUrl::Encoding)
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    let are_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| are_digits)
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
