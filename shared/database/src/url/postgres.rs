//! URLs of PostgreSQL, as libpq reads them (PostgreSQL's documentation, "Connection URIs").
//!
//! sqlx 0.9 reads them by the rules for web addresses instead. It looks an IPv6 address up
//! with its brackets, refuses a URL without a host, and ends a password at a `#`. It takes
//! each part as a parameter, so that is how the driver gets all of them.

use super::InvalidDatabaseUrl;
use std::collections::BTreeMap;

/// libpq's parameters that the driver knows.
const KNOWN: [&str; 12] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];
/// libpq's other parameters. The driver has nothing like them, so they are ignored.
const IGNORED: [&str; 36] = [
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "passfile",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "scram_client_key",
    "scram_server_key",
    "service",
    "servicefile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkeylogfile",
    "sslnegotiation",
    "sslpassword",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
];
const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// What a URL says.
#[derive(Debug, Default)]
pub(super) struct Parts {
    parameters: BTreeMap<String, String>,
    /// Names of parameters that are ignored.
    pub(super) ignored: Vec<String>,
}

impl Parts {
    /// Sets a parameter. An empty one is as good as none.
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

/// Reads what stands behind `postgres://`.
pub(super) fn read(text: &str) -> Result<Parts, InvalidDatabaseUrl> {
    let mut parts = Parts::default();
    // what stands before an @ is a user and a password, unless a / comes first
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
        // the password ended before its end, and the mistake is in what is left of it
        let is_left = rest.contains('@');
        if is_left {
            InvalidDatabaseUrl::Encoding
        } else {
            error
        }
    })?;
    if parts.parameters.contains_key("hostaddr") {
        parts.parameters.remove("host");
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
    match name.as_str() {
        "sslmode" if !SSL_MODES.contains(&value.as_str()) => Err(InvalidDatabaseUrl::SslMode),
        // as JDBC says it
        "ssl" if value == "true" => {
            parts.set("sslmode", "require".to_owned());
            Ok(())
        }
        "host" | "hostaddr" if value.contains(',') => Err(InvalidDatabaseUrl::SeveralHosts),
        // the driver's own way to say options
        known if KNOWN.contains(&known) || known.starts_with("options[") => {
            parts.set(known, value);
            Ok(())
        }
        ignored if IGNORED.contains(&ignored) => {
            parts.ignored.push(name);
            Ok(())
        }
        _ => Err(InvalidDatabaseUrl::Parameter(name)),
    }
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
        // no text of PostgreSQL's holds a NUL
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
