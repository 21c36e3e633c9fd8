//! The pair as it is served, with sessions as a caller has them: requests-service and
//! auth-service, each on its ports.

use contract::deadline::Limits;
use proto::auth::v1::RevokeSessionRequest;
use requests_service::config::Config;
use testing::{
    Kind,
    auth::Auth,
    http2,
    metrics::scrape,
    pair::{PARTNER_USER, Pair, STAFF, to_reach},
    proxy::TcpProxy,
    refusals::reason,
};
use tonic::Code;

testing::on_both_databases! {
    async fn log_in_list_log_out_and_be_refused(kind: Kind) {
        let pair = Pair::start(kind).await;
        let staff = pair.log_in(STAFF).await;
        assert_eq!(pair.list_ids(&staff).await, [2, 1]);

        let token = pair.log_in(PARTNER_USER).await;
        assert_eq!(pair.list_ids(&token).await, [1]);
        let log_out = RevokeSessionRequest {
            token: token.clone(),
        };
        pair.auth.client().revoke_session(log_out).await.unwrap();
        let refusal = pair.list(&token).await.unwrap_err();
        assert_eq!(refusal.code(), Code::Unauthenticated);
        assert_eq!(reason(&refusal), "SESSION_ENDED");

        let again = pair.log_in(PARTNER_USER).await;
        assert_eq!(pair.list_ids(&again).await, [1]);
        // the other session is another one
        assert_eq!(pair.list_ids(&staff).await, [2, 1]);
    }

    async fn a_partner_user_without_a_partner_is_refused(kind: Kind) {
        let pair = Pair::start(kind).await;
        let token = pair.log_in("nobody@example.com").await;
        let refusal = pair.list(&token).await.unwrap_err();
        assert_eq!(refusal.code(), Code::PermissionDenied);
        assert_eq!(reason(&refusal), "PARTNER_NOT_ASSIGNED");
    }

    async fn metrics_are_for_the_cluster_alone(kind: Kind) {
        let pair = Pair::start(kind).await;
        let ours = scrape(pair.ops).await;
        let version = env!("CARGO_PKG_VERSION");
        let build = format!("ticketing_requests_build_info{{version=\"{version}\"}}");
        assert_eq!(ours.value(&build), Some(1.0), "{ours:?}");
        assert!(!ours.body.contains("ticketing_auth"), "a registry for each service: {ours:?}");
        let nothing = scrape(pair.public).await;
        assert!(!format!("{nothing:?}").contains("ticketing_requests"), "{nothing:?}");
        assert_eq!(http2::get(pair.public, "/metrics").await.status(), 405);
    }

    async fn a_user_that_moves_to_another_partner_sees_that_ones_at_once(kind: Kind) {
        let pair = Pair::start(kind).await;
        let token = pair.log_in(PARTNER_USER).await;
        assert_eq!(pair.list_ids(&token).await, [1]);
        let moved = format!("UPDATE users SET partner_id = 2 WHERE email = '{PARTNER_USER}'");
        pair.auth.database.execute(&moved).await;
        assert_eq!(pair.list_ids(&token).await, [2]);
    }

    async fn auth_service_away_or_silent_is_unavailable_until_it_is_back(kind: Kind) {
        let auth = Auth::start(kind).await;
        let proxy = TcpProxy::start(auth.replica.internal);
        let flags = to_reach(&auth, proxy.address());
        let in_production = |config: &mut Config| config.limits = Limits::default();
        let pair = Pair::configured(auth, &flags, None, in_production).await;
        let token = pair.log_in(STAFF).await;
        pair.is_served(&token).await;
        for silent in [false, true] {
            if silent {
                proxy.hang().await;
            } else {
                proxy.cut().await;
            }
            let refusal = pair.list(&token).await.unwrap_err();
            // who waits to the end says so by another code
            assert_eq!(refusal.code(), Code::Unavailable, "{refusal:?}");
            assert_eq!(reason(&refusal), "VALIDATION_UNAVAILABLE");
            proxy.restore().await;
            pair.is_served(&token).await;
        }
    }
}
