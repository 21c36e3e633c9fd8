//! What the platform's staff sees and does besides.

use crate::{
    two_languages::{Language, in_both_languages},
    world::{Demo, OPERATIONS, PARTNER},
};
use serde_json::json;

in_both_languages! {
    async fn staff_filter_by_partner_and_assign_and_close(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, OPERATIONS).await;
        browser.evaluate("document.querySelector('summary').click()").await;
        browser.choose("filters.partner", "Oasis Home Care").await;
        browser.is_at("/partner/requests?partner=2").await;
        let of_oasis = "[...document.querySelectorAll('td[data-column=partner]')]\
            .every((cell) => cell.textContent === 'Oasis Home Care')";
        browser.until("Oasis's alone", of_oasis).await;

        browser.go("/partner/requests?status=submitted").await;
        browser.until("rows", "document.querySelector('tbody a') !== null").await;
        let number = browser.rows().await.remove(0);
        browser.press_named("link", &number).await;
        browser.press("button", "changes.PARTNER_REQUEST_CHANGE_ASSIGN").await;
        browser.press("button", "assign.submit").await;
        browser.shows(&browser.word("assign.noPartner").await).await;
        browser.choose("assign.partner", "Swift Roadside").await;
        browser.choose("assign.branch", "Riyadh North").await;
        browser.press("button", "assign.submit").await;
        let status = browser.word("statuses.ASSIGNED").await;
        let shown = format!(
            "document.querySelector('.request-head .badge').textContent === {}",
            json!(status)
        );
        browser.until(&status, &shown).await;
        // a quarter of an hour to confirm, which is counted down
        browser.until("counted", "document.querySelector('.request-head .left') !== null").await;

        let partner = demo.browser_of(language, PARTNER).await;
        partner.press_named("link", &number).await;
        partner.press("button", "changes.PARTNER_REQUEST_CHANGE_CONFIRM").await;
        partner.press("button", "changes.PARTNER_REQUEST_CHANGE_START").await;
        partner.press("button", "changes.PARTNER_REQUEST_CHANGE_COMPLETE").await;
        partner.element("button", "changes.PARTNER_REQUEST_CHANGE_REOPEN").await;
        partner.quit().await;

        browser.driver.refresh().await.unwrap();
        browser.press("button", "changes.PARTNER_REQUEST_CHANGE_CLOSE").await;
        browser.shows(&browser.word("detail.noActions").await).await;
        browser.quit().await;
    }

    async fn staff_look_partners_up(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, OPERATIONS).await;
        browser.press("link", "menu.partners").await;
        let names = ["Oasis Home Care", "Paused Services", "Swift Roadside"];
        browser.waits_for(names, async || browser.rows().await == names).await;
        browser.shows(&browser.word("partners.statuses.SUSPENDED").await).await;
        browser.write("searchbox", "partners.search", "SWIFT").await;
        browser.waits_for("one", async || browser.rows().await == ["Swift Roadside"]).await;
        browser.is_at("/partner/partners?q=SWIFT").await;
        browser.driver.refresh().await.unwrap();
        browser.waits_for("one", async || browser.rows().await == ["Swift Roadside"]).await;
        browser.press_named("link", "Swift Roadside").await;
        browser.is_at("/partner/requests?partner=1").await;
        browser.quit().await;

        // partners have no such page
        let partner = demo.browser_of(language, PARTNER).await;
        assert!(!partner.has("link", "menu.partners").await);
        partner.go("/partner/partners").await;
        partner.shows(&partner.word("reasons.PERMISSION_MISSING").await).await;
        partner.quit().await;
    }
}
