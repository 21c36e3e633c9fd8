//! Every RPC of the contract against its access rule, as the descriptors have
//! it: a method that is added is walked, too.

use crate::{
    rows::first_use_is_written,
    served::{Served as _, unauthenticated},
};
use auth_service::app::{AUTH_SERVICE, METHODS, PATHS, VALIDATION_SERVICE};
use contract::access_rules::{AccessRule, AccessRules};
use std::{net::SocketAddr, time::Duration};
use testing::{
    Kind,
    auth::{Auth, SERVICE_TOKEN, as_service, channel, refusal, with_token},
    curl::curl,
};
use tonic::{Code, Request, Status, client::Grpc};
use tonic_prost::ProstCodec;

/// Calls a method by its path, with an empty message.
async fn call(address: SocketAddr, path: &str, request: Request<()>) -> Result<(), Status> {
    let mut client = Grpc::new(channel(address));
    client.ready().await.expect("it listens");
    let path = path.parse().expect("a path");
    let codec = ProstCodec::<(), ()>::default();
    client.unary(request, path, codec).await.map(|_| ())
}

/// Whether the handler was reached: it finds fault with the empty message, or
/// none.
fn is_admitted(answer: &Result<(), Status>) -> bool {
    answer
        .as_ref()
        .map_or_else(|status| status.code() == Code::InvalidArgument, |()| true)
}

testing::on_both_databases! {
    async fn every_call_agrees_with_its_access_rule(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let expired = auth.log_in("sara@example.com").await.tokens.unwrap().access_token;
        auth.clock.advance(Duration::from_mins(16));
        let customer = auth.log_in("sara@example.com").await.tokens.unwrap();
        let services = [(AUTH_SERVICE, auth.replica.public), (VALIDATION_SERVICE, auth.replica.internal)];
        let mut walked = 0;
        for (service, address) in services {
            let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[service]).unwrap();
            let others = if address == auth.replica.internal { METHODS } else { &[] };
            let others = others.iter().map(|(path, rule)| (*path, rule));
            for (path, rule) in rules.iter().chain(others) {
                walked += 1;
                let without = call(address, path, Request::new(())).await;
                let late = call(address, path, with_token((), &expired)).await;
                let by_customer = call(address, path, with_token((), &customer.access_token)).await;
                let by_service = call(address, path, as_service(())).await;
                match rule {
                    AccessRule::Public => {
                        for answer in [without, late, by_customer, by_service] {
                            assert!(is_admitted(&answer), "{path}: {answer:?}");
                        }
                    }
                    AccessRule::Session { permission, user_types } => {
                        assert_eq!(refusal(without), unauthenticated("TOKEN_MISSING"), "{path}");
                        assert_eq!(refusal(late), unauthenticated("TOKEN_EXPIRED"), "{path}");
                        assert_eq!(refusal(by_service), unauthenticated("TOKEN_MALFORMED"), "{path}");
                        // a customer holds no permission
                        let admits = permission.is_none() && user_types.is_empty();
                        assert_eq!(is_admitted(&by_customer), admits, "{path}: {by_customer:?}");
                    }
                    AccessRule::Service => {
                        for answer in [without, late, by_customer] {
                            assert_eq!(refusal(answer), unauthenticated("SERVICE_TOKEN_INVALID"), "{path}");
                        }
                        assert!(is_admitted(&by_service), "{path}: {by_service:?}");
                    }
                    AccessRule::Proxy => unreachable!("{path}: proxies ask by HTTP"),
                }
            }
        }
        assert!(walked >= 7, "{walked}");
    }

    async fn every_path_of_http_agrees_with_its_access_rule(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let customer = auth.log_in("sara@example.com").await.tokens.unwrap().access_token;
        let mut served = 0;
        for (path, rule) in PATHS {
            for address in [auth.replica.public, auth.replica.internal] {
                let url = format!("http://{address}{path}");
                for (bearer, proxy) in [
                    ("", ""), (&customer, ""), (SERVICE_TOKEN, ""), ("", &customer), (&customer, "x"),
                    (&customer, SERVICE_TOKEN), (SERVICE_TOKEN, SERVICE_TOKEN),
                ] {
                    let by_token = format!("authorization: Bearer {bearer}");
                    let by_proxy = format!("x-ticketing-service-token: {proxy}");
                    let credentials = ["--header", &by_token, "--header", &by_proxy, &url];
                    for arguments in [&[][..], &["--data-raw", "token=x"]] {
                        let answer = curl(credentials.iter().chain(arguments)).await;
                        let admits = match rule {
                            AccessRule::Public => true,
                            AccessRule::Service => bearer == SERVICE_TOKEN,
                            AccessRule::Proxy => proxy == SERVICE_TOKEN,
                            AccessRule::Session { .. } => unreachable!("no path asks for a session"),
                        };
                        assert!(admits || answer.status >= 400, "{path} {bearer} {proxy}: {answer:?}");
                        served += u32::from(answer.status == 200);
                    }
                }
            }
        }
        // the keys for whoever asks, introspection for a service, and a request of the customer
        assert_eq!(served, 7 + 2 + 1);
    }

    async fn a_method_is_served_on_its_own_listener_alone(kind: Kind) {
        let auth = Auth::start(kind).await;
        let validate = format!("/{VALIDATION_SERVICE}/ValidateSession");
        let log_in = format!("/{AUTH_SERVICE}/CreateSession");
        let nothing = format!("/{AUTH_SERVICE}/Nothing");
        let replica = &auth.replica;
        for (address, path) in [
            (replica.public, &validate),
            (replica.internal, &log_in),
            (replica.ops, &log_in),
            (replica.ops, &validate),
            (replica.public, &nothing),
        ] {
            let status = call(address, path, as_service(())).await.unwrap_err();
            assert_eq!(status.code(), Code::Unimplemented, "{path}");
        }
    }

    async fn only_a_service_may_ask_whose_call_it_is(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
        let message = || proto::auth::v1::ValidateSessionRequest { access_token: tokens.access_token.clone() };
        let invalid = unauthenticated("SERVICE_TOKEN_INVALID");
        let mut client = auth.internal_client();
        assert_eq!(refusal(client.validate_session(Request::new(message())).await), invalid);
        for wrong in ["x", &SERVICE_TOKEN[..SERVICE_TOKEN.len() - 1], &format!("{SERVICE_TOKEN}x"), &tokens.access_token] {
            assert_eq!(refusal(client.validate_session(with_token(message(), wrong)).await), invalid);
        }
        let mut twice = as_service(message());
        let token = twice.metadata().get("authorization").unwrap().clone();
        twice.metadata_mut().append("authorization", token);
        assert_eq!(refusal(client.validate_session(twice).await), invalid);
        client.validate_session(as_service(message())).await.expect("the service token");
        first_use_is_written(&auth.database).await;
    }

    async fn either_of_two_service_tokens_is_accepted(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
        let next = "the-next-service-token-0123456789abcdef";
        std::fs::write(auth.folder.path().join("token"), format!("{SERVICE_TOKEN}\n{next}\n")).unwrap();
        let rotating = auth.another_replica().await;
        for token in [SERVICE_TOKEN, next] {
            let message = proto::auth::v1::ValidateSessionRequest { access_token: tokens.access_token.clone() };
            let answer = rotating.internal_client().validate_session(with_token(message, token)).await;
            answer.expect("both are accepted while they are exchanged");
        }
    }
}
