//! Reads the address of a listener from a service's log.

use std::net::SocketAddr;

/// A listener's name and address, where a line of the log in JSON names them.
#[must_use]
pub fn listening(line: &str) -> Option<(String, SocketAddr)> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let field = |name: &str| line["fields"][name].as_str();
    if field("message")? != "listening" {
        return None;
    }
    Some((
        field("listener")?.to_owned(),
        field("address")?.parse().ok()?,
    ))
}
