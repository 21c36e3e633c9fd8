use super::{Proxy, World, bearer, configuration, forged, listens};
use prost::Message as _;
use proto::auth::v1::{CreateSessionRequest, RevokeSessionRequest};
use serde_json::Value;
use std::{net::SocketAddr, process::Stdio};
use testing::{
    auth::{PASSWORD, SERVICE_TOKEN},
    curl::curl,
    http2::framed,
    pair::{PARTNER_USER, STAFF},
    program::Program,
    tools,
};
use tokio::process::Command;

async fn start(world: &World, service_token: &str) -> Proxy {
    let folder = world
        .folder
        .path()
        .join(format!("envoy-{}", service_token.len()));
    std::fs::create_dir(&folder).unwrap();
    let socket = folder.join("socket");
    let at =
        |address: SocketAddr| format!("address: {}, port_value: {}", address.ip(), address.port());
    let internal = "        - endpoint: {address: {socket_address: {address: auth-service-internal, port_value: 50052}}}\n";
    let replicas = world.replicas.iter().map(|replica| {
        internal.replace(
            "address: auth-service-internal, port_value: 50052",
            &at(replica.address()),
        )
    });
    let replaced = [
        (
            "{socket_address: {address: 0.0.0.0, port_value: 8080}}",
            format!("{{pipe: {{path: {}}}}}", socket.display()),
        ),
        (internal, replicas.collect()),
        (
            "address: auth-service, port_value: 50051",
            at(world.pair.auth.replica.public),
        ),
        (
            "address: requests-service, port_value: 50061",
            at(world.pair.public),
        ),
        (
            "address: reports, port_value: 8000",
            at(world.reports.address),
        ),
    ];
    let file = folder.join("envoy.yaml");
    std::fs::write(&file, configuration("envoy.yaml", &replaced)).unwrap();
    let log = folder.join("log");
    let variable = format!("TICKETING_SERVICE_TOKEN={service_token}");
    let envoy = tools::find("envoy").display().to_string();
    let arguments = [
        &variable,
        &envoy,
        "-c",
        &file.display().to_string(),
        "--use-dynamic-base-id",
        "--concurrency",
        "2",
        "--log-level",
        "warning",
    ];
    let program = Program::start("/usr/bin/env".as_ref(), &arguments.map(str::to_owned), &log);
    listens(&socket, &log).await;
    Proxy {
        socket,
        _program: program,
    }
}

