//! Both gateways serve the page: that of `cargo run`, and nginx as `deploy/web` sets it up.

use crate::{
    browser::Browser,
    two_languages::Language,
    world::{Demo, PARTNER},
};
use serde_json::Value;
use std::{net::SocketAddr, path::Path};
use testing::{port_that_stays_free, program::Program, tools};

/// nginx, with the template filled in as its image fills it in.
async fn nginx(demo: &Demo, folder: &Path) -> (SocketAddr, Program) {
    let web = tools::workspace().join("deploy/web");
    let template = std::fs::read_to_string(web.join("nginx.conf.template")).unwrap();
    std::os::unix::fs::symlink(&web, folder.join("web")).unwrap();
    let port = port_that_stays_free();
    let at = folder.display().to_string();
    let server = [
        ("listen 8080;", format!("listen 127.0.0.1:{port};")),
        ("root /srv;", format!("root {at};")),
        ("${NGINX_LOCAL_RESOLVERS}", "127.0.0.1".to_owned()),
        (
            "${TICKETING_AUTH}",
            format!("http://{}", demo.running.auth()),
        ),
        (
            "${TICKETING_REQUESTS}",
            format!("http://{}", demo.running.requests()),
        ),
    ]
    .iter()
    .fold(template, |text, (name, value)| {
        assert!(text.contains(name), "{name}");
        text.replace(name, value)
    });
    let config = format!(
        "events {{}} http {{ default_type application/octet-stream; types {{ \
         text/html html; text/css css; application/javascript js; }} {server} }}"
    );
    let program = testing::nginx::start(folder, &config);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    (address, program)
}

/// What a browser is told about the page, and what it is refused.
async fn headers(browser: &Browser) -> Value {
    let asked = "{ const of = async (path, method) => { \
        const { status, headers } = await fetch(path, { method, redirect: 'manual' }); \
        return [status, ...['content-security-policy', 'x-content-type-options', \
        'referrer-policy', 'cache-control'].map((name) => headers.get(name))]; }; \
        return [await of('/partner/requests'), await of('/partner/devices'), await of('/web/app.js')]; }";
    browser.promised(asked).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_serves_the_page_as_cargo_run_does() {
    let demo = Demo::start();
    let folder = tempfile::tempdir().unwrap();
    let (page, _nginx) = nginx(&demo, folder.path()).await;
    let password = local::demo::PASSWORD;
    let english = Language::English;
    let by_nginx = Browser::of_user(&demo.driver, english, page, PARTNER, password).await;
    let by_ours = demo.browser_of(english, PARTNER).await;
    let told = headers(&by_nginx).await;
    assert_eq!(told, headers(&by_ours).await);
    assert!(
        told[0][1]
            .as_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );

    assert_eq!(by_nginx.rows().await, by_ours.rows().await);
    by_nginx.press("button", "list.next").await;
    by_nginx.is_on_page(2).await;
    // both gateways tell the services who calls
    by_nginx.press("link", "menu.devices").await;
    by_nginx
        .until(
            "two",
            "document.querySelectorAll('.devices li').length === 2",
        )
        .await;
    let addresses = "[...document.querySelectorAll('.devices bdi[dir=ltr]')]\
        .every((each) => each.textContent === '127.0.0.1')";
    assert_eq!(by_nginx.evaluate(addresses).await, true);
    by_nginx.quit().await;
    by_ours.quit().await;
}
