//! The wire form of a position.
//!
//! A token says where a page starts and which filter and order it belongs to.
//! It authorizes nothing, since visibility is applied anew on each page, and so
//! it needs no key: whoever makes one up sees no more than by asking from the
//! start.

use crate::model::Position;
use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::Message as _;
use proto::requests::v1::ListPartnerRequestsRequest;
use shared::{ids::PartnerRequestId, time::Timestamp};

/// The first byte; another layout gets another one.
const VERSION: u8 = 1;
const VALUED: u8 = 0;
const UNSORTED: u8 = 1;
/// Version, fingerprint, half, sort value in microseconds, id.
const LENGTH: usize = 1 + FINGERPRINT_LENGTH + 1 + 8 + 4;
const FINGERPRINT_LENGTH: usize = 8;

/// Tells one list from another: the filter and the order of a request, digested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; FINGERPRINT_LENGTH]);

impl Fingerprint {
    /// Of all that a request asks for but the page itself.
    pub(super) fn of(request: &ListPartnerRequestsRequest) -> Self {
        let list = ListPartnerRequestsRequest {
            filter: request.filter.clone(),
            order: request.order,
            ..ListPartnerRequestsRequest::default()
        };
        let digest = digest::digest(&digest::SHA256, &list.encode_to_vec());
        let mut fingerprint = [0; FINGERPRINT_LENGTH];
        for (to, from) in fingerprint.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(fingerprint)
    }
}

/// The token of a position; empty where there is no next page.
pub(super) fn encode(position: Option<Position>, fingerprint: Fingerprint) -> String {
    let (half, micros, id) = match position {
        None | Some(Position::Start) => return String::new(),
        Some(Position::Valued { sort, id }) => (VALUED, sort.micros(), id),
        Some(Position::Unsorted { id }) => (UNSORTED, 0, id),
    };
    let mut token = Vec::with_capacity(LENGTH);
    token.push(VERSION);
    token.extend(fingerprint.0);
    token.push(half);
    token.extend(micros.to_be_bytes());
    token.extend(id.0.to_be_bytes());
    URL_SAFE_NO_PAD.encode(token)
}

/// The position of a token; `None` if it is not one that [`encode`] gives for
/// this list.
pub(super) fn decode(token: &str, fingerprint: Fingerprint) -> Option<Position> {
    if token.is_empty() {
        return Some(Position::Start);
    }
    let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    let (rest, id) = bytes.split_last_chunk()?;
    let (rest, micros) = rest.split_last_chunk()?;
    let id = PartnerRequestId(i32::from_be_bytes(*id));
    let sort = Timestamp::from_micros(i64::from_be_bytes(*micros));
    let position = match *rest.last()? {
        VALUED => Position::Valued { sort, id },
        UNSORTED => Position::Unsorted { id },
        _ => return None,
    };
    // one spelling each: version, fingerprint and what is left unused must be
    // what they would be had the token been made here
    (encode(Some(position), fingerprint) == token).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proto::requests::v1::{PartnerRequestFilter, PartnerRequestOrder};

    fn positions() -> impl Strategy<Value = Position> {
        let id = any::<i32>().prop_map(PartnerRequestId);
        prop_oneof![
            (any::<i64>(), id.clone()).prop_map(|(micros, id)| Position::Valued {
                sort: Timestamp::from_micros(micros),
                id
            }),
            id.prop_map(|id| Position::Unsorted { id }),
        ]
    }

    fn fingerprints() -> impl Strategy<Value = Fingerprint> {
        any::<[u8; FINGERPRINT_LENGTH]>().prop_map(Fingerprint)
    }

    proptest! {
        #[test]
        fn a_token_leads_back_to_its_position(
            position in positions(),
            fingerprint in fingerprints(),
        ) {
            let token = encode(Some(position), fingerprint);
            prop_assert_eq!(decode(&token, fingerprint), Some(position));
        }

        #[test]
        fn a_token_of_another_list_is_refused(
            position in positions(),
            one in fingerprints(),
            other in fingerprints(),
        ) {
            prop_assume!(one != other);
            prop_assert_eq!(decode(&encode(Some(position), one), other), None);
        }

        #[test]
        fn any_other_text_is_refused(text in ".+", fingerprint in fingerprints()) {
            prop_assert_eq!(decode(&text, fingerprint), None);
        }

        #[test]
        fn any_other_bytes_are_refused(
            bytes in proptest::collection::vec(any::<u8>(), 1..64),
            fingerprint in fingerprints(),
        ) {
            prop_assert_eq!(decode(&URL_SAFE_NO_PAD.encode(bytes), fingerprint), None);
        }

        /// Also one that the decoder of base64 would be lenient about.
        #[test]
        fn a_token_with_one_letter_changed_is_refused_or_another_position(
            position in positions(),
            fingerprint in fingerprints(),
            at in any::<prop::sample::Index>(),
            letter in "[ -~]",
        ) {
            let mut token = encode(Some(position), fingerprint);
            let at = at.index(token.len());
            prop_assume!(token[at..=at] != letter);
            token.replace_range(at..=at, &letter);
            prop_assert_ne!(decode(&token, fingerprint), Some(position));
        }
    }

    #[test]
    fn no_position_is_no_token() {
        let fingerprint = Fingerprint::of(&ListPartnerRequestsRequest::default());
        assert_eq!(encode(None, fingerprint), "");
        assert_eq!(decode("", fingerprint), Some(Position::Start));
    }

    #[test]
    fn the_fingerprint_is_of_filter_and_order_alone() {
        let plain = ListPartnerRequestsRequest::default();
        let paged = ListPartnerRequestsRequest {
            page_size: 7,
            page_token: "token".to_owned(),
            include_total_size: true,
            ..plain.clone()
        };
        assert_eq!(Fingerprint::of(&plain), Fingerprint::of(&paged));

        let ordered = ListPartnerRequestsRequest {
            order: Some(PartnerRequestOrder {
                field: 2,
                direction: 0,
            }),
            ..plain.clone()
        };
        let filtered = ListPartnerRequestsRequest {
            filter: Some(PartnerRequestFilter {
                category_ids: vec![1],
                ..PartnerRequestFilter::default()
            }),
            ..plain.clone()
        };
        assert_ne!(Fingerprint::of(&plain), Fingerprint::of(&ordered));
        assert_ne!(Fingerprint::of(&plain), Fingerprint::of(&filtered));
        assert_ne!(Fingerprint::of(&ordered), Fingerprint::of(&filtered));
    }
}
