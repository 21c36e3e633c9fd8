//! Searching with the index and without it.

use crate::support::{ADMIN, Row, Service, partner};
use proto::requests::v1::{ListPartnerRequestsRequest, PartnerRequestFilter};
use testing::Kind;

fn rows() -> Vec<Row> {
    let named = |id, partner, name: &str| Row {
        customer_name: name.to_owned(),
        customer_phone: format!("+20 (100) 555-{id:04}"),
        ..Row::new(id, Some(partner))
    };
    vec![
        named(1, 1, "Mona Hassan"),
        named(2, 1, "MONA 100%"),
        named(3, 2, "Amona_b"),
        named(4, 2, "Omar \\ Said"),
        named(5, 1, "محمد علي"),
    ]
}

fn requesting(filter: PartnerRequestFilter) -> ListPartnerRequestsRequest {
    ListPartnerRequestsRequest {
        filter: Some(filter),
        ..ListPartnerRequestsRequest::default()
    }
}

fn text(text: &str) -> PartnerRequestFilter {
    PartnerRequestFilter {
        text: text.to_owned(),
        ..PartnerRequestFilter::default()
    }
}

/// What staff and a user of partner 1 find.
async fn found(service: &Service, staff: PartnerRequestFilter) -> [Vec<i32>; 2] {
    let own = PartnerRequestFilter {
        partner_ids: Vec::new(),
        ..staff.clone()
    };
    [
        service.list_ids(ADMIN, requesting(staff)).await,
        service.list_ids(&partner(1), requesting(own)).await,
    ]
}

/// A text, and the ids that it finds, of all partners.
const FOUND: [(&str, &[i32]); 15] = [
    ("mona", &[3, 2, 1]),
    ("ONA", &[3, 2, 1]),
    ("na", &[3, 2, 1]),
    ("100%", &[2]),
    ("%%%", &[]),
    ("___", &[]),
    ("a_b", &[3]),
    ("r \\ s", &[4]),
    ("\\", &[4]),
    ("محمد", &[5]),
    ("req-20251108-000", &[5, 4, 3, 2, 1]),
    ("REQ-20251108-0004", &[4]),
    ("20251108", &[]),
    ("20100 555-0003", &[3]),
    ("03", &[3]),
];

testing::on_both_databases! {
    async fn a_search_ignores_case_and_takes_wildcards_for_letters(kind: Kind) {
        let service = Service::start(kind).await;
        service.insert(&rows()).await;
        for (words, expected) in FOUND {
            let [all, own] = found(&service, text(words)).await;
            assert_eq!(all, expected, "{words}");
            let expected: Vec<i32> = expected.iter().copied().filter(|id| ![3, 4].contains(id)).collect();
            assert_eq!(own, expected, "{words}");
        }
    }
}

testing::on_both_databases! {
    async fn a_phone_is_asked_for_in_digits_of_any_script(kind: Kind) {
        let service = Service::start(kind).await;
        service.insert(&rows()).await;
        for digits in ["5550003", "٥٥٥٠٠٠٣", "۵۵۵-۰۰۰۳", "५५५०००३", "৫৫৫০০০৩", "５５５ ０００３", "٥5۵०٠0３"] {
            let phone = PartnerRequestFilter {
                customer_phone: digits.to_owned(),
                ..PartnerRequestFilter::default()
            };
            for filter in [phone, text(digits)] {
                let [all, own] = found(&service, filter).await;
                assert_eq!(all, [3], "{digits}");
                assert_eq!(own, [] as [i32; 0], "{digits}");
            }
        }
    }
}
