//! Every RPC of the contract, called by everyone, answers as its access rule
//! says.

use crate::support::reason;
use contract::{
    access_rules::{AccessRule, AccessRules},
    principal::UserType,
};
use proto::requests::v1::{
    GetPartnerRequestRequest, ListPartnerRequestsRequest, get_partner_request_request::Key,
};
use std::time::Duration;
use testing::pair::{PARTNER_USER, Pair, STAFF};
use testing::{
    Kind,
    auth::{TestUser, channel, with_token},
};
use tonic::{
    Code, Request, Status, client::Grpc, codegen::http::uri::PathAndQuery, transport::Channel,
};
use tonic_types::StatusExt as _;

const SERVICES: [&str; 4] = [
    "ticketing.auth.v1.AuthService",
    "ticketing.auth.v1.SessionValidationService",
    "ticketing.requests.v1.PartnerRequestsService",
    "ticketing.requests.v1.PartnersService",
];

/// Calls any RPC with an empty message.
async fn call(channel: Channel, path: &str, request: Request<()>) -> Result<(), Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    let path = PathAndQuery::try_from(path).unwrap();
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    client.unary(request, path, codec).await.map(|_| ())
}

/// Calls an RPC with a message whose first field is the bytes `text`.
async fn call_with_bytes(channel: Channel, path: &'static str, text: &[u8]) -> Result<(), Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<Vec<u8>, ()>::default();
    let request = Request::new(text.to_vec());
    client
        .unary(request, PathAndQuery::from_static(path), codec)
        .await
        .map(|_| ())
}

/// Code and reason of an answer.
fn outcome(answer: Result<(), Status>) -> (Code, String) {
    match answer {
        Ok(()) => (Code::Ok, String::new()),
        Err(status) => (status.code(), reason(&status)),
    }
}

