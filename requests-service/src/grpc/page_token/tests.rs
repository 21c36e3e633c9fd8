//! Tokens there and back, of every kind of position.

use super::*;
use crate::grpc::parse;
use proptest::{prelude::*, strategy::BoxedStrategy};
use proto::requests::v1::{
    ListPartnerRequestsRequest, ListPartnersRequest, PartnerFilter, PartnerOrder,
    PartnerRequestFilter, PartnerRequestOrder, TimeRange,
};
use std::fmt::Debug;

/// A kind of sort value: how it is read, and all its values.
trait AnySort: Bytes + Clone + Debug + PartialEq + 'static {
    fn read(bytes: &[u8]) -> Option<Self>;
    fn any() -> BoxedStrategy<Self>;
}

impl AnySort for Timestamp {
    fn read(bytes: &[u8]) -> Option<Self> {
        time(bytes)
    }

    fn any() -> BoxedStrategy<Self> {
        any::<i64>().prop_map(Self::from_micros).boxed()
    }
}

/// By name; by time it is the same as above.
impl AnySort for PartnerSort {
    fn read(bytes: &[u8]) -> Option<Self> {
        text(bytes).map(Self::Name)
    }

    fn any() -> BoxedStrategy<Self> {
        let names = prop_oneof!["[^\\x00]{0,20}", "[^\\x00]{255}"];
        names.prop_map(Self::Name).boxed()
    }
}

fn positions<S: AnySort>() -> impl Strategy<Value = Position<PartnerId, S>> {
    let id = || any::<i32>().prop_map(PartnerId);
    prop_oneof![
        (S::any(), id()).prop_map(|(sort, id)| Position::Valued { sort, id }),
        id().prop_map(|id| Position::Unsorted { id }),
    ]
}

fn fingerprints() -> impl Strategy<Value = Fingerprint> {
    any::<u64>().prop_map(|list| Fingerprint::of("List", &list))
}

fn read<S: AnySort>(token: &str, fingerprint: Fingerprint) -> Option<Position<PartnerId, S>> {
    decode(token, fingerprint, S::read)
}

mod fuzz;

/// The same for each kind of sort value.
macro_rules! for_each_sort {
    ($($name:ident: $sort:ty,)+) => {$(
        mod $name {
            use super::*;

            proptest! {
                #[test]
                fn a_token_leads_back_to_its_position(
                    position in positions::<$sort>(),
                    fingerprint in fingerprints(),
                ) {
                    let token = encode(Some(&position), fingerprint);
                    prop_assert_eq!(read(&token, fingerprint), Some(position));
                }

                #[test]
                fn a_token_of_another_list_is_refused(
                    position in positions::<$sort>(),
                    one in fingerprints(),
                    other in fingerprints(),
                ) {
                    prop_assume!(one != other);
                    let token = encode(Some(&position), one);
                    prop_assert_eq!(read::<$sort>(&token, other), None);
                }

                #[test]
                fn any_other_text_is_refused(text in ".+", fingerprint in fingerprints()) {
                    prop_assert_eq!(read::<$sort>(&text, fingerprint), None);
                }

                #[test]
                fn any_other_bytes_are_refused(
                    bytes in proptest::collection::vec(any::<u8>(), 1..64),
                    fingerprint in fingerprints(),
                ) {
                    let token = URL_SAFE_NO_PAD.encode(bytes);
                    prop_assert_eq!(read::<$sort>(&token, fingerprint), None);
                }

                /// Also one that the decoder of base64 would be lenient about.
                #[test]
                fn a_token_with_one_letter_changed_is_refused_or_another_position(
                    position in positions::<$sort>(),
                    fingerprint in fingerprints(),
                    at in any::<prop::sample::Index>(),
                    letter in "[ -~]",
                ) {
                    let mut token = encode(Some(&position), fingerprint);
                    let at = at.index(token.len());
                    prop_assume!(token[at..=at] != letter);
                    token.replace_range(at..=at, &letter);
                    prop_assert_ne!(read(&token, fingerprint), Some(position));
                }

                /// Also one that names this list: whoever knows the layout can.
                #[test]
                fn bytes_made_up_for_a_list_have_one_spelling(
                    half in 0..=2_u8,
                    rest in proptest::collection::vec(any::<u8>(), 0..24),
                    fingerprint in fingerprints(),
                ) {
                    let bytes = [&[VERSION][..], &fingerprint.bytes(), &[half], &rest].concat();
                    let token = URL_SAFE_NO_PAD.encode(bytes);
                    if let Some(position) = read::<$sort>(&token, fingerprint) {
                        prop_assert_eq!(encode(Some(&position), fingerprint), token);
                    }
                }
            }
        }
    )+};
}

