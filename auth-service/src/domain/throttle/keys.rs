//! The keys under which attempts are counted.

use crate::model::{Client, ThrottleKey};
use contract::ids::UserId;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Log-ins with an e-mail, from a network.
pub(super) fn log_in_from(email: &str, client: &Client) -> ThrottleKey {
    ThrottleKey::new("log-in from", &[email, &network(client)])
}

/// Log-ins with an e-mail, from all networks.
pub(super) fn log_in(email: &str) -> ThrottleKey {
    ThrottleKey::new("log-in", &[email])
}

/// Registrations from a network.
pub(super) fn registration_from(client: &Client) -> ThrottleKey {
    ThrottleKey::new("registration from", &[&network(client)])
}

/// Changes of a user's password.
pub(super) fn change_password(user: UserId) -> ThrottleKey {
    ThrottleKey::new("change of password", &[&user.to_string()])
}

/// The block of an address, which one holder is likely to own: /24 of IPv4 and /48 of IPv6, as its
/// first address. All calls without an address share one block.
fn network(client: &Client) -> String {
    let address = client.ip_address.as_deref();
    match address.and_then(|text| text.parse::<IpAddr>().ok()) {
        Some(address) => match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Ipv4Addr::new(a, b, c, 0).to_string()
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_string()
            }
        },
        None => "nowhere".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Client {
        Client {
            ip_address: Some(address.to_owned()),
            ..Client::default()
        }
    }

    #[test]
    fn an_address_counts_as_its_network() {
        for (address, block) in [
            ("203.0.113.9", "203.0.113.0"),
            ("203.0.113.255", "203.0.113.0"),
            ("203.0.114.9", "203.0.114.0"),
            ("::ffff:203.0.113.9", "203.0.113.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
            ("2001:db8:1:ffff::", "2001:db8:1::"),
            ("2001:db8:2::1", "2001:db8:2::"),
            ("::1", "::"),
            ("no address", "nowhere"),
            ("", "nowhere"),
        ] {
            assert_eq!(network(&from(address)), block, "{address}");
        }
        assert_eq!(network(&Client::default()), "nowhere");
    }

    #[test]
    fn different_attempts_have_different_keys() {
        let here = from("203.0.113.9");
        let keys = [
            log_in_from("a@b", &here),
            log_in_from("a@c", &here),
            // two accounts may differ in case alone
            log_in_from("A@b", &here),
            log_in_from("a@b", &from("198.51.100.1")),
            log_in("a@b"),
            log_in("A@b"),
            registration_from(&here),
            change_password(UserId(1)),
            ThrottleKey::new("log-in from", &["a@b203.0.113.0"]),
            ThrottleKey::new("log-in froma@b", &["203.0.113.0"]),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(key.as_str().len(), 64);
            assert!(!keys[..index].contains(key), "{index}");
        }
        assert_eq!(keys[0], log_in_from("a@b", &from("203.0.113.200")));
    }
}
