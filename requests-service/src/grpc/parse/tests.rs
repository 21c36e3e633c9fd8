//! Page tokens stay what they are from build to build.

use super::*;
use crate::model::{PartnerPosition, PartnerSort, Position};
use contract::time::Timestamp;
use proto::requests::v1::{ListPartnersRequest, PartnerFilter, PartnerOrder, TimeRange};

/// During an update, replicas of two builds serve pages of one list. These numbers stay, also when a
/// filter gets a field.
#[test]
#[allow(
    clippy::needless_update,
    reason = "the filters have the fields of the first build, not all"
)]
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
        ..Default::default()
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
    let requests = requests.map(|message| list(&message).unwrap().1);

    let filter = PartnerFilter {
        statuses: vec![1, 2],
        category_ids: vec![1],
        name: "Mona".to_owned(),
        ..Default::default()
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
    let partners = partners.map(|message| super::partners(&message).unwrap().1);

    let number = |tokens: PageTokens| u64::from_be_bytes(tokens.list().unwrap().bytes());
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
        let (query, tokens) = list(&message).unwrap();
        let id = PartnerRequestId(7);
        let expected = Some(Position { sort, id });
        assert_eq!(query.after, expected);
        assert_eq!(tokens.write(expected.as_ref()), token);
    }
    let name = PartnerSort::Name("Ärzte".to_owned());
    for (field, token, sort) in [
        (
            1,
            "AnlgqcE9yXrGAAAGCiQYHkABAAAABw",
            Some(PartnerSort::Time(time)),
        ),
        (1, "AnlgqcE9yXrGAQAAAAc", None),
        (3, "AsDkIVOT9w0iAMOEcnp0ZQAAAAc", Some(name)),
    ] {
        let message = ListPartnersRequest {
            page_token: token.to_owned(),
            order: Some(PartnerOrder {
                field,
                direction: 0,
            }),
            ..Default::default()
        };
        let (query, tokens) = super::partners(&message).unwrap();
        let id = PartnerId(7);
        let expected = Some(PartnerPosition { sort, id });
        assert_eq!(tokens.write(expected.as_ref()), token);
        assert_eq!(query.after, expected);
    }
}
