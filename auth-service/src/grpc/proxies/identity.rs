//! The user of a request, as headers for the service behind a proxy.

use contract::principal::Principal;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What the names of all these headers begin with.
const PREFIX: &str = "x-ticketing-";

/// Texts are percent-encoded (RFC 3986, 2.1) where a header cannot hold them as they are, and where
/// they have the comma that separates permissions.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b',');

/// The headers and their values. A header without a value does not apply to this user, so a client
/// must not be able to set it.
pub(super) fn headers(principal: &Principal) -> [(&'static str, Option<String>); 6] {
    let permissions: Vec<_> = principal.permissions.iter().map(encoded).collect();
    [
        ("x-ticketing-user-id", Some(principal.user_id.0.to_string())),
        (
            "x-ticketing-user-type",
            Some(principal.user_type.name().to_owned()),
        ),
        ("x-ticketing-role", Some(encoded(&principal.role))),
        (
            "x-ticketing-partner-id",
            principal.partner_id.map(|id| id.0.to_string()),
        ),
        ("x-ticketing-permissions", Some(permissions.join(","))),
        (
            "x-ticketing-session-id",
            Some(principal.session_id.to_string()),
        ),
    ]
    .map(|(name, value)| (name, value.filter(|value| !value.is_empty())))
}

/// Whether a client's header looks like one of these to anybody. Some servers take `_` for `-`.
pub(super) fn is_ours(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    name.starts_with(PREFIX)
}

fn encoded(text: impl AsRef<str>) -> String {
    utf8_percent_encode(text.as_ref(), ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{
        ids::{PartnerId, SessionId, UserId},
        principal::UserType,
    };
    use proptest::prelude::*;

    fn principal(role: &str, permissions: Vec<String>, partner_id: Option<i32>) -> Principal {
        Principal {
            user_id: UserId(7),
            name: "Sara".to_owned(),
            user_type: UserType::Partner,
            role: role.to_owned(),
            partner_id: partner_id.map(PartnerId),
            permissions,
            session_id: SessionId::parse("6b1e9a9e-6f3f-4a53-9d4c-0d6f0a1f2b3c").unwrap(),
        }
    }

    #[test]
    fn a_user_is_told_by_six_headers() {
        let permissions = vec!["a_b".to_owned(), "c,d e".to_owned()];
        let values = headers(&principal("مدير", permissions, None)).map(|(_, value)| value);
        let expected = [
            Some("7"),
            Some("partner"),
            Some("%D9%85%D8%AF%D9%8A%D8%B1"),
            None,
            Some("a_b,c%2Cd%20e"),
            Some("6b1e9a9e-6f3f-4a53-9d4c-0d6f0a1f2b3c"),
        ];
        assert_eq!(values.each_ref().map(Option::as_deref), expected);
    }

    proptest! {
        #[test]
        fn every_text_becomes_a_header(role in any::<String>(), permissions in any::<Vec<String>>()) {
            for (_, value) in headers(&principal(&role, permissions.clone(), Some(1))) {
                let value = value.unwrap_or_default();
                prop_assert!(value.bytes().all(|byte| byte.is_ascii_graphic()), "{value:?}");
            }
        }

        #[test]
        fn a_header_of_a_client_that_looks_like_ours_is_ours(
            name in "[xX][-_][tT]icketing[-_][a-zA-Z_-]{0,9}",
        ) {
            prop_assert!(is_ours(&name));
        }
    }
}
