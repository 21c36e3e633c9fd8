//! The caller's devices and password.

use crate::{
    browser::Browser,
    two_languages::{Language, in_both_languages},
    world::{Demo, PARTNER},
};
use serde_json::json;

async fn devices(browser: &Browser, count: usize) {
    let there = format!("document.querySelectorAll('.devices li').length === {count}");
    browser.until(&format!("{count} devices"), &there).await;
}

in_both_languages! {
    async fn one_device_is_ended_and_then_all_others(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        let mut others = Vec::new();
        for _ in 0..3 {
            others.push(demo.browser_of(language, PARTNER).await);
        }
        browser.press("link", "menu.devices").await;
        devices(&browser, 4).await;
        browser.shows(&browser.word("devices.current").await).await;
        let device = browser.evaluate("document.querySelectorAll('.devices h2')[1].textContent").await;
        assert_eq!(device, "Chromium (Linux)");
        let end = browser.say("devices.endNamed", json!([device])).await;
        browser.press_named("button", &end).await;
        devices(&browser, 3).await;
        browser.press("button", "devices.endOthers").await;
        devices(&browser, 1).await;
        assert!(!browser.has("button", "devices.endOthers").await);

        for other in others {
            other.press("link", "menu.devices").await;
            other.shows(&other.word("ended.SESSION_ENDED").await).await;
            other.quit_after(&["401"]).await;
        }
        browser.quit().await;
    }

    async fn the_password_is_changed_and_other_sessions_end(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        let other = demo.browser_of(language, PARTNER).await;
        browser.press("link", "menu.password").await;
        let fill = async |current: &str, next: &str, again: &str| {
            browser.write("textbox", "password.current", current).await;
            browser.write("textbox", "password.next", next).await;
            browser.write("textbox", "password.again", again).await;
            browser.press("button", "password.submit").await;
        };
        let current = local::demo::PASSWORD;
        for (typed, sentence) in [
            ((current, "a quiet harbour", "a quiet harbor"), "password.different"),
            ((current, "short", "short"), "fields.new_password.at least 8"),
            ((current, "password1", "password1"), "fields.new_password.common"),
            (("not this one", "a quiet harbour", "a quiet harbour"), "reasons.CURRENT_PASSWORD_WRONG"),
        ] {
            fill(typed.0, typed.1, typed.2).await;
            browser.shows(&browser.word(sentence).await).await;
        }
        fill(current, "a quiet harbour", "a quiet harbour").await;
        let count = browser.number(1).await;
        browser.shows(&browser.say("password.done", json!([1, count])).await).await;

        // this session goes on, the other has ended, and the new password logs in
        browser.press("link", "menu.requests").await;
        browser.element("button", "list.next").await;
        other.press("link", "menu.devices").await;
        other.element("button", "logIn.submit").await;
        other.log_in(PARTNER, current).await;
        other.shows(&other.word("reasons.CREDENTIALS_INVALID").await).await;
        other.log_in(PARTNER, "a quiet harbour").await;
        devices(&other, 2).await;
        other.quit_after(&["401"]).await;
        browser.quit_after(&["400", "403"]).await;
    }
}