testing::on_both_databases! {
    async fn every_rpc_answers_as_its_access_rule_says(kind: Kind) {
        let pair = Pair::start(kind).await;
        pair.auth.add_customer("walker@example.com").await;
        let customer = pair.log_in("walker@example.com").await;
        let partner = pair.log_in(PARTNER_USER).await;
        let staff = pair.log_in(STAFF).await;
        let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &SERVICES).unwrap();
        assert_eq!(rules.iter().count(), 19, "every RPC of the contract");

        let walk = async |token: Option<&str>, expect: &dyn Fn(&AccessRule, (Code, String))| {
            for (path, rule) in rules.iter() {
                let channel = if path.contains(".requests.") {
                    pair.channel.clone()
                } else if path.contains("SessionValidation") {
                    channel(pair.auth.replica.internal)
                } else {
                    channel(pair.auth.replica.public)
                };
                let request = token.map_or(Request::new(()), |token| with_token((), token));
                expect(rule, outcome(call(channel, path, request).await));
            }
        };
        // an empty message is wrong for most, which says that the call was let in
        let let_in = |(code, _): &(Code, String)| matches!(code, Code::Ok | Code::InvalidArgument);
        let refused = |reason: &str| (Code::Unauthenticated, reason.to_owned());
        let denied = |reason: &str| (Code::PermissionDenied, reason.to_owned());

        walk(None, &|rule, outcome| match rule {
            AccessRule::Public => assert!(let_in(&outcome), "{outcome:?}"),
            AccessRule::Session { .. } => assert_eq!(outcome, refused("TOKEN_MISSING")),
            AccessRule::Service | AccessRule::Proxy => assert_eq!(outcome, refused("SERVICE_TOKEN_INVALID")),
        })
        .await;
        walk(Some(&customer), &|rule, outcome| match rule {
            AccessRule::Public => assert!(let_in(&outcome), "{outcome:?}"),
            AccessRule::Service | AccessRule::Proxy => assert_eq!(outcome, refused("SERVICE_TOKEN_INVALID")),
            AccessRule::Session { user_types, .. } if user_types.is_empty() => {
                assert!(let_in(&outcome), "{outcome:?}");
            }
            AccessRule::Session { user_types, .. } => {
                assert!(!user_types.contains(&UserType::Customer));
                assert_eq!(outcome, denied("USER_TYPE_NOT_ALLOWED"));
            }
        })
        .await;
        let of = |rule: &AccessRule, user_type| match rule {
            AccessRule::Session { user_types, .. } => user_types.is_empty() || user_types.contains(&user_type),
            AccessRule::Public | AccessRule::Service | AccessRule::Proxy => true,
        };
        for (token, user_type) in [(&partner, UserType::Partner), (&staff, UserType::Operation)] {
            walk(Some(token), &|rule, outcome| match rule {
                AccessRule::Service | AccessRule::Proxy => assert_eq!(outcome, refused("SERVICE_TOKEN_INVALID")),
                rule if of(rule, user_type) => assert!(let_in(&outcome), "{outcome:?}"),
                _ => assert_eq!(outcome, (Code::PermissionDenied, "USER_TYPE_NOT_ALLOWED".to_owned())),
            })
            .await;
        }
        pair.auth.clock.advance(Duration::from_mins(16));
        walk(Some(&partner), &|rule, outcome| match rule {
            AccessRule::Public => assert!(let_in(&outcome), "{outcome:?}"),
            AccessRule::Session { .. } => assert_eq!(outcome, refused("TOKEN_EXPIRED")),
            AccessRule::Service | AccessRule::Proxy => assert_eq!(outcome, refused("SERVICE_TOKEN_INVALID")),
        })
        .await;
    }

    async fn every_rpc_names_the_permission_that_its_caller_lacks(kind: Kind) {
        let pair = Pair::start(kind).await;
        let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &SERVICES).unwrap();
        // the role of customers holds no permission
        let visitors = [
            ("visitor@example.com", "admin", UserType::Admin),
            ("guest@example.com", "partner", UserType::Partner),
        ];
        let mut tokens = Vec::new();
        for (email, user_type, known) in visitors {
            pair.auth
                .add_user(TestUser { email, user_type, role: "customer", partner_id: Some(2) })
                .await;
            tokens.push((known, pair.log_in(email).await));
        }
        let mut requested = 0;
        for (path, rule) in rules.iter() {
            let AccessRule::Session { permission: Some(permission), user_types } = rule else {
                continue;
            };
            let of_rule = |(known, _): &&(UserType, String)| user_types.is_empty() || user_types.contains(known);
            let (_, token) = tokens.iter().find(of_rule).expect("a visitor of this type");
            let channel = if path.contains(".requests.") {
                pair.channel.clone()
            } else {
                channel(pair.auth.replica.public)
            };
            let refusal = call(channel, path, with_token((), token)).await.unwrap_err();
            assert_eq!(refusal.code(), Code::PermissionDenied, "{path}");
            assert_eq!(reason(&refusal), "PERMISSION_MISSING", "{path}");
            let details = refusal.get_error_details();
            let metadata = &details.error_info().expect("a reason").metadata;
            assert_eq!(metadata.get("permission"), Some(permission), "{path}");
            requested += 1;
        }
        assert_eq!(requested, 9, "every RPC that asks for a permission");
    }

    async fn a_message_that_cannot_be_decoded_is_the_callers_fault(kind: Kind) {
        let pair = Pair::start(kind).await;
        let log_in = "/ticketing.auth.v1.AuthService/CreateSession";
        let malformed = (Code::InvalidArgument, "MESSAGE_MALFORMED".to_owned());
        let too_large = (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned());
        let megabytes = vec![b'x'; 3_000_000];
        for (text, wrong) in [(&[0xff, 0xfe][..], malformed), (&megabytes, too_large)] {
            let public = channel(pair.auth.replica.public);
            assert_eq!(outcome(call_with_bytes(public, log_in, text).await), wrong);
        }
    }

    async fn another_partners_request_is_in_no_answer(kind: Kind) {
        let pair = Pair::start(kind).await;
        let other = TestUser {
            email: "other@example.com",
            user_type: "partner",
            role: "partner",
            partner_id: Some(2),
        };
        pair.auth.add_user(other).await;
        let other = pair.log_in("other@example.com").await;
        let first = pair.log_in(PARTNER_USER).await;
        let mut client = pair.client.clone();
        let mine = ListPartnerRequestsRequest { page_size: 1, include_total_size: true, ..Default::default() };
        let page = client.list_partner_requests(with_token(mine.clone(), &first)).await.unwrap();
        let number = page.into_inner().partner_requests[0].number.clone();

        let page = client.list_partner_requests(with_token(mine, &other)).await.unwrap().into_inner();
        assert_eq!(page.total_size, Some(1));
        assert_eq!(page.partner_requests[0].partner.as_ref().unwrap().id, 2);
        for key in [Key::RequestId(1), Key::Number(number)] {
            let request = GetPartnerRequestRequest { key: Some(key) };
            let refusal = client.get_partner_request(with_token(request, &other)).await.unwrap_err();
            assert_eq!(refusal.code(), Code::NotFound);
            assert_eq!(reason(&refusal), "PARTNER_REQUEST_NOT_FOUND");
        }
    }
}
