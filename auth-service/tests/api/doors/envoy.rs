//! `Authorization/Check`: what Envoy is told.

use super::{bearer, check, told};
use crate::served::{Served as _, unauthenticated};
use envoy_types::{
    ext_authz::v3::pb::{CheckRequest, CheckResponse, HeaderAppendAction, HttpResponse},
    pb::envoy::service::auth::v3::authorization_client::AuthorizationClient,
};
use testing::{
    Kind,
    auth::{Auth, TestUser, channel, refusal, with_token},
};
use tonic::Request;

const SALMA: &str = "salma@example.com";

/// The HTTP status, the headers and the body with which Envoy refuses.
fn denied(answer: &CheckResponse) -> (i32, Vec<(String, String)>, String) {
    let status = answer
        .status
        .as_ref()
        .expect("without one, Envoy lets all pass");
    assert_ne!(status.code, 0);
    let Some(HttpResponse::DeniedResponse(denied)) = &answer.http_response else {
        panic!("{answer:?}");
    };
    let headers = denied
        .headers
        .iter()
        .map(|option| option.header.clone().unwrap());
    let headers = headers.map(|header| (header.key, header.value)).collect();
    (
        denied.status.as_ref().unwrap().code,
        headers,
        denied.body.clone(),
    )
}

fn removed(answer: &CheckResponse) -> Vec<&str> {
    let Some(HttpResponse::OkResponse(passed)) = &answer.http_response else {
        panic!("{answer:?}");
    };
    passed
        .headers_to_remove
        .iter()
        .map(String::as_str)
        .collect()
}

testing::on_both_databases! {
    async fn the_service_behind_envoy_gets_the_user_and_nothing_that_a_client_forged(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SALMA).await;
        let token = auth.log_in(SALMA).await.tokens.unwrap().access_token;
        let principal = auth.validate(&token).await.unwrap().principal.unwrap();
        let internal = channel(auth.replica.internal);
        let bearer = bearer(&token);
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-ticketing-user-id", "1"),
            ("x_ticketing_user_id", "1"),
            ("x-ticketing-partner-id", "1"),
            ("X-Ticketing-Anything", "1"),
            ("x-ticketing-service-token", "1"),
            ("accept", "*/*"),
        ];
        let answer = check(internal.clone(), &headers, &[]).await.unwrap();
        assert_eq!(answer.status.as_ref().unwrap().code, 0);
        assert_eq!(told(&answer, "x-ticketing-user-id"), Some(principal.user_id.to_string()));
        assert_eq!(told(&answer, "x-ticketing-user-type").as_deref(), Some("customer"));
        assert_eq!(told(&answer, "x-ticketing-session-id"), Some(principal.session_id));
        let Some(HttpResponse::OkResponse(passed)) = &answer.http_response else { unreachable!() };
        let overwrite = i32::from(HeaderAppendAction::OverwriteIfExistsOrAdd);
        assert!(passed.headers.iter().all(|header| header.append_action == overwrite));
        // a customer has no partner and no permissions
        assert_eq!(removed(&answer), [
            "X-Ticketing-Anything", "authorization", "x-ticketing-partner-id", "x-ticketing-permissions",
            "x-ticketing-service-token", "x_ticketing_user_id",
        ]);
        let forwards = check(internal.clone(), &headers, &[("forward_authorization", "true")]).await.unwrap();
        assert!(!removed(&forwards).contains(&"authorization"));
        let other = check(internal, &headers, &[("forward_authorization", "yes")]).await.unwrap();
        assert_eq!(denied(&other).0, 403);
    }

    async fn envoy_is_told_to_refuse_with_our_reason(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SALMA).await;
        let token = auth.log_in(SALMA).await.tokens.unwrap().access_token;
        let internal = channel(auth.replica.internal);
        let bearer = bearer(&token);
        let twice = format!("{bearer},{bearer}");
        let good = [("authorization", bearer.as_str())];
        for (headers, extensions, status, reason) in [
            (&[][..], &[][..], 401, "TOKEN_MISSING"),
            (&[("authorization", "Bearer x")], &[], 401, "TOKEN_MALFORMED"),
            (&[("authorization", &twice)], &[], 401, "TOKEN_MALFORMED"),
            (&good, &[("permission", "request_view")], 403, "PERMISSION_MISSING"),
            (&good, &[("user_types", "partner")], 403, "USER_TYPE_NOT_ALLOWED"),
            (&good, &[("user_types", "customers")], 403, "ROUTE_RULE_INVALID"),
            (&good, &[("anything", "x")], 403, "ROUTE_RULE_INVALID"),
        ] {
            let answer = check(internal.clone(), headers, extensions).await.unwrap();
            let (http, head, body) = denied(&answer);
            assert_eq!(http, status, "{reason}");
            let error: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(super::reason(&error), reason);
            let asks = head.iter().any(|(name, value)| name == "www-authenticate" && value == "Bearer");
            assert_eq!(asks, status == 401, "{head:?}");

            // gRPC has the message in place of JSON, and the details in metadata
            let headers = [headers, &[("content-type", "application/grpc+proto")]].concat();
            let answer = check(internal.clone(), &headers, extensions).await.unwrap();
            let (http, head, body) = denied(&answer);
            assert_eq!((http, body.as_str()), (status, error["message"].as_str().unwrap()));
            let has = |name: &str| head.iter().any(|(header, _)| header == name);
            assert!(has("grpc-status-details-bin") && !has("grpc-status") && !has("content-type"), "{head:?}");
        }
        let permission = [("permission", "request_view"), ("user_types", "partner,operation")];
        auth.database.execute("INSERT INTO partners (id, name) VALUES (7, 'seven')").await;
        let partner = TestUser { email: "p@example.com", user_type: "partner", role: "partner", partner_id: Some(7) };
        auth.add_user(partner).await;
        let token = super::bearer(&auth.log_in("p@example.com").await.tokens.unwrap().access_token);
        let answer = check(internal, &[("authorization", &token)], &permission).await.unwrap();
        assert_eq!(told(&answer, "x-ticketing-partner-id").as_deref(), Some("7"));
    }

    async fn only_a_service_may_ask_as_envoy_does(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer(SALMA).await;
        let token = auth.log_in(SALMA).await.tokens.unwrap().access_token;
        let mut client = AuthorizationClient::new(channel(auth.replica.internal));
        let invalid = unauthenticated("SERVICE_TOKEN_INVALID");
        let without = client.check(Request::new(CheckRequest::default())).await;
        assert_eq!(refusal(without), invalid);
        let by_user = client.check(with_token(CheckRequest::default(), &token)).await;
        assert_eq!(refusal(by_user), invalid);
        let answer = check(channel(auth.replica.internal), &[], &[]).await.unwrap();
        assert_eq!(denied(&answer).0, 401, "an empty question is no request");
    }
}