/// Lists requests by gRPC through Envoy; what grpcurl prints.
async fn list_by_grpc(envoy: &Proxy, headers: &[&str]) -> Result<Value, String> {
    let mut grpcurl = Command::new(tools::find("grpcurl"));
    grpcurl
        .args(["-plaintext", "-unix", "-authority", "localhost", "-d", "{}"])
        .args([
            "-import-path",
            "proto",
            "-proto",
            "ticketing/requests/v1/partner_requests_service.proto",
        ])
        .args([
            "-import-path",
            "proto",
            "-proto",
            "google/rpc/error_details.proto",
        ])
        .args(headers.iter().flat_map(|header| ["-H", header]))
        .arg(&envoy.socket)
        .arg("ticketing.requests.v1.PartnerRequestsService/ListPartnerRequests")
        .current_dir(tools::workspace())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = grpcurl.output().await.expect("`.ci/test` installs it");
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_passes_a_request_on_only_as_auth_service_says() {
    let world = World::start().await;
    let envoy = start(&world, SERVICE_TOKEN).await;
    let staff = world.pair.log_in(STAFF).await;
    envoy.settles_on(200, "/reports/x", &staff).await;
    super::requests_pass_as_auth_service_says(&world, &envoy).await;
    forged::nobody_pretends_to_be_another(&world, &envoy).await;
    super::no_answer_is_never_yes(&world, &envoy).await;

    let refused = envoy.get("/reports/x", &[]).await;
    let told = (
        401,
        "unauthenticated".to_owned(),
        "TOKEN_MISSING".to_owned(),
    );
    assert_eq!(refused.refusal(), told, "{refused:?}");

    // every spelling of the path has the rule of its route, or none
    let passed = world.reports.count();
    for path in [
        "/catalogue/../reports/x",
        "//reports/x",
        "/./reports/x",
        "/%72eports/x",
        "/reports%2fx",
        "/reports/..%2f",
        "/x",
    ] {
        let answer = envoy.get(path, &[]).await;
        assert!(
            matches!(answer.status, 307 | 400 | 401 | 404),
            "{path}: {answer:?}"
        );
    }
    let underscores = [bearer(&staff), "x_ticketing_user_id: 1".to_owned()];
    let answer = envoy
        .get("/reports/x", &underscores.each_ref().map(String::as_str))
        .await;
    assert_eq!(answer.status, 400, "{answer:?}");

    let stranger = start(&world, "wrong").await;
    assert_eq!(stranger.get_as("/reports/x", &staff).await.status, 503);
    assert_eq!(stranger.get("/reports/x", &[]).await.status, 503);
    assert_eq!(world.reports.count(), passed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_serves_grpc_with_our_reasons_and_grpc_web() {
    let world = World::start().await;
    let envoy = start(&world, SERVICE_TOKEN).await;
    let partner = world.pair.log_in(PARTNER_USER).await;
    envoy.settles_on(200, "/reports/x", &partner).await;
    let list = list_by_grpc(&envoy, &[&bearer(&partner)]).await.unwrap();
    assert_eq!(list["partnerRequests"].as_array().unwrap().len(), 1);
    let refused = list_by_grpc(&envoy, &[]).await.unwrap_err();
    for told in [
        "Code: Unauthenticated",
        "authorization: Bearer",
        "google.rpc.ErrorInfo",
        "TOKEN_MISSING",
    ] {
        assert!(refused.contains(told), "{told}: {refused}");
    }
    world.cut().await;
    let away = list_by_grpc(&envoy, &[&bearer(&partner)])
        .await
        .unwrap_err();
    assert!(away.contains("Code: Unavailable"), "{away}");
    world.restore().await;

    // log-in by gRPC-Web, which Envoy turns into gRPC
    let message = CreateSessionRequest {
        email: PARTNER_USER.to_owned(),
        password: PASSWORD.to_owned(),
        device_info: String::new(),
    };
    let message = framed(0, &message.encode_to_vec());
    let body = world.folder.path().join("log-in");
    std::fs::write(&body, message).unwrap();
    let answer = curl([
        "--unix-socket",
        envoy.socket.to_str().unwrap(),
        "--header",
        "content-type: application/grpc-web+proto",
        "--data-binary",
        &format!("@{}", body.display()),
        "http://localhost/ticketing.auth.v1.AuthService/CreateSession",
    ])
    .await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("grpc-status:0"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_asks_the_replica_that_is_there() {
    let world = World::start().await;
    let envoy = start(&world, SERVICE_TOKEN).await;
    let staff = world.pair.log_in(STAFF).await;
    envoy.settles_on(200, "/reports/x", &staff).await;
    for away in &world.replicas {
        away.cut().await;
        envoy.settles_on(200, "/reports/x", &staff).await;
        away.restore().await;
        envoy.settles_on(200, "/reports/x", &staff).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_alone_is_good_enough_where_the_route_says_so() {
    let world = World::start().await;
    let envoy = start(&world, SERVICE_TOKEN).await;
    let staff = world.pair.log_in(STAFF).await;
    envoy.settles_on(200, "/catalogue/x", &staff).await;
    let answer = envoy
        .get("/catalogue/x", &[&bearer(&staff), "x-ticketing-user-id: 1"])
        .await;
    assert!(
        answer.json()["headers"]["x-ticketing-user-id"].is_null(),
        "{answer:?}"
    );
    for token in ["x", &staff[..staff.len() - 4]] {
        assert_eq!(envoy.get_as("/catalogue/x", token).await.status, 401);
    }
    assert_eq!(envoy.get("/catalogue/x", &[]).await.status, 401);
    let end = RevokeSessionRequest {
        token: staff.clone(),
    };
    world.pair.auth.client().revoke_session(end).await.unwrap();
    assert_eq!(
        envoy.get_as("/reports/x", &staff).await.status,
        401,
        "auth-service is asked"
    );
    assert_eq!(
        envoy.get_as("/catalogue/x", &staff).await.status,
        200,
        "it is not asked"
    );
    // a way around the rule of another route
    let around = envoy.get_as("/catalogue/../reports/x", &staff).await;
    assert_eq!(around.status, 401, "{around:?}");
}
