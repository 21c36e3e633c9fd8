//! How often memory is allocated for one validation: it tells of work that a profile of time
//! hides, and is the same on each machine. A binary of its own, since it counts by a global
//! allocator.

#![allow(clippy::unwrap_used, missing_docs)]

use proto::auth::v1::ValidateSessionRequest;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use testing::{
    Kind,
    auth::{Auth, as_service},
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations of one validation, by caller and service together. Whoever lowers the number
/// lowers the bound.
const MOST: usize = 124;
/// Of many validations the cheapest counts: beside the others, a task in the background ran.
const VALIDATIONS: usize = 200;

#[tokio::test]
async fn a_validation_allocates_no_more_than_it_did() {
    // as it is served: a layer that writes lines may cost each span
    server::telemetry::start_logs();
    let auth = Auth::start(Kind::Postgres).await;
    auth.add_customer("sara@example.com").await;
    let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
    let mut client = auth.replica.validation_client();
    let mut least = usize::MAX;
    for _ in 0..VALIDATIONS {
        let request = as_service(ValidateSessionRequest {
            access_token: tokens.access_token.clone(),
        });
        let region = Region::new(ALLOCATOR);
        let answer = client.validate_session(request).await;
        let counted = region.change();
        let principal = answer.unwrap().into_inner().principal.unwrap();
        assert_eq!(principal.role, "customer");
        least = least.min(counted.allocations + counted.reallocations);
    }
    assert!(least <= MOST, "{least} allocations, {MOST} at most");
}
