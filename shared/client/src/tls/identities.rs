//! The names in verified client certificates.

use std::{collections::BTreeSet, fmt, str::FromStr};
use tokio_rustls::rustls::pki_types::CertificateDer;

/// The largest number of names in a list, and in a certificate.
const MAX_NAMES: usize = 64;

/// The subject alternative names (RFC 5280, section 4.2.1.6) of the clients that may call: DNS
/// names, or URIs as in SPIFFE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentities(BTreeSet<String>);

impl ClientIdentities {
    /// Whether one of a certificate's names is on the list.
    #[must_use]
    pub fn accept<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        names.into_iter().any(|name| self.0.contains(&normal(name)))
    }
}

impl FromStr for ClientIdentities {
    type Err = InvalidIdentities;

    fn from_str(text: &str) -> Result<Self, InvalidIdentities> {
        let names: BTreeSet<String> = text.split(',').map(|name| normal(name.trim())).collect();
        let is_name = |name: &String| {
            !name.is_empty()
                && name.is_ascii()
                // a wildcard does not name one client
                && !name.contains(|letter: char| letter == '*' || letter.is_whitespace())
        };
        if names.len() <= MAX_NAMES && names.iter().all(is_name) {
            Ok(Self(names))
        } else {
            Err(InvalidIdentities)
        }
    }
}

/// DNS names are compared without case (RFC 4343), and URIs exactly.
fn normal(name: &str) -> String {
    if name.contains("://") {
        name.to_owned()
    } else {
        name.to_ascii_lowercase()
    }
}

/// Why a text is not a list of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidIdentities;

impl fmt::Display for InvalidIdentities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be DNS names or URIs without wildcards, separated by commas")
    }
}

impl std::error::Error for InvalidIdentities {}

/// The names in a verified certificate; none if it cannot be read.
pub(crate) fn names_of(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(certificate) = webpki::EndEntityCert::try_from(certificate) else {
        return Vec::new();
    };
    certificate
        .valid_dns_names()
        .chain(certificate.valid_uri_names())
        .take(MAX_NAMES)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_their_kind_is() {
        let identities: ClientIdentities = "Requests.example, spiffe://ticketing/Requests"
            .parse()
            .unwrap();
        assert!(identities.accept(["other", "requests.EXAMPLE"]));
        assert!(identities.accept(["spiffe://ticketing/Requests"]));
        assert!(!identities.accept(["spiffe://ticketing/requests"]));
        assert!(!identities.accept(["example", "sub.requests.example", "*.example"]));
        assert!(!identities.accept([]));
    }

    #[test]
    fn a_list_without_names_is_refused() {
        for wrong in ["", ",", "a,,b", "*", "*.example", "a b", "ä"] {
            assert_eq!(
                wrong.parse::<ClientIdentities>(),
                Err(InvalidIdentities),
                "{wrong}"
            );
        }
    }
}
