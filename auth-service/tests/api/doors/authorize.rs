//! `GET /authorize`: what nginx and Traefik are told.

use super::{HttpAnswer, bearer, by_proxy, call, reason};
use crate::served::Served as _;
use testing::{
    Kind,
    auth::{Auth, SERVICE_TOKEN, TestUser, channel},
};
use tonic::codegen::http::Method;

const SALMA: &str = "salma@example.com";

async fn ask(auth: &Auth, query: &str, headers: &[(&str, &str)]) -> HttpAnswer {
    let path = format!("/authorize{query}");
    let internal = channel(auth.replica.internal);
    call(internal, Method::GET, &path, headers, "")
        .await
        .unwrap()
}

fn refusal((status, _, body): HttpAnswer) -> (u16, String) {
    let error = serde_json::from_slice(&body).unwrap();
    (status, reason(&error).to_owned())
}

async fn with_partner(kind: Kind) -> (Auth, String) {
    let auth = Auth::start(kind).await;
    auth.database
        .execute("INSERT INTO partners (id, name) VALUES (7, 'seven')")
        .await;
    let user = TestUser {
        email: SALMA,
        user_type: "partner",
        role: "partner",
        partner_id: Some(7),
    };
    auth.add_user(user).await;
    let token = auth.log_in(SALMA).await.tokens.unwrap().access_token;
    (auth, token)
}

testing::on_both_databases! {
    async fn a_request_that_may_pass_is_told_with_its_user(kind: Kind) {
        let (auth, token) = with_partner(kind).await;
        let principal = auth.validate(&token).await.unwrap().principal.unwrap();
        let bearer = bearer(&token);
        let headers = [("authorization", bearer.as_str()), by_proxy(SERVICE_TOKEN)];
        let (status, told, body) = ask(&auth, "?permission=request_view&user_types=partner,admin", &headers).await;
        assert_eq!((status, body.len()), (200, 0));
        assert_eq!(told["cache-control"], "no-store");
        for (name, value) in [
            ("user-id", principal.user_id.to_string()),
            ("user-type", "partner".to_owned()),
            ("role", "partner".to_owned()),
            ("partner-id", "7".to_owned()),
            ("permissions", principal.permissions.join(",")),
            ("session-id", principal.session_id),
        ] {
            assert_eq!(told[format!("x-ticketing-{name}")], value, "{name}");
        }
        auth.add_customer("c@example.com").await;
        let customer = auth.log_in("c@example.com").await.tokens.unwrap().access_token;
        let bearer = super::bearer(&customer);
        let headers = [("authorization", bearer.as_str()), by_proxy(SERVICE_TOKEN)];
        let (status, told, _) = ask(&auth, "", &headers).await;
        assert_eq!(status, 200);
        assert!(!told.contains_key("x-ticketing-partner-id"), "a customer has none");
    }

    async fn a_user_without_what_the_route_requires_is_refused(kind: Kind) {
        let (auth, token) = with_partner(kind).await;
        let bearer = bearer(&token);
        let headers = [("authorization", bearer.as_str()), by_proxy(SERVICE_TOKEN)];
        for (query, expected) in [
            ("?permission=nothing", "PERMISSION_MISSING"),
            ("?user_types=admin,customer", "USER_TYPE_NOT_ALLOWED"),
            ("?user_types=nobody", "ROUTE_RULE_INVALID"),
            ("?permision=request_view", "ROUTE_RULE_INVALID"),
        ] {
            let answer = ask(&auth, query, &headers).await;
            assert_eq!(refusal(answer), (403, expected.to_owned()), "{query}");
        }
        for header in [vec![], vec![("authorization", bearer.as_str()); 2], vec![("authorization", "Basic x")]] {
            let headers = [header, vec![by_proxy(SERVICE_TOKEN)]].concat();
            let (status, told, _) = ask(&auth, "", &headers).await;
            assert_eq!((status, told["www-authenticate"].as_bytes()), (401, &b"Bearer"[..]));
        }
    }

    async fn a_proxy_that_is_no_service_gets_no_answer(kind: Kind) {
        let (auth, token) = with_partner(kind).await;
        let (bearer, by_service) = (bearer(&token), bearer(SERVICE_TOKEN));
        let good = ("authorization", bearer.as_str());
        for headers in [
            vec![good],
            vec![good, by_proxy("wrong")],
            vec![good, by_proxy("")],
            vec![good, by_proxy(&token)],
            vec![good, by_proxy(SERVICE_TOKEN), by_proxy(SERVICE_TOKEN)],
            // in the place of the client's token
            vec![("authorization", by_service.as_str())],
        ] {
            let answer = ask(&auth, "", &headers).await;
            let expected = (503, "PROXY_NOT_AUTHENTICATED".to_owned());
            assert_eq!(refusal(answer), expected, "{headers:?}");
        }
        let public = channel(auth.replica.public);
        let headers = [good, by_proxy(SERVICE_TOKEN)];
        let (status, ..) = call(public, Method::GET, "/authorize", &headers, "").await.unwrap();
        assert_ne!(status, 200, "proxies ask on the internal listener");
        let internal = channel(auth.replica.internal);
        let (status, ..) = call(internal, Method::POST, "/authorize", &headers, "").await.unwrap();
        assert_eq!(status, 405);
    }
}
