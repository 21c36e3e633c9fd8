//! One request, and its changes.

use crate::{
    browser::Browser,
    two_languages::{Language, in_both_languages},
    world::{Demo, OTHER_PARTNER, PARTNER},
};
use serde_json::json;

/// Opens the newest request of a status, and gives its number.
async fn open_newest(browser: &Browser, status: &str) -> String {
    browser
        .go(&format!("/partner/requests?status={status}"))
        .await;
    browser
        .until("rows", "document.querySelector('tbody a') !== null")
        .await;
    let number = browser.rows().await.remove(0);
    browser.press_named("link", &number).await;
    browser.named_element("heading", &number).await;
    number
}

async fn change(browser: &Browser, change: &str, status: &str) {
    browser
        .press(
            "button",
            &format!("changes.PARTNER_REQUEST_CHANGE_{change}"),
        )
        .await;
    let status = browser.word(&format!("statuses.{status}")).await;
    let shown = format!(
        "document.querySelector('.request-head .badge').textContent === {} \
         && document.querySelector('.timeline .badge').textContent === {}",
        json!(status),
        json!(status)
    );
    browser.until(&status, &shown).await;
    let told = browser.say("changed", json!([status])).await;
    let heard = format!(
        "document.getElementById('announcements').textContent === {}",
        json!(told)
    );
    browser.until(&told, &heard).await;
}

in_both_languages! {
    async fn a_request_is_worked_off_and_back(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        open_newest(&browser, "assigned").await;
        browser.element("heading", "detail.timeline").await;
        for (kind, status) in [
            ("CONFIRM", "CONFIRMED"),
            ("START", "IN_PROGRESS"),
            ("STEP_BACK", "CONFIRMED"),
            ("START", "IN_PROGRESS"),
            ("COMPLETE", "COMPLETED"),
            ("REOPEN", "IN_PROGRESS"),
        ] {
            change(&browser, kind, status).await;
        }
        // one entry of the timeline for each, and those of before
        let entries = browser.evaluate("document.querySelectorAll('.timeline li').length").await;
        assert!(entries.as_i64().unwrap() >= 8, "{entries}");
        browser.press("link", "detail.back").await;
        browser.is_at("/partner/requests?status=assigned").await;
        browser.quit().await;
    }

    async fn a_rejection_needs_a_reason_which_is_kept_while_it_is_typed(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        browser.hurry().await;
        let number = open_newest(&browser, "assigned").await;
        browser.press("button", "changes.PARTNER_REQUEST_CHANGE_REJECT").await;
        browser.write("textbox", "reject.reason", "too short").await;
        browser.press("button", "reject.submit").await;
        browser.shows(&browser.word("fields.reason.at least").await).await;
        browser.write("textbox", "reject.reason", "no car is fr").await;
        let calls = "performance.getEntriesByType('resource')\
            .filter((each) => each.name.includes('GetPartnerRequest')).length";
        let before = browser.evaluate(calls).await;
        browser.until("asked anew", &format!("{calls} > {before} + 2")).await;
        let kept = "document.activeElement.value === 'no car is fr'";
        assert_eq!(browser.evaluate(kept).await, true);
        browser.write("textbox", "reject.reason", "no car is free today").await;
        browser.press("button", "reject.submit").await;
        browser.is_at("/partner/requests?status=assigned").await;
        browser.waits_for("it is gone", async || !browser.rows().await.contains(&number)).await;
        browser.quit().await;
    }

    async fn somebody_who_was_faster_is_told_of_and_other_partners_are_strangers(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        let colleague = demo.browser_of(language, PARTNER).await;
        let stranger = demo.browser_of(language, OTHER_PARTNER).await;
        open_newest(&browser, "assigned").await;
        let path = browser.path().await;
        colleague.go(&path).await;
        change(&colleague, "CONFIRM", "CONFIRMED").await;
        browser.press("button", "changes.PARTNER_REQUEST_CHANGE_CONFIRM").await;
        let faster = [
            browser.word("reasons.ETAG_MISMATCH").await,
            browser.word("reasons.STATUS_REACHED").await,
        ];
        let told = format!(
            "{}.some((text) => document.body.innerText.includes(text))",
            json!(faster)
        );
        browser.until("told", &told).await;
        // what may be done now is there to be done
        change(&browser, "START", "IN_PROGRESS").await;

        stranger.go(&path).await;
        stranger.shows(&stranger.word("reasons.PARTNER_REQUEST_NOT_FOUND").await).await;
        stranger.quit_after(&["404"]).await;
        colleague.quit().await;
        browser.quit_after(&["409"]).await;
    }
}
