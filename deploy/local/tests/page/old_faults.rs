//! What was wrong with the page of the old application.

use crate::{
    two_languages::Language,
    world::{Demo, PARTNER, Served},
};
use serde_json::json;
use std::time::Duration;
use testing::{
    Kind,
    pair::PARTNER_USER,
    rows::{Row, insert},
};

const LIST: &str = "/ticketing.requests.v1.PartnerRequestsService/ListPartnerRequests";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_is_no_500_and_the_page_goes_on() {
    let served = Served::start(Kind::Sqlite).await;
    let browser = served.browser_of(Language::English, PARTNER_USER).await;
    let token = "JSON.parse(localStorage.getItem('ticketing.session')).accessToken";
    let expired = browser.evaluate(token).await;
    served.pair.auth.clock.advance(Duration::from_mins(16));
    let asked = format!(
        "{{ const {{ accessToken }} = JSON.parse(localStorage.getItem('ticketing.session')); \
         const answer = await fetch('{LIST}', {{ method: 'POST', body: '{{}}', headers: \
         {{ 'content-type': 'application/json', authorization: `Bearer ${{accessToken}}` }} }}); \
         return `${{answer.status}} ${{(await answer.json()).details[0].debug.reason}}`; }}"
    );
    assert_eq!(browser.promised(&asked).await, "401 TOKEN_EXPIRED");
    browser.press("link", "menu.devices").await;
    browser.element("heading", "titles.devices").await;
    browser.press("link", "menu.requests").await;
    browser
        .until(
            "a row",
            "document.querySelectorAll('tbody tr').length === 1",
        )
        .await;
    assert_ne!(browser.evaluate(token).await, expired);
    browser.quit_after(&["401"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_the_list_has_twenty_rows_and_not_one() {
    let demo = Demo::start();
    let browser = demo.browser_of(Language::English, PARTNER).await;
    assert_eq!(browser.rows().await.len(), 20);
    // nor does the service answer one where a caller says no size
    let asked = "{ const { listRequests } = await import('/web/api.js'); \
        return (await listRequests({})).partnerRequests.length; }";
    assert_eq!(browser.promised(asked).await, 20);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_filters() {
    let demo = Demo::start();
    let browser = demo.browser_of(Language::English, PARTNER).await;
    let all = browser.rows().await;
    browser.press("checkbox", "statuses.COMPLETED").await;
    browser.is_at("/partner/requests?status=completed").await;
    let completed = "[...document.querySelectorAll('td[data-column=status]')]\
        .every((cell) => cell.textContent === 'Completed')";
    browser.until("completed alone", completed).await;
    assert_ne!(browser.rows().await, all);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pager_is_shown_and_turns_the_page() {
    let demo = Demo::start();
    let browser = demo.browser_of(Language::English, PARTNER).await;
    let first = browser.rows().await;
    browser.press("button", "list.next").await;
    browser.is_on_page(2).await;
    let second = browser.rows().await;
    assert!(second.iter().all(|row| !first.contains(row)), "{second:?}");
    browser.press("button", "list.previous").await;
    browser
        .waits_for("the first page", async || browser.rows().await == first)
        .await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_takes_upper_and_lower_case_for_the_same_and_wildcards_for_themselves() {
    let served = Served::start(Kind::Sqlite).await;
    let named = |id, name: &str| Row {
        customer_name: name.to_owned(),
        ..Row::new(id, Some(1))
    };
    let rows = [
        named(11, "Sara Haddad"),
        named(12, "100% Cars"),
        named(13, "a_b"),
    ];
    let script = insert(Kind::Sqlite, &rows);
    served.pair.auth.database.execute(&script).await;
    let browser = served.browser_of(Language::English, PARTNER_USER).await;
    for (text, found) in [
        ("sARA", &["REQ-20251108-0011"][..]),
        ("100%", &["REQ-20251108-0012"]),
        ("s%d", &[]),
        ("a_b", &["REQ-20251108-0013"]),
        ("s_ra", &[]),
    ] {
        browser.write("searchbox", "filters.text", text).await;
        let shown = format!(
            "new URLSearchParams(location.search).get('q') === {}",
            json!(text)
        );
        browser.until(text, &shown).await;
        browser
            .waits_for((text, found), async || {
                let is_empty = browser
                    .evaluate("!document.querySelector('.none').hidden")
                    .await;
                if found.is_empty() {
                    return is_empty == true;
                }
                is_empty == false && browser.rows().await == found
            })
            .await;
    }
    browser.quit().await;
}
