//! The messages in which errors are told, as the contract has them: a client that knows
//! nothing else reads every error.

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage as _};
use prost_types::FileDescriptorSet;
use proto::requests::v1::ListPartnerRequestsRequest;
use std::net::SocketAddr;
use testing::pair::{PARTNER_USER, Pair};
use testing::{
    Kind,
    auth::{channel, with_token},
    tools,
};
use tokio::process::Command;
use tonic::{Status, transport::Channel};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

const FILES: [&str; 2] = ["google/rpc/error_details.proto", "google/rpc/status.proto"];

fn pool() -> DescriptorPool {
    DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).unwrap()
}

fn listeners(pair: &Pair) -> [SocketAddr; 5] {
    let auth = &pair.auth.replica;
    [auth.public, auth.internal, auth.ops, pair.public, pair.ops]
}

/// The files that reflection answers.
async fn reflected(
    client: &mut ServerReflectionClient<Channel>,
    requested: MessageRequest,
) -> Vec<Vec<u8>> {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(requested),
    };
    let answers = client
        .server_reflection_info(tokio_stream::once(request))
        .await;
    let answer = answers
        .unwrap()
        .into_inner()
        .message()
        .await
        .unwrap()
        .unwrap();
    match answer.message_response {
        Some(MessageResponse::FileDescriptorResponse(files)) => files.file_descriptor_proto,
        other => panic!("{other:?}"),
    }
}

/// The details of an error, by the contract alone: each type's name, and its fields.
fn details(pool: &DescriptorPool, status: &Status) -> Vec<(String, DynamicMessage)> {
    let whole = pool
        .get_message_by_name("google.rpc.Status")
        .expect("the contract has it");
    let whole = DynamicMessage::decode(whole, status.details()).unwrap();
    let details = whole.get_field_by_name("details").unwrap().into_owned();
    let details = details.as_list().unwrap().iter().map(|any| {
        let any = any.as_message().unwrap();
        let text = any
            .get_field_by_name("type_url")
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        let name = text
            .strip_prefix("type.googleapis.com/")
            .unwrap()
            .to_owned();
        let bytes = any.get_field_by_name("value").unwrap().into_owned();
        let kind = pool
            .get_message_by_name(&name)
            .unwrap_or_else(|| panic!("no {name}"));
        let detail = DynamicMessage::decode(kind, bytes.as_bytes().unwrap().clone()).unwrap();
        assert_eq!(detail.unknown_fields().count(), 0, "{name}");
        (name, detail)
    });
    details.collect()
}

testing::on_both_databases! {
    async fn a_client_that_has_the_contract_alone_reads_an_errors_details(kind: Kind) {
        let pair = Pair::start(kind).await;
        let token = pair.log_in(PARTNER_USER).await;
        let pool = pool();
        let wrong = ListPartnerRequestsRequest { page_size: -1, ..Default::default() };
        let mut client = pair.client.clone();
        let refused = client.list_partner_requests(with_token(wrong, &token)).await.unwrap_err();
        let details = details(&pool, &refused);
        let names: Vec<_> = details.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["google.rpc.ErrorInfo", "google.rpc.BadRequest"]);
        let reason = details[0].1.get_field_by_name("reason").unwrap();
        assert_eq!(reason.as_str(), Some("FIELD_INVALID"));
        assert_eq!(details[0].1.descriptor().parent_file().name(), FILES[0]);
        assert!(pool.get_message_by_name("google.rpc.RetryInfo").is_some());
    }

    async fn reflection_tells_the_details_of_errors_as_the_contract_has_them(kind: Kind) {
        let pair = Pair::start(kind).await;
        let contract = FileDescriptorSet::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
        let by_name = FILES.map(|file| MessageRequest::FileByFilename(file.to_owned()));
        let symbols = ["ErrorInfo", "BadRequest.FieldViolation", "RetryInfo", "Status"];
        let by_symbol = symbols.map(|name| MessageRequest::FileContainingSymbol(format!("google.rpc.{name}")));
        for server in listeners(&pair) {
            let mut client = ServerReflectionClient::new(channel(server));
            for requested in by_name.iter().chain(&by_symbol) {
                let files = reflected(&mut client, requested.clone()).await;
                let file = prost_types::FileDescriptorProto::decode(files[0].as_slice()).unwrap();
                assert!(FILES.contains(&file.name()), "{requested:?}: {}", file.name());
                assert!(contract.file.contains(&file), "{requested:?}");
            }
            let described = Command::new(tools::find("grpcurl"))
                .args(["-plaintext", &server.to_string(), "describe", "google.rpc.ErrorInfo"])
                .output()
                .await
                .unwrap();
            let text = String::from_utf8(described.stdout).unwrap();
            assert!(described.status.success() && text.contains("message ErrorInfo {"), "{text}");
        }
    }
}
