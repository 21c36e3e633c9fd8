use super::{Proxy, World, configuration, forged, listens};
use testing::auth::SERVICE_TOKEN;

async fn start(world: &World, service_token: &str) -> Proxy {
    let folder = world
        .folder
        .path()
        .join(format!("nginx-{}", service_token.len()));
    std::fs::create_dir(&folder).unwrap();
    let servers: Vec<_> = world
        .replicas
        .iter()
        .map(|it| format!("server {};", it.address()))
        .collect();
    let socket = folder.join("socket");
    let replaced = [
        ("server auth-service-internal:50052;", servers.join(" ")),
        (
            "server reports:8000;",
            format!("server {};", world.reports.address),
        ),
        ("listen 8080;", format!("listen unix:{};", socket.display())),
    ];
    let token = format!("proxy_set_header X-Ticketing-Service-Token \"{service_token}\";");
    std::fs::write(folder.join("service-token.conf"), token).unwrap();
    let program = testing::nginx::start(&folder, &configuration("nginx.conf", &replaced));
    listens(&socket, &folder.join("log")).await;
    Proxy {
        socket,
        _program: program,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_passes_a_request_on_only_as_auth_service_says() {
    let world = World::start().await;
    let nginx = start(&world, SERVICE_TOKEN).await;
    super::requests_pass_as_auth_service_says(&world, &nginx).await;
    forged::nobody_pretends_to_be_another(&world, &nginx).await;
    super::no_answer_is_never_yes(&world, &nginx).await;

    let staff = world.pair.log_in(testing::pair::STAFF).await;
    // nginx drops it, so that it cannot be taken for x-ticketing-user-id
    let underscores = [super::bearer(&staff), "x_ticketing_user_id: 1".to_owned()];
    let answer = nginx
        .get("/reports/x", &underscores.each_ref().map(String::as_str))
        .await;
    assert!(!answer.body.contains("x_ticketing"), "{answer:?}");
    assert_eq!(nginx.get_as("/authorize/reports", &staff).await.status, 404);

    let passed = world.reports.count();
    let stranger = start(&world, "wrong").await;
    assert_eq!(stranger.get_as("/reports/x", &staff).await.status, 503);
    assert_eq!(stranger.get("/reports/x", &[]).await.status, 503);
    assert_eq!(world.reports.count(), passed);
}
