//! Counts, and partners.

use super::{Caller, World};
use futures_util::future::join_all;
use proto::requests::v1::{
    CountPartnerRequestsRequest, ListPartnersRequest, PartnerFilter, PartnerOrder,
    partners_service_client::PartnersServiceClient,
};
use testing::{auth::with_token, fingerprint::lines, pages::all_pages};
use tonic::{Code, Status};

/// Counts in every grouping come to the live rows that the caller sees.
pub(super) async fn count(world: &World) {
    join_all(world.callers.iter().map(async |caller| {
        for group_by in 0..=2 {
            let request = CountPartnerRequestsRequest {
                group_by,
                ..CountPartnerRequestsRequest::default()
            };
            let request = with_token(request, &caller.tokens.access_token);
            let mut client = world.services.requests.clone();
            match (client.count_partner_requests(request).await, &caller.sees) {
                (Ok(counted), Some(sees)) => {
                    let counted = counted.into_inner();
                    let sum: i64 = counted.counts.iter().map(|count| count.count).sum();
                    let live = i64::try_from(sees.len()).unwrap();
                    assert_eq!((sum, counted.total_size), (live, live), "{}", caller.email);
                }
                (Err(refusal), None) => assert_eq!(refusal.code(), Code::PermissionDenied),
                (other, _) => panic!("{}: {group_by}: {other:?}", caller.email),
            }
        }
    }))
    .await;
}

/// Every order and status, walked, with all that a partner may come with.
pub(super) async fn list(world: &World) {
    let live = "SELECT id::text AS line FROM partners WHERE is_active IS TRUE AND is_deleted IS FALSE ORDER BY id";
    let live = lines(&world.pool, live).await;
    let live: Vec<i32> = live.iter().map(|id| id.parse().unwrap()).collect();
    let pairs = (1..=3).flat_map(|field| [(field, 1), (field, 2)]);
    for (field, direction) in [(0, 0)].into_iter().chain(pairs) {
        let request = ListPartnersRequest {
            order: Some(PartnerOrder { field, direction }),
            page_size: 2,
            include_total_size: true,
            include_counts: true,
            include_branches: true,
            ..ListPartnersRequest::default()
        };
        for caller in &world.callers {
            match walk(world, caller, request.clone()).await {
                Some(mut walked) => {
                    walked.sort_unstable();
                    assert_eq!(walked, live, "{}: {field} {direction}", caller.email);
                }
                None => assert!(caller.partner.is_some() || caller.sees.is_none()),
            }
        }
    }
}

/// The ids on all pages; `None` if the caller may not list partners.
async fn walk(
    world: &World,
    caller: &Caller,
    mut request: ListPartnersRequest,
) -> Option<Vec<i32>> {
    let mut client = PartnersServiceClient::new(world.services.channel.clone());
    let walked = all_pages(async |page_token| {
        request.page_token = page_token;
        let message = with_token(request.clone(), &caller.tokens.access_token);
        let page = client.list_partners(message).await?.into_inner();
        let ids = page.partners.iter().map(|partner| partner.partner_id);
        Ok::<_, Status>((ids.collect(), page.next_page_token))
    });
    let walked = match walked.await {
        Ok(walked) => walked,
        Err(refusal) => {
            assert_eq!(refusal.code(), Code::PermissionDenied, "{refusal:?}");
            return None;
        }
    };
    request.page_token.clear();
    request.filter = Some(PartnerFilter {
        statuses: vec![1, 2, 3],
        category_ids: (1..=8).collect(),
        name: "ن".to_owned(),
    });
    let message = with_token(request, &caller.tokens.access_token);
    client.list_partners(message).await.unwrap();
    Some(walked)
}
