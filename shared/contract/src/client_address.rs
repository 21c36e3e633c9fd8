//! The address of a call's client: that of the peer, or the one that trusted proxies report.

use http::HeaderMap;
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str,
};

/// The address of a call's client, as an extension of the request. The listener sets it once, and
/// leaves it out if the peer has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

const FORWARDED_FOR: &str = "x-forwarded-for";
/// No address with brackets, zone and port is longer.
const MAX_ENTRY: usize = 64;

/// The client's address. Each proxy appends the address of its caller to `x-forwarded-for`, and the
/// last proxy is the peer. So with `trusted_proxies` proxies, the client's address is that many
/// entries from the right. The client itself may have written everything to the left of it. If
/// there is no proxy, or no address at that position, the peer's address is used.
#[must_use]
pub fn client_address(
    headers: &HeaderMap,
    peer: Option<IpAddr>,
    trusted_proxies: usize,
) -> Option<IpAddr> {
    let peer = peer.map(|address| address.to_canonical());
    let Some(place) = trusted_proxies.checked_sub(1) else {
        return peer;
    };
    let values = headers.get_all(FORWARDED_FOR).into_iter().rev();
    // read as bytes, because what a client wrote to the left may be anything
    let mut entries = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    entries.nth(place).and_then(read_entry).or(peer)
}

/// Reads an address as it is written in the header or in a row. IPv4 may have a port, and IPv6
/// brackets and a port. Any other text is refused.
#[must_use]
pub fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches([' ', '\t']);
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']');
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
        .or_else(|| Some(in_brackets()?.parse::<Ipv6Addr>().ok()?.into()))?;
    Some(address.to_canonical())
}

fn read_entry(entry: &[u8]) -> Option<IpAddr> {
    let entry = Some(entry).filter(|entry| entry.len() <= MAX_ENTRY)?;
    read(str::from_utf8(entry).ok()?)
}

#[cfg(test)]
mod tests;
