//! The calls of requests-service.

use super::{Caller, World, rows::one_of};
use fastrand::Rng;
use futures_util::future::join_all;
use proto::requests::v1::{
    GetPartnerRequestRequest, ListPartnerRequestsRequest, PartnerRequestFilter,
    PartnerRequestOrder, TimeRange, get_partner_request_request::Key,
};
use testing::{auth::with_token, fingerprint::lines};
use tonic::Code;

/// So many random filters for each caller.
const FILTERS: usize = 8;

/// Every order walked to its end, and filters at random.
pub(super) async fn list(world: &World, random: &mut Rng) {
    let callers = world.callers.iter().map(|caller| (caller, random.fork()));
    let callers: Vec<_> = callers.collect();
    join_all(callers.into_iter().map(async |(caller, mut random)| {
        walk_every_order(world, caller, &mut random).await;
        list_every_status(world, caller).await;
        for _ in 0..FILTERS {
            list_filtered(world, caller, filter(&mut random)).await;
        }
    }))
    .await;
}

/// Each live row of the caller's exactly once, however it is ordered.
async fn walk_every_order(world: &World, caller: &Caller, random: &mut Rng) {
    // both unspecified, and every pair
    let pairs = (1..=5).flat_map(|field| [(field, 1), (field, 2)]);
    for (field, direction) in [(0, 0)].into_iter().chain(pairs) {
        let request = ListPartnerRequestsRequest {
            order: Some(PartnerRequestOrder { field, direction }),
            page_size: random.choice([3, 8, 100]).unwrap(),
            ..ListPartnerRequestsRequest::default()
        };
        let walked = world.services.walk(&caller.tokens.access_token, request);
        match (walked.await, &caller.sees) {
            (Ok(mut walked), Some(sees)) => {
                walked.sort_unstable();
                assert_eq!(walked, *sees, "{}: {field} {direction}", caller.email);
            }
            (Err(refusal), None) => return denied(caller, &refusal),
            (other, _) => panic!("{}: {field} {direction}: {other:?}", caller.email),
        }
    }
}

/// All statuses that there are leave out what has none, or one that is not known.
async fn list_every_status(world: &World, caller: &Caller) {
    let Some(sees) = &caller.sees else { return };
    let known = "SELECT id::text AS line FROM requests WHERE status IS NOT NULL AND status::text <> 'on_hold' ORDER BY id";
    let mut known = lines(&world.pool, known).await;
    known.retain(|id| sees.contains(&id.parse().unwrap()));
    let request = ListPartnerRequestsRequest {
        filter: Some(PartnerRequestFilter {
            statuses: (1..=8).collect(),
            ..PartnerRequestFilter::default()
        }),
        ..ListPartnerRequestsRequest::default()
    };
    let token = &caller.tokens.access_token;
    let mut walked = world.services.walk(token, request).await.unwrap();
    walked.sort_unstable();
    let walked: Vec<_> = walked.iter().map(ToString::to_string).collect();
    assert_eq!(walked, known, "{}", caller.email);
}

/// Some of the caller's rows, none twice, and as many as are counted.
async fn list_filtered(world: &World, caller: &Caller, filter: PartnerRequestFilter) {
    let request = ListPartnerRequestsRequest {
        filter: Some(filter.clone()),
        page_size: 5,
        include_total_size: true,
        ..ListPartnerRequestsRequest::default()
    };
    let token = &caller.tokens.access_token;
    let page = world.services.page(token, request.clone()).await;
    let anothers = |own| filter.partner_ids.iter().any(|partner| *partner != own);
    match (page, &caller.sees) {
        (Ok(page), Some(sees)) => {
            let mut walked = world.services.walk(token, request).await.unwrap();
            assert_eq!(
                page.total_size,
                i64::try_from(walked.len()).ok(),
                "{}: {filter:?}",
                caller.email
            );
            walked.sort_unstable();
            assert!(walked.is_sorted_by(|one, other| one < other), "{filter:?}");
            assert!(walked.iter().all(|id| sees.contains(id)), "{filter:?}");
        }
        (Err(refusal), Some(_)) if caller.partner.is_some_and(anothers) => denied(caller, &refusal),
        (Err(refusal), None) => denied(caller, &refusal),
        (other, _) => panic!("{}: {filter:?}: {other:?}", caller.email),
    }
}

