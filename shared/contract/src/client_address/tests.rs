use super::*;
use http::HeaderValue;
use proptest::prelude::*;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn metadata(values: &[Vec<u8>]) -> HeaderMap {
    let mut metadata = HeaderMap::new();
    for value in values {
        metadata.append(FORWARDED_FOR, header(value).expect("a value"));
    }
    metadata
}

/// `None` for what HTTP does not allow, and so never reaches us.
fn header(value: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(value).ok()
}

fn told(values: &[&str], trusted_proxies: usize) -> String {
    let values: Vec<_> = values
        .iter()
        .map(|value| value.as_bytes().to_vec())
        .collect();
    let address = client_address(&metadata(&values), Some(PEER), trusted_proxies);
    address.unwrap().to_string()
}

#[test]
fn entries_are_counted_from_the_right_over_all_values() {
    let values = ["198.51.100.9, 203.0.113.1", "203.0.113.2,203.0.113.3"];
    assert_eq!(told(&values, 0), "192.0.2.1");
    assert_eq!(told(&values, 1), "203.0.113.3");
    assert_eq!(told(&values, 2), "203.0.113.2");
    assert_eq!(told(&values, 3), "203.0.113.1");
    assert_eq!(told(&values, 4), "198.51.100.9");
    assert_eq!(
        told(&values, 5),
        "192.0.2.1",
        "a call that came by fewer proxies"
    );
    assert_eq!(told(&[], 1), "192.0.2.1");
}

#[test]
fn an_address_has_one_form_whatever_stands_around_it() {
    for (entry, address) in [
        ("203.0.113.1", "203.0.113.1"),
        (" \t203.0.113.1:4711 ", "203.0.113.1"),
        ("::ffff:203.0.113.1", "203.0.113.1"),
        ("[::ffff:203.0.113.1]:80", "203.0.113.1"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        (
            "2001:db8:1111:2222:3333:4444:5555:6666",
            "2001:db8:1111:2222:3333:4444:5555:6666",
        ),
    ] {
        assert_eq!(told(&[entry], 1), address, "{entry}");
    }
}

#[test]
fn where_no_address_stands_it_is_the_peer() {
    let long = "9".repeat(5_000);
    for entry in [
        "",
        " ",
        "unknown",
        "_hidden",
        "203.0.113",
        "203.0.113.256",
        "010.0.0.1",
        "fe80::1%eth0",
        "[203.0.113.1]",
        "[2001:db8::1",
        "\"203.0.113.1\"",
        "for=203.0.113.1",
        "203.0.113.1:99999",
        "203.0.113.1 203.0.113.2",
        "<script>",
        &long,
    ] {
        assert_eq!(told(&[entry], 1), "192.0.2.1", "{entry}");
    }
    let unknown = client_address(&metadata(&[b"unknown".to_vec()]), None, 1);
    assert_eq!(unknown, None);
    let peer = "::ffff:192.0.2.1".parse().unwrap();
    assert_eq!(client_address(&HeaderMap::new(), Some(peer), 0), Some(PEER));
}

/// A byte of a header's value.
fn allowed() -> impl Strategy<Value = u8> {
    prop_oneof![32_u8..127, 128_u8..=255]
}

proptest! {
    #[test]
    fn what_a_client_writes_never_moves_its_address(
        written in prop::collection::vec(prop::collection::vec(allowed(), 0..200), 0..8),
        client in any::<u32>(),
        proxies in prop::collection::vec(any::<u128>(), 0..4),
    ) {
        let client = IpAddr::from(client.to_be_bytes());
        let appended: Vec<IpAddr> = std::iter::once(client)
            .chain(proxies.into_iter().map(|proxy| IpAddr::from(proxy.to_be_bytes())))
            .collect();
        let mut values = written;
        for address in &appended {
            // a proxy extends the last value, or adds one
            match values.last_mut() {
                Some(last) if last.len() % 2 == 0 => last.extend(format!(", {address}").into_bytes()),
                _ => values.push(address.to_string().into_bytes()),
            }
        }
        prop_assume!(values.iter().all(|value| header(value).is_some()));
        let found = client_address(&metadata(&values), Some(PEER), appended.len());
        prop_assert_eq!(found, Some(client));
    }

    #[test]
    fn hostile_headers_give_an_address_that_fits_its_column(
        values in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(allowed(), 0..600),
                "[0-9a-f:.,\\[\\] %]{0,200}".prop_map(String::into_bytes),
            ],
            0..20,
        ),
        trusted_proxies in 0_usize..20,
    ) {
        let metadata = metadata(&values);
        let found = client_address(&metadata, Some(PEER), trusted_proxies).unwrap();
        prop_assert!(found.to_string().len() <= 45);
        prop_assert_eq!(found, found.to_canonical());
        let all = values.join(&b',');
        let mut entries: Vec<_> = all.split(|byte| *byte == b',').collect();
        entries.reverse();
        let entry = trusted_proxies.checked_sub(1).and_then(|place| entries.get(place));
        let entry = entry.and_then(|entry| read(str::from_utf8(entry).ok()?));
        prop_assert_eq!(found, entry.unwrap_or(PEER));
    }

    #[test]
    fn reading_any_text_never_fails(text in any::<String>(), micro in "[0-9a-f:.%\\[\\]]{0,80}") {
        for text in [text, micro] {
            if let Some(address) = read(&text) {
                prop_assert_eq!(read(&address.to_string()), Some(address));
            }
        }
    }
}

#[test]
fn a_value_of_bytes_that_are_no_text_hides_nothing() {
    let metadata = metadata(&[b"\xff\xfe, 203.0.113.7".to_vec()]);
    let found = client_address(&metadata, Some(PEER), 1);
    assert_eq!(found.unwrap().to_string(), "203.0.113.7");
}
