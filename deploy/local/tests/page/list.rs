//! The list of requests.

use crate::{
    browser::Browser,
    two_languages::{Language, in_both_languages},
    world::{Demo, PARTNER},
};
use serde_json::{Value, json};
use thirtyfour::Key;

/// What the service lists, by the page's own calls.
async fn numbers(browser: &Browser, message: &Value) -> Vec<String> {
    let expression = format!(
        "{{ const {{ listRequests }} = await import('/web/api.js'); \
         const {{ partnerRequests = [] }} = await listRequests({message}); \
         return partnerRequests.map((request) => request.number); }}"
    );
    serde_json::from_value(browser.promised(&expression).await).unwrap()
}

async fn lists(browser: &Browser, wanted: &[String]) {
    browser
        .waits_for(wanted, async || browser.rows().await == wanted)
        .await;
}

in_both_languages! {
    async fn twenty_rows_newest_first_and_pages_that_turn(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        let all = numbers(&browser, &json!({ "pageSize": 60 })).await;
        assert_eq!(all.len(), 60);
        let pages: Vec<_> = all.chunks(20).collect();
        lists(&browser, pages[0]).await;
        browser.is_on_page(1).await;
        browser.press("button", "list.next").await;
        lists(&browser, pages[1]).await;
        browser.is_on_page(2).await;
        let second = browser.path().await;
        assert!(second.starts_with("/partner/requests?page=2&after="), "{second}");
        browser.press("button", "list.next").await;
        lists(&browser, pages[2]).await;
        let third = browser.path().await;
        browser.press("button", "list.previous").await;
        lists(&browser, pages[1]).await;
        assert_eq!(browser.path().await, second);

        // the browser's own ways
        browser.driver.back().await.unwrap();
        lists(&browser, pages[2]).await;
        browser.driver.back().await.unwrap();
        lists(&browser, pages[1]).await;
        browser.driver.forward().await.unwrap();
        lists(&browser, pages[2]).await;
        browser.driver.refresh().await.unwrap();
        lists(&browser, pages[2]).await;

        // a copied link, which knows nothing of the pages before
        let other = demo.browser_of(language, PARTNER).await;
        other.go(&third).await;
        lists(&other, pages[2]).await;
        other.press("button", "list.previous").await;
        lists(&other, pages[1]).await;
        other.press("button", "list.previous").await;
        lists(&other, pages[0]).await;
        let previous = other.element("button", "list.previous").await;
        assert!(!previous.is_enabled().await.unwrap());
        other.quit().await;
        browser.quit().await;
    }

    async fn filters_and_order_stand_in_the_address(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        let list = async |filter: Value| numbers(&browser, &json!({ "filter": filter })).await;

        browser.press("checkbox", "statuses.CONFIRMED").await;
        let confirmed = list(json!({ "statuses": ["PARTNER_REQUEST_STATUS_CONFIRMED"] })).await;
        assert!(!confirmed.is_empty());
        lists(&browser, &confirmed).await;
        browser.is_at("/partner/requests?status=confirmed").await;
        browser.press("checkbox", "statuses.IN_PROGRESS").await;
        let both = json!(["PARTNER_REQUEST_STATUS_CONFIRMED", "PARTNER_REQUEST_STATUS_IN_PROGRESS"]);
        let both = list(json!({ "statuses": both })).await;
        lists(&browser, &both).await;
        browser.driver.back().await.unwrap();
        lists(&browser, &confirmed).await;
        browser.driver.refresh().await.unwrap();
        lists(&browser, &confirmed).await;
        assert!(browser.element("checkbox", "statuses.CONFIRMED").await.is_selected().await.unwrap());
        browser.press("link", "filters.clear").await;
        browser.is_at("/partner/requests").await;

        browser.write("searchbox", "filters.text", "sara").await;
        let sara = list(json!({ "text": "Sara" })).await;
        assert!(!sara.is_empty());
        lists(&browser, &sara).await;
        browser.is_at("/partner/requests?q=sara").await;
        browser.write("searchbox", "filters.text", "no such customer").await;
        browser.shows(&browser.word("list.none").await).await;
        browser.press("link", "filters.clear").await;

        browser.element("searchbox", "filters.text").await;
        browser.evaluate("document.querySelector('summary').click()").await;
        let arabic = language == Language::Arabic;
        browser.choose("filters.category", if arabic { "سباكة" } else { "Plumbing" }).await;
        let plumbing = list(json!({ "categoryIds": [3] })).await;
        lists(&browser, &plumbing).await;
        browser.choose("filters.branch", "Riyadh South").await;
        let south = list(json!({ "categoryIds": [3], "branchIds": [2] })).await;
        assert_ne!(south, plumbing);
        lists(&browser, &south).await;
        browser.is_at("/partner/requests?category=3&branch=2").await;
        browser.choose("filters.order", &browser.word("filters.orders.created-asc").await).await;
        let order = json!({
            "filter": { "categoryIds": [3], "branchIds": [2] },
            "order": { "field": "PARTNER_REQUEST_ORDER_FIELD_CREATE_TIME", "direction": "ORDER_DIRECTION_ASCENDING" },
        });
        let oldest = numbers(&browser, &order).await;
        assert_ne!(oldest, south);
        lists(&browser, &oldest).await;

        // days, as they are here
        browser.go("/partner/requests?from=2026-01-02&to=2026-01-01").await;
        browser.shows(&browser.word("fields/filter.submit_time.end_time/").await).await;
        let day = async |ago: u32| {
            let day = format!("new Date(Date.now() - {ago} * 86_400_000).toISOString().slice(0, 10)");
            browser.evaluate(&day).await.as_str().unwrap().to_owned()
        };
        // the requests of four days are on one page
        let (from, to) = (day(33).await, day(30).await);
        browser.go(&format!("/partner/requests?from={from}&to={to}")).await;
        let range = format!(
            "{{ const {{ listRequests }} = await import('/web/api.js'); \
             const {{ partnerRequests }} = await listRequests({{ filter: {{ submitTime: {{ \
             startTime: new Date('{from}T00:00:00').toISOString(), \
             endTime: new Date('{to}T23:59:59.999').toISOString() }} }} }}); \
             return partnerRequests.map((request) => request.number); }}"
        );
        let range: Vec<String> = serde_json::from_value(browser.promised(&range).await).unwrap();
        assert!(!range.is_empty() && range.len() < 20);
        lists(&browser, &range).await;
        browser.quit_after(&["400"]).await;
    }

    async fn the_list_asks_anew_and_keeps_its_place_and_what_is_typed(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        browser.hurry().await;
        browser.go("/partner/requests?status=assigned").await;
        let waiting = browser.rows().await;
        assert!(waiting.len() > 2, "{waiting:?}");
        let second = browser.named_element("link", &waiting[1]).await;
        second.focus().await.unwrap();
        browser.evaluate("globalThis.row = document.activeElement.closest('tr')").await;
        browser.evaluate("scrollTo(0, 150)").await;

        let colleague = demo.browser_of(language, PARTNER).await;
        colleague.press_named("link", &waiting[0]).await;
        colleague.press("button", "changes.PARTNER_REQUEST_CHANGE_CONFIRM").await;
        colleague.shows(&colleague.word("statuses.CONFIRMED").await).await;
        colleague.quit().await;

        lists(&browser, &waiting[1..]).await;
        let kept = "row.isConnected && document.activeElement.closest('tr') === row && scrollY === 150";
        assert_eq!(browser.evaluate(kept).await, true);
        let count = browser.number(u32::try_from(waiting.len() - 1).unwrap()).await;
        let waits = browser.say("list.waiting", json!([waiting.len() - 1, count])).await;
        browser.shows(&waits).await;
        browser.quit().await;
    }

    async fn the_sla_is_counted_down_and_warns_at_ten_and_at_five_minutes(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        // the page's clock, which the test moves
        browser.prepare("const real = Date.now; globalThis.shift = 0; Date.now = () => real() + shift;").await;
        browser.go("/partner/requests?status=assigned&order=assigned").await;
        let deadline = "{ const { listRequests } = await import('/web/api.js'); \
            const { partnerRequests } = await listRequests({ filter: { statuses: ['PARTNER_REQUEST_STATUS_ASSIGNED'] } }); \
            globalThis.ends = Math.max(...partnerRequests.map((each) => Date.parse(each.slaDeadline))); return ends; }";
        browser.promised(deadline).await;
        for (left, reached) in [(599, "soon"), (299, "urgent"), (-1, "over")] {
            browser.evaluate(&format!("globalThis.shift = ends - Date.now() + globalThis.shift - {left} * 1000")).await;
            browser.until(reached, &format!("document.querySelector('.left.{reached}') !== null")).await;
            let told = browser.word(&format!("sla.reached.{reached}")).await;
            let heard = format!("document.getElementById('announcements').textContent.includes({})", json!(told));
            browser.until(&told, &heard).await;
        }
        browser.quit().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_hidden_asks_nothing() {
    let demo = Demo::start();
    let browser = demo.browser_of(Language::English, PARTNER).await;
    browser.hurry().await;
    browser
        .prepare(
            "globalThis.isHidden = false; globalThis.calls = 0; \
             const real = globalThis.fetch; \
             globalThis.fetch = (...all) => { calls += 1; return real(...all); }; \
             Object.defineProperty(document, 'hidden', { get: () => isHidden }); \
             globalThis.turn = (hidden) => { isHidden = hidden; \
             document.dispatchEvent(new Event('visibilitychange')); };",
        )
        .await;
    browser.go("/partner/requests").await;
    browser.until("asked anew", "calls > 4").await;
    // six periods pass
    let periods = "{ turn(true); const before = calls; \
        await new Promise((done) => { setTimeout(done, 2_000); }); return calls - before; }";
    assert_eq!(browser.promised(periods).await, 0);
    let before = browser.evaluate("calls").await;
    browser.evaluate("turn(false)").await;
    browser
        .until("asked again", &format!("calls > {before}"))
        .await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_address_has_no_meaning_for_is_left_out() {
    let demo = Demo::start();
    let browser = demo.browser_of(Language::English, PARTNER).await;
    let first = browser.rows().await;
    browser
        .go("/partner/requests?status=nonsense&category=x&from=soon&order=size&page=7&partner=2")
        .await;
    lists(&browser, &first).await;
    // a page that is no page: the first one, and the address says so
    browser.go("/partner/requests?page=2&after=nonsense").await;
    browser.is_at("/partner/requests").await;
    lists(&browser, &first).await;
    // the keyboard alone turns the page
    let next = browser.element("button", "list.next").await;
    next.send_keys(Key::Enter + "").await.unwrap();
    browser.is_on_page(2).await;
    browser.quit_after(&["400"]).await;
}
