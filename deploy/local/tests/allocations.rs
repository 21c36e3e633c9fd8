//! How often memory is allocated for one call. This shows work that a profile of time hides, and is
//! the same on each machine. It is a binary of its own because it counts with a global allocator.

#![allow(clippy::unwrap_used, missing_docs)]

use proto::{auth::v1::ValidateSessionRequest, requests::v1::ListPartnerRequestsRequest};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use testing::{
    Kind,
    auth::{as_service, with_token},
    pair::{PARTNER_USER, Pair},
    rows::{Row, insert},
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations of one validation, by caller and service together. Whoever lowers the number lowers
/// the bound.
const VALIDATION: usize = 126;
/// Allocations of a list of [`ROWS`] requests, by caller and both services together.
const LIST: usize = 1_424;
/// The default size of a page.
const ROWS: i32 = 20;
/// Of many calls, the one with the fewest allocations counts: during the others, a background task
/// ran.
const CALLS: usize = 200;

/// Both in one test, because the allocator counts for all threads.
#[tokio::test]
async fn a_validation_and_a_list_allocate_no_more_than_they_did() {
    // as it is served: a layer that writes lines may cost each span
    server::telemetry::start_logs();
    let pair = Pair::start(Kind::Postgres).await;
    let rows: Vec<_> = (3..=ROWS + 2).map(|id| Row::new(id, Some(1))).collect();
    pair.auth
        .database
        .execute(&insert(Kind::Postgres, &rows))
        .await;
    let token = pair.log_in(PARTNER_USER).await;

    let mut validation = pair.auth.replica.validation_client();
    let mut least = usize::MAX;
    for _ in 0..CALLS {
        let request = as_service(ValidateSessionRequest {
            access_token: token.clone(),
        });
        let region = Region::new(ALLOCATOR);
        let answer = validation.validate_session(request).await;
        least = least.min(allocations(&region));
        let principal = answer.unwrap().into_inner().principal.unwrap();
        assert_eq!(principal.partner_id, Some(1));
    }
    assert!(
        least <= VALIDATION,
        "{least} allocations, {VALIDATION} at most"
    );

    let mut requests = pair.client.clone();
    let mut least = usize::MAX;
    for _ in 0..CALLS {
        let request = with_token(ListPartnerRequestsRequest::default(), &token);
        let region = Region::new(ALLOCATOR);
        let answer = requests.list_partner_requests(request).await;
        least = least.min(allocations(&region));
        let page = answer.unwrap().into_inner().partner_requests;
        assert_eq!(page.len(), usize::try_from(ROWS).unwrap());
    }
    assert!(least <= LIST, "{least} allocations, {LIST} at most");
}

fn allocations(region: &Region<'_, System>) -> usize {
    let counted = region.change();
    counted.allocations + counted.reallocations
}