for_each_sort! {
    by_time: Timestamp,
    by_name: PartnerSort,
}

#[test]
fn no_position_is_no_token() {
    let fingerprint = Fingerprint::of("List", &());
    assert_eq!(encode::<PartnerId, PartnerSort>(None, fingerprint), "");
    assert_eq!(read::<PartnerSort>("", fingerprint), Some(Position::Start));
}

/// A text that PostgreSQL would fail over is no position.
#[test]
fn a_text_with_nul_is_refused() {
    let fingerprint = Fingerprint::of("List", &());
    for sort in ["\0", "Alpha\0"] {
        let position = Position::Valued {
            sort: PartnerSort::Name(sort.to_owned()),
            id: PartnerId(1),
        };
        let token = encode(Some(&position), fingerprint);
        assert_eq!(read::<PartnerSort>(&token, fingerprint), None);
    }
}

/// During an update, replicas of two builds serve pages of one list. Whoever changes a filter
/// on purpose changes the number here, and says in the CHANGELOG that clients have to start
/// at the first page again.
#[test]
fn a_list_has_the_same_fingerprint_in_every_build() {
    let range = |start| TimeRange {
        start_time: Some(prost_types::Timestamp {
            seconds: start,
            nanos: 0,
        }),
        end_time: Some(prost_types::Timestamp {
            seconds: start + 1,
            nanos: 0,
        }),
    };
    let filter = PartnerRequestFilter {
        statuses: vec![1, 2],
        category_ids: vec![1],
        branch_ids: vec![2],
        service_ids: vec![3],
        pickup_option_ids: vec![4],
        partner_ids: vec![5, 6],
        submit_time: Some(range(1)),
        create_time: Some(range(2)),
        text: "A text".to_owned(),
        customer_name: "Mona".to_owned(),
        customer_phone: "0501".to_owned(),
    };
    let order = PartnerRequestOrder {
        field: 1,
        direction: 1,
    };
    let whole = ListPartnerRequestsRequest {
        filter: Some(filter),
        order: Some(order),
        ..Default::default()
    };
    let requests = [ListPartnerRequestsRequest::default(), whole];
    let requests = requests.map(|message| parse::list(&message).unwrap().1);

    let filter = PartnerFilter {
        statuses: vec![1, 2],
        category_ids: vec![1],
        name: "Mona".to_owned(),
    };
    let order = PartnerOrder {
        field: 1,
        direction: 1,
    };
    let whole = ListPartnersRequest {
        filter: Some(filter),
        order: Some(order),
        ..Default::default()
    };
    let partners = [ListPartnersRequest::default(), whole];
    let partners = partners.map(|message| parse::partners(&message).unwrap().1);

    let number = |list: Fingerprint| u64::from_be_bytes(list.bytes());
    assert_eq!(
        requests.map(number),
        [1_994_011_679_890_388_503, 6_391_618_518_561_954_895]
    );
    assert_eq!(
        partners.map(number),
        [8_746_177_123_783_899_846, 10_808_116_728_664_168_177]
    );
}

/// Clients hold tokens of earlier builds, and during an update replicas of two builds serve
/// pages of one list.
#[test]
fn a_token_has_the_same_bytes_in_every_build() {
    let time = Timestamp::from_micros(1_700_000_000_000_001);
    for (token, sort) in [
        ("AhusJw7h2LYXAAAGCiQYHkABAAAABw", Some(time)),
        ("AhusJw7h2LYXAQAAAAc", None),
    ] {
        let message = ListPartnerRequestsRequest {
            page_token: token.to_owned(),
            ..Default::default()
        };
        let (query, list) = parse::list(&message).unwrap();
        let expected = Position::after_row(PartnerRequestId(7), sort);
        assert_eq!(query.position, expected);
        assert_eq!(encode(Some(&expected), list), token);
    }
    let name = PartnerSort::Name("Ärzte".to_owned());
    for (field, token, sort) in [
        (
            1,
            "AnlgqcE9yXrGAAAGCiQYHkABAAAABw",
            Some(PartnerSort::Time(time)),
        ),
        (1, "AnlgqcE9yXrGAQAAAAc", None),
        (3, "", Some(name)),
    ] {
        let message = ListPartnersRequest {
            page_token: token.to_owned(),
            order: Some(PartnerOrder {
                field,
                direction: 0,
            }),
            ..Default::default()
        };
        let (query, list) = parse::partners(&message).unwrap();
        let expected = Position::after_row(PartnerId(7), sort);
        assert_eq!(encode(Some(&expected), list), token);
        assert_eq!(query.position, expected);
    }
}
