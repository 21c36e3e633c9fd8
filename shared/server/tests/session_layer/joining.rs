//! Rules from the contract, enforced before the handlers.

use crate::third_service;
use client::{
    channel::Target,
    validation::{NoSessions, RemoteValidator, ServiceTokens},
};
use contract::access_rules::{AccessRules, InvalidRules};
use proto::auth::v1::RevokeSessionRequest;
use server::session_layer::SessionLayer;
use testing::{
    Kind,
    auth::{Auth, TestUser, refusal, with_token},
    third::{
        FILE_DESCRIPTOR_SET,
        v1::{GreetRequest, ReportRequest, WhoAmIRequest},
    },
};
use tonic::{Code, client::Grpc, codegen::http::uri::PathAndQuery};

fn remote(auth: &Auth) -> RemoteValidator {
    let tokens = ServiceTokens::open(auth.folder.path().join("token")).unwrap();
    let url = format!("http://{}", auth.replica.internal);
    let target = Target::new(&url.parse().unwrap(), None).unwrap();
    RemoteValidator::new(target, Some(tokens))
}

testing::on_both_databases! {
    async fn a_third_service_asks_by_its_own_rules(kind: Kind) {
        let auth = Auth::start(kind).await;
        let mut third = third_service::start(remote(&auth)).await;
        auth.add_customer("customer@example.com").await;
        for (email, user_type) in [("admin@example.com", "admin"), ("partner@example.com", "partner")] {
            auth.add_user(TestUser { email, user_type, role: "admin", partner_id: None }).await;
        }
        let token = async |email| auth.log_in(email).await.tokens.unwrap().access_token;
        let [customer, admin, partner] =
            [token("customer@example.com").await, token("admin@example.com").await, token("partner@example.com").await];

        third.client.greet(GreetRequest {}).await.expect("public");
        let who = third.client.who_am_i(with_token(WhoAmIRequest {}, &customer)).await.unwrap();
        assert_eq!(who.into_inner().name, "customer@example.com");
        let denied = |reason: &str| (Code::PermissionDenied, reason.to_owned());
        let report = |token| with_token(ReportRequest {}, token);
        third.client.report(report(&admin)).await.expect("an admin with the permission");
        assert_eq!(refusal(third.client.report(report(&customer)).await), denied("USER_TYPE_NOT_ALLOWED"));
        // the role gives it every permission, but it is no admin
        assert_eq!(refusal(third.client.report(report(&partner)).await), denied("USER_TYPE_NOT_ALLOWED"));
        auth.database.execute("UPDATE permissions SET is_active = FALSE WHERE name = 'reports_view'").await;
        assert_eq!(refusal(third.client.report(report(&admin)).await), denied("PERMISSION_MISSING"));

        let refused = |reason: &str| (Code::Unauthenticated, reason.to_owned());
        assert_eq!(refusal(third.client.who_am_i(WhoAmIRequest {}).await), refused("TOKEN_MISSING"));
        let forged = with_token(WhoAmIRequest {}, "a.b.c");
        assert_eq!(refusal(third.client.who_am_i(forged).await), refused("TOKEN_MALFORMED"));
        let long = with_token(WhoAmIRequest {}, &"x".repeat(32_000));
        assert_eq!(refusal(third.client.who_am_i(long).await), refused("TOKEN_TOO_LONG"));
        auth.client().revoke_session(RevokeSessionRequest { token: customer.clone() }).await.unwrap();
        let ended = with_token(WhoAmIRequest {}, &customer);
        assert_eq!(refusal(third.client.who_am_i(ended).await), refused("SESSION_ENDED"));
        auth.clock.advance(std::time::Duration::from_mins(16));
        let expired = with_token(WhoAmIRequest {}, &admin);
        assert_eq!(refusal(third.client.who_am_i(expired).await), refused("TOKEN_EXPIRED"));
    }
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented_without_asking() {
    // nobody listens there
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "x".repeat(32)).unwrap();
    let tokens = ServiceTokens::open(folder.path().join("token")).unwrap();
    let nobody = Target::new(&"http://127.0.0.1:1".parse().unwrap(), None).unwrap();
    let nobody = RemoteValidator::new(nobody, Some(tokens));
    let mut third = third_service::start(nobody).await;
    third.client.greet(GreetRequest {}).await.expect("public");
    let mut raw = Grpc::new(third.channel.clone());
    raw.ready().await.unwrap();
    let path = PathAndQuery::from_static("/third.v1.ThirdService/Nothing");
    let codec = tonic_prost::ProstCodec::<GreetRequest, GreetRequest>::default();
    let status = raw
        .unary(tonic::Request::new(GreetRequest {}), path, codec)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[test]
fn a_service_that_cannot_keep_its_rules_does_not_start() {
    let rules = AccessRules::read(FILE_DESCRIPTOR_SET, &["third.v1.ThirdService"]).unwrap();
    let layer = SessionLayer::new(rules, NoSessions);
    assert!(matches!(layer, Err(InvalidRules::NoValidator(_))));
    let validation = "ticketing.auth.v1.SessionValidationService";
    let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[validation]).unwrap();
    let layer = SessionLayer::new(rules, NoSessions);
    assert!(matches!(layer, Err(InvalidRules::NoServiceCredentials(_))));
}
