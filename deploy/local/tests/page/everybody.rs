//! For everybody: by axe-core, on a small screen, in the dark, by keyboard, in words.

use crate::{
    browser::Browser,
    two_languages::{Language, in_both_languages},
    world::{Demo, OPERATIONS, PARTNER},
};
use serde_json::{Value, json};
use testing::tools;
use thirtyfour::Key;

const NARROW: u32 = 400;
const VIEWS: [&str; 5] = [
    "/partner/requests",
    "/partner/requests?status=assigned&category=1",
    "/partner/partners",
    "/partner/devices",
    "/partner/password",
];

/// What axe-core finds that is serious or worse.
async fn serious_faults(browser: &Browser) -> Value {
    let axe = tools::workspace().join("target/tools/clients/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(axe).expect("`.ci/test` installs it");
    // by the debugger, because the page's policy lets no other script in
    let script = json!({ "expression": axe });
    let cdp = browser.driver.cdp();
    cdp.send_raw("Runtime.evaluate", script).await.unwrap();
    let asked = "{ const { violations } = await axe.run(document, { runOnly: \
        ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }); \
        return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)) \
        .map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => html + failureSummary)]); }";
    browser.promised(asked).await
}

async fn show(browser: &Browser, scheme: &str, width: Option<u32>) {
    let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    let cdp = browser.driver.cdp();
    cdp.send_raw("Emulation.setEmulatedMedia", scheme)
        .await
        .unwrap();
    if let Some(width) = width {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": true });
        cdp.send_raw("Emulation.setDeviceMetricsOverride", size)
            .await
            .unwrap();
    }
}

/// It has loaded, and nothing of it leads sideways; axe-core finds nothing.
async fn is_for_everybody(browser: &Browser, view: &str) {
    browser
        .until("loaded", "document.querySelector('.loading') === null")
        .await;
    assert_eq!(
        serious_faults(browser).await,
        json!([]),
        "{view} {:?}",
        browser.language
    );
    let fits = "document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(
        browser.evaluate(fits).await,
        true,
        "{view} {:?}",
        browser.language
    );
}

in_both_languages! {
    async fn axe_core_finds_nothing_serious_in_light_and_dark_wide_and_narrow(language: Language) {
        let demo = Demo::start();
        for (scheme, width) in [("light", None), ("dark", Some(NARROW))] {
            let browser = demo.browser(language, "/partner/log-in").await;
            show(&browser, scheme, width).await;
            browser.press("button", "logIn.submit").await;
            is_for_everybody(&browser, "log-in").await;
            browser.log_in(OPERATIONS, local::demo::PASSWORD).await;
            browser.element("button", "list.next").await;
            for view in VIEWS {
                browser.go(view).await;
                is_for_everybody(&browser, view).await;
            }
            browser.go("/partner/requests?status=unassigned").await;
            browser.until("rows", "document.querySelector('tbody a') !== null").await;
            let number = browser.rows().await.remove(0);
            browser.press_named("link", &number).await;
            browser.press("button", "changes.PARTNER_REQUEST_CHANGE_ASSIGN").await;
            browser.press("button", "assign.submit").await;
            is_for_everybody(&browser, "request").await;
            browser.quit().await;
        }
    }

    async fn the_keyboard_is_enough(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        let press = async |keys: Key| {
            let focused = browser.driver.active_element().await.unwrap();
            focused.send_keys(keys + "").await.unwrap();
        };
        // a view begins at its heading, the page at the way past its head
        let heading = "document.activeElement.tagName === 'H1'";
        browser.go("/partner/requests").await;
        browser.until("the heading", heading).await;
        browser.press("link", "menu.devices").await;
        browser.element("heading", "titles.devices").await;
        browser.until("the heading", heading).await;
        browser.evaluate("document.body.querySelector('.skip').focus()").await;
        press(Key::Enter).await;
        browser.until("past the head", "document.activeElement.id === 'main'").await;

        // from a row to its request, and to its first button
        browser.go("/partner/requests?status=assigned").await;
        browser.until("rows", "document.querySelector('tbody a') !== null").await;
        let number = browser.rows().await.remove(0);
        let row = browser.named_element("link", &number).await;
        row.send_keys(Key::Enter + "").await.unwrap();
        browser.named_element("heading", &number).await;
        let confirm = browser.word("changes.PARTNER_REQUEST_CHANGE_CONFIRM").await;
        press(Key::Tab).await;
        press(Key::Tab).await;
        let focused = format!("document.activeElement.textContent === {}", json!(confirm));
        browser.until("the first button", &focused).await;
        let outline = "getComputedStyle(document.activeElement).outlineStyle !== 'none'";
        assert_eq!(browser.evaluate(outline).await, true, "the focus is seen");
        press(Key::Enter).await;
        browser.element("button", "changes.PARTNER_REQUEST_CHANGE_START").await;
        browser.quit().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_language_is_the_browser_s_until_another_is_chosen() {
    let demo = Demo::start();
    let browser = demo.browser(Language::English, "/partner/log-in").await;
    browser.named_element("heading", "Log in").await;
    browser.press("button", "otherLanguage.name").await;
    browser.named_element("heading", "تسجيل الدخول").await;
    assert_eq!(
        browser.evaluate("document.documentElement.dir").await,
        "rtl"
    );
    assert_eq!(
        browser.evaluate("document.documentElement.lang").await,
        "ar"
    );
    let browser = Browser {
        language: Language::Arabic,
        ..browser
    };
    browser.log_in(PARTNER, local::demo::PASSWORD).await;
    browser.shows("الصفحة ١ ·").await;
    // the year in the digits of the language, by the calendar of the services
    let year = "new Intl.NumberFormat('ar-u-nu-arab', { useGrouping: false }).format(new Date().getFullYear())";
    let year = browser.evaluate(year).await;
    browser.shows(year.as_str().unwrap()).await;
    browser.shows("بانتظار التأكيد").await;
    browser.driver.refresh().await.unwrap();
    browser.named_element("heading", "الطلبات").await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_languages_have_the_same_words() {
    let demo = Demo::start();
    let browser = demo.browser(Language::English, "/partner/log-in").await;
    let missing = "{ const [en, ar] = await Promise.all(['en', 'ar'].map(async (tag) => \
        (await import(`/web/words/${tag}.js`)).default)); \
        const paths = (words, before = '') => Object.entries(words).flatMap(([key, value]) => \
        typeof value === 'object' ? paths(value, `${before}${key}.`) : [`${before}${key} ${typeof value}`]); \
        const [one, other] = [new Set(paths(en)), new Set(paths(ar))]; \
        return [...one.symmetricDifference(other)]; }";
    assert_eq!(browser.promised(missing).await, json!([]));
    browser.quit().await;
}
