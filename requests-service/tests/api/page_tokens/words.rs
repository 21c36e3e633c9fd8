//! One list in other words, and lists that are nearly the same.

use fastrand::Rng;
use proto::requests::v1::{
    ListPartnerRequestsRequest, ListPartnersRequest, PartnerFilter, PartnerOrder,
    PartnerRequestFilter, PartnerRequestOrder, TimeRange,
};

/// The same values in another order, some of them more than once.
fn list(random: &mut Rng, values: &[i32]) -> Vec<i32> {
    let mut list = values.to_vec();
    for _ in 0..random.usize(0..4) {
        list.extend(random.choice(values));
    }
    random.shuffle(&mut list);
    list
}

/// The same text with the case of some ASCII letters changed, some letters of Arabic in
/// another way, and characters that nobody sees.
fn text(random: &mut Rng, text: &str) -> String {
    let text: String = text
        .chars()
        .flat_map(|letter| {
            let letter = match letter {
                'ا' | 'أ' | 'إ' | 'آ' => random.choice(['ا', 'أ', 'إ', 'آ', 'ٱ']).unwrap(),
                'ه' | 'ة' => random.choice(['ه', 'ة']).unwrap(),
                letter => letter,
            };
            let unseen = (random.u8(0..4) == 0).then_some('\u{200e}');
            [Some(letter), unseen].into_iter().flatten()
        })
        .collect();
    let mut other_case = |letter: char| match random.u8(0..3) {
        0 => letter.to_ascii_lowercase(),
        1 => letter.to_ascii_uppercase(),
        _ => letter,
    };
    text.chars().map(&mut other_case).collect()
}

/// The same digits with other characters between them.
fn phone(random: &mut Rng, phone: &str) -> String {
    let mut digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    for _ in 0..random.usize(0..4) {
        let other = random.choice([' ', '-', '+', '(', 'x']);
        if !digits.is_empty() {
            digits.insert(random.usize(0..=digits.len()), other.unwrap());
        }
    }
    digits.iter().collect()
}

/// A value that is as good as none: either of the two.
fn or_none<T: Default + PartialEq>(random: &mut Rng, value: T) -> Option<T> {
    (value != T::default() || random.bool()).then_some(value)
}

/// The same range in microseconds.
fn range(random: &mut Rng, range: Option<TimeRange>) -> Option<TimeRange> {
    let mut range = range.unwrap_or_default();
    let ends = [&mut range.start_time, &mut range.end_time];
    for time in ends.into_iter().flatten() {
        time.nanos = time.nanos / 1_000 * 1_000 + random.i32(0..1_000);
    }
    or_none(random, range)
}

/// An order by this field, this way: 0 and 1 of the fields, and 0 and 2 of the
/// directions, are one.
fn order(random: &mut Rng, field: i32, direction: i32) -> (i32, i32) {
    let choose = |random: &mut Rng, value: i32, usual: i32| match value {
        value if value == 0 || value == usual => random.choice([0, usual]).unwrap(),
        value => value,
    };
    (choose(random, field, 1), choose(random, direction, 2))
}

/// The same page of the same list, asked for in other words.
pub(super) fn requests(
    random: &mut Rng,
    requested: &ListPartnerRequestsRequest,
) -> ListPartnerRequestsRequest {
    let mut filter = requested.filter.clone().unwrap_or_default();
    for values in [
        &mut filter.statuses,
        &mut filter.category_ids,
        &mut filter.branch_ids,
        &mut filter.service_ids,
        &mut filter.pickup_option_ids,
        &mut filter.partner_ids,
    ] {
        *values = list(random, values);
    }
    for times in [&mut filter.submit_time, &mut filter.create_time] {
        *times = range(random, *times);
    }
    for words in [&mut filter.text, &mut filter.customer_name] {
        *words = text(random, words);
    }
    filter.customer_phone = phone(random, &filter.customer_phone);
    let (field, direction) = requested
        .order
        .map_or((0, 0), |order| (order.field, order.direction));
    let (field, direction) = self::order(random, field, direction);
    ListPartnerRequestsRequest {
        filter: or_none(random, filter),
        order: or_none(random, PartnerRequestOrder { field, direction }),
        page_size: random.i32(1..8),
        page_token: requested.page_token.clone(),
        include_total_size: random.bool(),
    }
}