fn denied(caller: &Caller, refusal: &tonic::Status) {
    let code = refusal.code();
    assert_eq!(code, Code::PermissionDenied, "{}: {refusal}", caller.email);
}

/// Each field one time in six. All are named, so that a new one does not compile unless it is
/// tried, too.
fn filter(random: &mut Rng) -> PartnerRequestFilter {
    PartnerRequestFilter {
        statuses: sometimes(random, ids),
        category_ids: sometimes(random, ids),
        branch_ids: sometimes(random, ids),
        service_ids: sometimes(random, ids),
        pickup_option_ids: sometimes(random, ids),
        partner_ids: sometimes(random, ids),
        submit_time: sometimes(random, |random| Some(range(random))),
        create_time: sometimes(random, |random| Some(range(random))),
        text: sometimes(random, words),
        customer_name: sometimes(random, words),
        customer_phone: sometimes(random, |_| "1".to_owned()),
    }
}

fn sometimes<T: Default>(random: &mut Rng, value: impl FnOnce(&mut Rng) -> T) -> T {
    if random.u8(0..6) == 0 {
        value(random)
    } else {
        T::default()
    }
}

fn ids(random: &mut Rng) -> Vec<i32> {
    vec![random.i32(1..=8), random.i32(1..=8)]
}

fn words(random: &mut Rng) -> String {
    let words = [
        "%",
        "_",
        "\\",
        "'",
        "ن",
        "🚗",
        "REQ-2025",
        "طلب",
        "i̇",
        "ﬁ",
        "1",
        "\u{202e}ن",
    ];
    one_of(random, &words).to_owned()
}

/// Open at either end, or wide enough for the infinite.
fn range(random: &mut Rng) -> TimeRange {
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let start = [None, time(-62_135_596_800), time(1_762_560_000)];
    let end = [None, time(253_402_300_799), time(1_762_600_000)];
    TimeRange {
        start_time: random.choice(start).unwrap(),
        end_time: random.choice(end).unwrap(),
    }
}

/// Every request by its id and by its number, and some that are not there.
pub(super) async fn get(world: &World) {
    let all = "SELECT concat(id, '|', request_number) AS line FROM requests ORDER BY id";
    let mut keys = vec![
        (None, Key::RequestId(i32::MAX)),
        (None, Key::Number("none".to_owned())),
    ];
    for line in lines(&world.pool, all).await {
        let (id, number) = line.split_once('|').unwrap();
        let id = id.parse().unwrap();
        keys.push((Some(id), Key::RequestId(id)));
        keys.push((Some(id), Key::Number(number.to_owned())));
    }
    join_all(world.callers.iter().map(async |caller| {
        // who is denied one is denied all
        let tried = if caller.sees.is_some() { keys.len() } else { 4 };
        for (id, key) in &keys[..tried] {
            get_one(world, caller, *id, key.clone()).await;
        }
    }))
    .await;
}

async fn get_one(world: &World, caller: &Caller, id: Option<i32>, key: Key) {
    let key = Some(key);
    let request = GetPartnerRequestRequest { key: key.clone() };
    let request = with_token(request, &caller.tokens.access_token);
    let answer = world
        .services
        .requests
        .clone()
        .get_partner_request(request)
        .await;
    let there = |sees: &Vec<i32>| id.is_some_and(|id| sees.contains(&id));
    match (answer, &caller.sees) {
        (Ok(answer), Some(sees)) if there(sees) => {
            let shown = answer.into_inner().partner_request.unwrap();
            assert_eq!(Some(shown.request_id), id, "{}: {key:?}", caller.email);
        }
        (Err(refusal), Some(sees)) if !there(sees) => {
            let code = refusal.code();
            assert_eq!(code, Code::NotFound, "{}: {key:?}: {refusal}", caller.email);
        }
        (Err(refusal), None) => denied(caller, &refusal),
        (other, _) => panic!("{}: {key:?}: {other:?}", caller.email),
    }
}
