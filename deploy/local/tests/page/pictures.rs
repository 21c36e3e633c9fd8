//! The pictures of README.md. They are written there with `TICKETING_WRITE_SCREENSHOTS=1`.

use crate::{
    browser::Browser,
    two_languages::Language,
    world::{Demo, PARTNER},
};
use serde_json::json;
use std::path::{Path, PathBuf};
use testing::tools;

const VARIABLE: &str = "TICKETING_WRITE_SCREENSHOTS";

async fn picture(browser: &Browser, folder: &Path, name: &str) {
    browser
        .until("loaded", "document.querySelector('.loading') === null")
        .await;
    browser.evaluate("document.activeElement.blur()").await;
    let file = folder.join(format!("{name}-{}.png", browser.language.tag()));
    browser.driver.screenshot(&file).await.unwrap();
    let size = std::fs::metadata(&file).unwrap().len();
    assert!(size > 5_000 && size < 300_000, "{}: {size}", file.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_are_taken_of_each_view() {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder: PathBuf = if std::env::var_os(VARIABLE).is_some() {
        tools::workspace().join("deploy/web/screenshots")
    } else {
        elsewhere.path().to_owned()
    };
    std::fs::create_dir_all(&folder).unwrap();
    let demo = Demo::start();
    for language in Language::BOTH {
        let browser = demo.browser(language, "/partner/log-in").await;
        picture(&browser, &folder, "log-in").await;
        browser.log_in(PARTNER, local::demo::PASSWORD).await;
        browser.element("button", "list.next").await;
        picture(&browser, &folder, "list").await;
        browser.go("/partner/requests?status=assigned").await;
        let number = browser.rows().await.remove(0);
        browser.press_named("link", &number).await;
        browser.named_element("heading", &number).await;
        picture(&browser, &folder, "detail").await;
        browser.press("link", "menu.devices").await;
        browser.element("heading", "titles.devices").await;
        picture(&browser, &folder, "devices").await;
        let size = json!({ "width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": true });
        let cdp = browser.driver.cdp();
        cdp.send_raw("Emulation.setDeviceMetricsOverride", size)
            .await
            .unwrap();
        browser.go("/partner/requests?status=assigned").await;
        browser
            .evaluate("document.querySelector('table').scrollIntoView()")
            .await;
        picture(&browser, &folder, "narrow").await;
        browser.quit().await;
    }
}