/// The same page of the same list, asked for in other words.
pub(super) fn partners(random: &mut Rng, requested: &ListPartnersRequest) -> ListPartnersRequest {
    let filter = requested.filter.clone().unwrap_or_default();
    let filter = PartnerFilter {
        statuses: list(random, &filter.statuses),
        category_ids: list(random, &filter.category_ids),
        name: text(random, &filter.name),
    };
    let (field, direction) = requested
        .order
        .map_or((0, 0), |order| (order.field, order.direction));
    let (field, direction) = self::order(random, field, direction);
    ListPartnersRequest {
        filter: or_none(random, filter),
        order: or_none(random, PartnerOrder { field, direction }),
        page_size: random.i32(1..8),
        page_token: requested.page_token.clone(),
        include_total_size: random.bool(),
        include_counts: random.bool(),
        include_branches: random.bool(),
    }
}

/// Adds a value to a list, or takes it away.
fn toggle(list: &mut Vec<i32>, value: i32) {
    if list.contains(&value) {
        list.retain(|other| *other != value);
    } else {
        list.push(value);
    }
}

/// Moves one end of a range by the least that counts.
fn shift(range: &mut Option<TimeRange>) {
    let range = range.get_or_insert_default();
    match &mut range.start_time {
        Some(time) if time.nanos >= 1_000 => time.nanos -= 1_000,
        Some(time) => (time.seconds, time.nanos) = (time.seconds - 1, 999_999_000),
        none => *none = Some(prost_types::Timestamp::default()),
    }
}

/// Lists that differ from this one in one thing each.
pub(super) fn other_requests(
    requested: &ListPartnerRequestsRequest,
) -> Vec<ListPartnerRequestsRequest> {
    let changes: [fn(&mut PartnerRequestFilter); 11] = [
        |filter| toggle(&mut filter.statuses, 3),
        |filter| toggle(&mut filter.category_ids, 1),
        |filter| toggle(&mut filter.branch_ids, 1),
        |filter| toggle(&mut filter.service_ids, 1),
        |filter| toggle(&mut filter.pickup_option_ids, 1),
        |filter| toggle(&mut filter.partner_ids, 1),
        |filter| shift(&mut filter.submit_time),
        |filter| shift(&mut filter.create_time),
        |filter| filter.text.push(' '),
        |filter| filter.customer_name.push(' '),
        |filter| filter.customer_phone.push('1'),
    ];
    let mut others = Vec::new();
    for change in changes {
        let mut other = requested.clone();
        change(other.filter.get_or_insert_default());
        others.push(other);
    }
    let PartnerRequestOrder { field, direction } = requested.order.unwrap_or_default();
    for (field, direction) in other_orders(field, direction) {
        let order = Some(PartnerRequestOrder { field, direction });
        others.push(ListPartnerRequestsRequest {
            order,
            ..requested.clone()
        });
    }
    others
}

/// Lists that differ from this one in one thing each.
pub(super) fn other_partners(requested: &ListPartnersRequest) -> Vec<ListPartnersRequest> {
    let changes: [fn(&mut PartnerFilter); 3] = [
        |filter| toggle(&mut filter.statuses, 3),
        |filter| toggle(&mut filter.category_ids, 1),
        |filter| filter.name.push(' '),
    ];
    let mut others = Vec::new();
    for change in changes {
        let mut other = requested.clone();
        change(other.filter.get_or_insert_default());
        others.push(other);
    }
    let PartnerOrder { field, direction } = requested.order.unwrap_or_default();
    for (field, direction) in other_orders(field, direction) {
        let order = Some(PartnerOrder { field, direction });
        others.push(ListPartnersRequest {
            order,
            ..requested.clone()
        });
    }
    others
}

/// By another field, and the other way.
fn other_orders(field: i32, direction: i32) -> [(i32, i32); 2] {
    let other_field = if field == 3 { 2 } else { 3 };
    let other_direction = if direction == 1 { 2 } else { 1 };
    [(other_field, direction), (field, other_direction)]
}
