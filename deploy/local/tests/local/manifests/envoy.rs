//! The configuration of Envoy that the overlay with it applies.

use super::{DEV_ENVOY, Object, list, text};

fn configuration() -> String {
    let mut maps = DEV_ENVOY.of_kind("ConfigMap");
    let map = maps
        .find(|map| map.name().starts_with("envoy-"))
        .expect("Envoy's");
    text(&map.0["data"]["envoy.yaml"]).to_owned()
}

/// Each `address: …, port_value: …` of the configuration.
fn addresses(configuration: &str) -> Vec<(&str, u64)> {
    let places = configuration.split("{address: ").skip(1);
    places
        .filter_map(|place| place.split_once(", port_value: "))
        .map(|(name, rest)| {
            let digits = rest.split('}').next().unwrap();
            (name, digits.parse().unwrap())
        })
        .collect()
}

#[test]
fn envoy_reaches_the_services_by_the_names_and_ports_that_they_have() {
    let configuration = configuration();
    let found = addresses(&configuration);
    let has_port = |service: &Object, port: u64| {
        let mut ports = list(&service.spec()["ports"]).iter();
        ports.any(|named| named["port"] == port)
    };
    let mut reached = 0;
    for (name, port) in found {
        match name {
            "0.0.0.0" => assert_eq!(port, 8080, "the port of the container"),
            // an example of a service behind it
            "reports" => {}
            name => {
                let service = DEV_ENVOY.find("Service", name).expect(name);
                assert!(has_port(service, port), "{name}:{port}");
                reached += 1;
            }
        }
    }
    assert_eq!(reached, 3);
}
