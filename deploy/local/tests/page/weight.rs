//! What the first view costs.

use crate::{
    two_languages::Language,
    world::{Demo, PARTNER},
};

const MOST_BYTES: i64 = 150_000;
/// Fewer than these.
const REQUESTS: i64 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_view_is_light() {
    let demo = Demo::start();
    for language in Language::BOTH {
        let browser = demo.browser_of(language, PARTNER).await;
        for view in ["/partner/log-in", "/partner/requests"] {
            if view.ends_with("log-in") {
                browser.press("button", "logOut").await;
                browser.element("button", "logIn.submit").await;
            } else {
                browser.log_in(PARTNER, local::demo::PASSWORD).await;
                browser.element("button", "list.next").await;
            }
            let cdp = browser.driver.cdp();
            let nothing = serde_json::json!({});
            cdp.send_raw("Network.clearBrowserCache", nothing)
                .await
                .unwrap();
            browser.go(view).await;
            browser
                .until("loaded", "document.querySelector('.loading') === null")
                .await;
            let cost = "(() => { const all = [...performance.getEntriesByType('navigation'), \
                ...performance.getEntriesByType('resource')]; \
                return [all.length, all.reduce((sum, each) => sum + each.transferSize, 0)]; })()";
            let cost: [i64; 2] = serde_json::from_value(browser.evaluate(cost).await).unwrap();
            let [requests, bytes] = cost;
            println!(
                "{view} in {}: {requests} requests, {bytes} bytes",
                language.tag()
            );
            assert!(requests > 5 && requests < REQUESTS, "{view}: {requests}");
            assert!(bytes > 20_000 && bytes < MOST_BYTES, "{view}: {bytes}");
        }
        browser.quit().await;
    }
}
