//! Headers by which a client pretends to be somebody.

use super::{Proxy, World, bearer};
use std::collections::BTreeMap;

/// Each user as the service behind a proxy would take it from a client.
const FORGED: &[&[&str]] = &[
    &["x-ticketing-user-id: 99"],
    &["x-ticketing-user-id: 99", "x-ticketing-user-id: 98"],
    &["X-TICKETING-User-Id: 1", "X-Ticketing-User-Type: admin"],
    &[
        "x-ticketing-partner-id: 2",
        "x-ticketing-permissions: request_manage,request_view",
    ],
    &["x-ticketing-session-id: 1", "x-ticketing-role: admin"],
    &["x-ticketing-service-token: anything"],
    &["connection: x-ticketing-user-id, x-ticketing-user-type"],
];

/// The service behind a proxy gets the same user, whatever the client has added.
pub(super) async fn nobody_pretends_to_be_another(world: &World, proxy: &Proxy) {
    let staff = bearer(&world.pair.log_in(testing::pair::STAFF).await);
    let identity = async |headers: &[&str]| {
        let answer = proxy.get("/reports/x", headers).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let headers = answer.json()["headers"].as_object().unwrap().clone();
        let ours = headers
            .into_iter()
            .filter(|(name, _)| name.replace('_', "-").starts_with("x-ticketing-"));
        ours.collect::<BTreeMap<_, _>>()
    };
    let honest = identity(&[&staff]).await;
    assert_eq!(honest.len(), 5, "{honest:?}");
    for forged in FORGED {
        let headers = [&[staff.as_str()], *forged].concat();
        assert_eq!(identity(&headers).await, honest, "{forged:?}");
    }
    // without a token they are worth nothing
    let passed = world.reports.count();
    for forged in FORGED {
        assert_eq!(
            proxy.get("/reports/x", forged).await.status,
            401,
            "{forged:?}"
        );
    }
    assert_eq!(world.reports.count(), passed);
}
