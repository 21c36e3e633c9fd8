//! Where a call comes from: its peer, or what the proxies before us say of it.

use http::HeaderMap;
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str,
};

/// Where a call's client is: an extension of the call, which the listener sets once. A call whose
/// peer has no address has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Longer than any address with brackets, zone and port.
const MAX_ENTRY: usize = 64;

/// The client's address. Each proxy appends the address that called it to
/// `x-forwarded-for`; the last of them is the peer. So with `trusted_proxies` of
/// them the client is that many entries from the right, and whatever stands to the
/// left of it the client may have written itself. With no proxy, or without an
/// address at that place, it is the peer.
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
    // bytes: what a client wrote to the left need not be text
    let mut entries = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    entries.nth(place).and_then(read_entry).or(peer)
}

/// An address as it may stand in the header or in a row, in its one form. IPv4 may
/// carry a port, IPv6 brackets and a port; any other text is none.
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
